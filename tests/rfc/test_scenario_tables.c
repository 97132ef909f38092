#include <jansson.h>

#include "base/file.h"
#include "codec/json.h"
#include "document.h"
#include "tap.h"

/* docs/scenarios.md against the committed artifacts: what is expected of each shipped scenario is what it does. */

static struct buf document;

/* "0", "3", or "1+": that many or more. */
static bool meets(const char *want, uint64_t got)
{
    char *end;
    uint64_t number = strtoull(want, &end, 10);

    return end != want && (*end == '+' ? got >= number : *end == '\0' && got == number);
}

static uint64_t number(const json_t *epoch, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(epoch, key));
}

static void check_cell(const char *scenario, const json_t *epoch, const char *key, const char *want)
{
    const json_t *value = json_object_get(epoch, key);
    bool ok =
        json_is_boolean(value) ? (strcmp(want, "yes") == 0) == json_is_true(value) : meets(want, number(epoch, key));

    if (!CHECK(ok))
        tap_note("%s, epoch %ju: %s should be %s", scenario, (uintmax_t)number(epoch, "epoch"), key, want);
}

/* A root when the quorum was reached and none else, never the same twice. */
static void check_root(const json_t *epochs, size_t index)
{
    const json_t *epoch = json_array_get(epochs, index), *root = json_object_get(epoch, "ledger_merkle");

    CHECK(json_is_string(root) == json_is_true(json_object_get(epoch, "quorum_reached")));
    for (size_t i = 0; json_is_string(root) && i < index; i++)
        CHECK(!json_equal((json_t *)(uintptr_t)root, json_object_get(json_array_get(epochs, i), "ledger_merkle")));
}

static void check_epochs(const char *scenario, const char *file, unsigned count)
{
    static const char *const keys[] = {"epoch",  "quorum_reached", "stalled",     "view_changes", "participants",
                                       "absent", "false_claims",   "quarantined", "convicted",    "shards_moved"};
    enum { COLUMNS = sizeof keys / sizeof keys[0] };
    struct json_doc doc;
    struct diag diag = {0};
    const char *at = NULL;
    char cells[COLUMNS][64], path[128];
    size_t row = 0;

    snprintf(path, sizeof path, "artifacts/mec/M5/simulations/%s", file);
    if (access(tap_source(path), R_OK) != 0)
        SKIP("the artifacts are not there yet");
    REQUIRE_OK(json_doc_load(&doc, tap_source(path), 1 << 24, &diag));
    const json_t *epochs = json_object_get(doc.root, "epochs");
    for (; document_row(buf_text(&document), scenario, &at, cells, COLUMNS) == COLUMNS; row++) {
        for (unsigned i = 0; i < COLUMNS; i++)
            check_cell(scenario, json_array_get(epochs, row), keys[i], cells[i]);
        check_root(epochs, row);
    }
    CHECK_EQ_U64(row, count);
    CHECK_EQ_U64(json_array_size(epochs), count);
    CHECK(json_is_true(json_object_get(json_object_get(doc.root, "roots"), "agree")));
    json_doc_free(&doc);
}

static void check_scenario(const char *scenario, const char *summary)
{
    check_epochs(scenario, summary, 5);
}

static void baseline(void)
{
    check_scenario("baseline", "epoch_summary.json");
}

static void edge_failover(void)
{
    check_scenario("edge_failover", "epoch_summary_edge_failover.json");
}

static void validator_loss(void)
{
    check_scenario("validator_loss", "epoch_summary_validator_loss.json");
}

static void partition_heal(void)
{
    check_scenario("partition_heal", "epoch_summary_partition_heal.json");
}

static void lying_site(void)
{
    check_scenario("lying_site", "epoch_summary_lying_site.json");
}

static void disk_loss(void)
{
    check_scenario("disk_loss", "epoch_summary_disk_loss.json");
}

static void false_claims(void)
{
    check_scenario("false_claims", "epoch_summary_false_claims.json");
}

static void governance(void)
{
    check_epochs("governance", "epoch_summary_governance.json", 12);
}

int main(void)
{
    struct diag diag = {0};

    if (file_read(tap_source("docs/scenarios.md"), 1 << 20, &document, &diag) != ERR_OK) {
        printf("Bail out! %s\n", diag.text);
        return 1;
    }
    TAP_RUN(baseline);
    TAP_RUN(edge_failover);
    TAP_RUN(validator_loss);
    TAP_RUN(partition_heal);
    TAP_RUN(lying_site);
    TAP_RUN(disk_loss);
    TAP_RUN(false_claims);
    TAP_RUN(governance);
    buf_free(&document);
    return tap_done();
}
