#include "base/file.h"
#include "node/metrics.h"
#include "tap.h"

/* What Prometheus is told: each number is documented, in the words of the document, and nothing else is documented. */

static struct metrics_times persist;
static struct metrics_reasons refused;
static const struct metrics_peer peers[] = {
    {.name = "south", .connected = true, .votes = true, .rtt_ns = 1500000, .bytes_in = 7},
    {.name = "we\\st\"", .votes = true},
    {.name = "clinic", .connected = true}};
static const struct metrics_member members[] = {{"north", 0, 0}, {"clinic", 3, 1}};

static struct node_metrics sample(void)
{
    struct node_metrics m = {
        .version = "1", .node = "north", .role = "core", .federation_id = "ab", .phase = "collect"};

    m.votes = true;
    m.view_timeout_ns = 1000000000;
    m.phase_deadline_ns = 2500000000;
    m.epoch = 4;
    m.height = m.known_height = 9;
    m.quorum = 2;
    m.validators = 3;
    m.validators_connected = 1;
    m.persist = &persist;
    m.refused = &refused;
    m.peers = peers;
    m.peer_count = 3;
    m.member_list = members;
    m.member_count = 2;
    return m;
}

static bool has_line(const char *text, const char *line)
{
    size_t n = strlen(line);

    for (const char *at = strstr(text, line); at != NULL; at = strstr(at + 1, line)) {
        if ((at == text || at[-1] == '\n') && (at[n] == '\n' || at[n] == '\0'))
            return true;
    }
    return false;
}

static void check_line(struct buf *text, const char *line)
{
    if (!CHECK(has_line(buf_text(text), line)))
        tap_note("%s", line);
}

static void says_the_numbers(void)
{
    struct node_metrics m = sample();
    struct buf text = {0};

    persist = (struct metrics_times){0};
    metrics_observe(&persist, 90000);
    metrics_observe(&persist, 2000000);
    metrics_observe(&persist, INT64_C(5000000000));
    metrics_count(&refused, "a relayed attestation");
    metrics_count(&refused, "a relayed attestation");
    metrics_render(&m, &text);
    check_line(&text, "prismfed_info{version=\"1\",node=\"north\",role=\"core\",federation_id=\"ab\"} 1");
    check_line(&text, "prismfed_phase{phase=\"collect\"} 1");
    check_line(&text, "prismfed_epoch 4");
    check_line(&text, "prismfed_phase_deadline_seconds 2.500000000");
    check_line(&text, "prismfed_peer_connected{peer=\"south\"} 1");
    check_line(&text, "prismfed_peer_connected{peer=\"we\\\\st\\\"\"} 0");
    check_line(&text, "prismfed_peer_rtt_seconds{peer=\"south\"} 0.001500000");
    check_line(&text, "prismfed_site_staleness_epochs{member=\"clinic\"} 3");
    check_line(&text, "prismfed_persist_seconds_bucket{le=\"0.000100\"} 1");
    check_line(&text, "prismfed_persist_seconds_bucket{le=\"0.002500\"} 2");
    check_line(&text, "prismfed_persist_seconds_bucket{le=\"+Inf\"} 3");
    check_line(&text, "prismfed_persist_seconds_sum 5.002090000");
    check_line(&text, "prismfed_persist_seconds_count 3");
    check_line(&text, "prismfed_connections_refused_total{reason=\"a relayed attestation\"} 2");
    buf_free(&text);
}

static void leaves_out_what_is_not_known(void)
{
    struct node_metrics m = sample();
    struct buf text = {0};

    m.votes = false;
    m.phase_deadline_ns = m.view_timeout_ns = -1;
    metrics_render(&m, &text);
    CHECK(strstr(buf_text(&text), "prismfed_view") == NULL);
    CHECK(strstr(buf_text(&text), "prismfed_phase_deadline_seconds") == NULL);
    buf_free(&text);
}

static void reasons_are_bounded(void)
{
    struct metrics_reasons r = {0};
    uint64_t sum = 0;

    for (unsigned i = 0; i < 1000; i++) {
        char text[32];

        snprintf(text, sizeof text, "reason %u", i);
        metrics_count(&r, text);
    }
    CHECK_EQ_U64(r.count, METRICS_REASONS_MAX);
    CHECK_EQ_TEXT(r.reasons[METRICS_REASONS_MAX - 1].text, "other");
    for (unsigned i = 0; i < r.count; i++)
        sum += r.reasons[i].times;
    CHECK_EQ_U64(sum, 1000);
}

/* "| `NAME` | TYPE | HELP |" for each one. */
static unsigned rows_expected(struct buf *text, struct buf *document)
{
    unsigned count = 0;

    for (char *at = strstr((char *)(uintptr_t)buf_text(text), "# HELP "); at != NULL; at = strstr(at, "# HELP ")) {
        char name[128], help[512], type[32];
        struct buf row = {0};

        if (sscanf(at, "# HELP %127s %511[^\n]\n# TYPE %*s %31s", name, help, type) != 3) {
            CHECK(!"a HELP line is followed by its TYPE");
            return 0;
        }
        buf_printf(&row, "| `%s` | %s | %s |", name, type, help);
        check_line(document, buf_text(&row));
        buf_free(&row);
        count++;
        at++;
    }
    return count;
}

static void each_is_documented_and_nothing_else(void)
{
    struct node_metrics m = sample();
    struct buf text = {0}, document = {0};
    unsigned rows = 0;

    REQUIRE_OK(file_read(tap_source("docs/metrics.md"), 1 << 20, &document, NULL));
    metrics_render(&m, &text);
    for (const char *at = strstr(buf_text(&document), "\n| `"); at != NULL; at = strstr(at + 1, "\n| `"))
        rows++;
    CHECK_EQ_U64(rows_expected(&text, &document), rows);
    buf_free(&text);
    buf_free(&document);
}

static void ready_or_why_not(void)
{
    struct node_metrics m = sample();
    struct buf why = {0};

    CHECK(metrics_ready(&m, &why));
    m.known_height = 11;
    CHECK(metrics_ready(&m, &why));
    CHECK_EQ_U64(why.len, 0);
    m.known_height = 111;
    m.quorum = 3;
    m.in_view_change = m.recovering = true;
    CHECK(!metrics_ready(&m, &why));
    CHECK(strstr(buf_text(&why), "others have decided 111") != NULL);
    CHECK(strstr(buf_text(&why), "1 other validators are connected; a quorum of 3 needs 2") != NULL);
    CHECK(strstr(buf_text(&why), "new view") != NULL);
    CHECK(strstr(buf_text(&why), "lost its disk") != NULL);
    buf_free(&why);
}

static void knows_its_process(void)
{
    struct node_metrics m = sample();

    metrics_process(&m);
    CHECK(m.memory_bytes > 100000);
    CHECK(m.open_files >= 3 && m.open_files < 100);
}

int main(void)
{
    TAP_RUN(says_the_numbers);
    TAP_RUN(leaves_out_what_is_not_known);
    TAP_RUN(reasons_are_bounded);
    TAP_RUN(each_is_documented_and_nothing_else);
    TAP_RUN(ready_or_why_not);
    TAP_RUN(knows_its_process);
    return tap_done();
}
