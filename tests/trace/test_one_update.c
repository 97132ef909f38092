#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "run.h"
#include "tap.h"

/* The straight line: one UPDATE from the site that found it to the anchored log, as the trace tells it: what its
 * participant e0 and the primary v0 do about it. e0 is the slowest site, so its UPDATE is the last and alone in its
 * block.
 *
 *     test_trace_one_update --print > tests/trace/one_update.txt     after a change that is meant
 */

static const char more[] = ", \"seed\": 1, \"network\": {\"default\": {\"latency_ms\": 10, \"jitter_ms\": 0, "
                           "\"bandwidth_kbps\": 0}, \"disk_ms\": 1}"
                           ", \"events\": [{\"kind\": \"slow_down\", \"node\": \"e0\", \"at_ms\": 0, \"factor\": 300}]";

struct filter {
    bool begun, at_primary, done;
    struct buf out;
};

static bool ends_with(const char *line, const char *end)
{
    size_t a = strlen(line), b = strlen(end);

    return a >= b && strcmp(line + a - b, end) == 0;
}

/* From e0's load_meta on; at the primary from e0's entry on; until the primary has anchored. */
static void take_line(struct filter *f, const char *line)
{
    const char *who = strchr(line + strspn(line, " "), ' '); /* behind the time */
    bool e0 = who != NULL && strncmp(who, " e0 ", 4) == 0, v0 = who != NULL && strncmp(who, " v0 ", 4) == 0;

    f->begun |= e0 && strstr(line, " fed.load_meta ") != NULL;
    f->at_primary |= v0 && ends_with(line, " v0 receive fed.entry from e0");
    if (f->done || !f->begun || !(e0 || (v0 && f->at_primary)))
        return;
    buf_printf(&f->out, "%s\n", line);
    f->done = v0 && strstr(line, " anchor epoch ") != NULL;
}

static bool excerpt(struct buf *out)
{
    struct filter f = {0};
    struct buf text = {0};
    struct run run;
    char *save = NULL;

    federation_text(&text, 4, 1, 3, more);
    run_text(&run, buf_text(&text), 1, 1, 1);
    buf_text(&run.trace);
    for (char *line = strtok_r((char *)run.trace.data, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save))
        take_line(&f, line);
    *out = f.out;
    run_free(&run);
    buf_free(&text);
    return f.done;
}

static void the_line_of_one_update(void)
{
    struct buf got = {0}, want = {0};
    struct diag diag = {0};

    CHECK(excerpt(&got));
    REQUIRE_OK(file_read(tap_source("tests/trace/one_update.txt"), 1 << 20, &want, &diag));
    CHECK(bytes_equal(bytes_of_buf(&got), bytes_of_buf(&want)));
    buf_free(&got);
    buf_free(&want);
}

/* Every station of the line stands in it, in this order. */
static void each_station_in_order(void)
{
    static const char *const stations[] = {" e0 fed.load_meta ",
                                           " e0 fed.cycle_start ",
                                           " e0 work cycle ",
                                           " e0 fed.meta_update ",
                                           " e0 fed.sign ",
                                           " e0 send fed.entry to v0 ",
                                           " v0 receive fed.entry from e0",
                                           " v0 fed.verify ",
                                           " v0 fed.admit ",
                                           " v0 send pbft.pre_prepare ",
                                           " v0 receive pbft.prepare ",
                                           " v0 send pbft.commit ",
                                           " v0 receive pbft.commit ",
                                           " v0 fed.decided ",
                                           " v0 fed.merkle_append ",
                                           " v0 fed.align ",
                                           " v0 work score ",
                                           " v0 fed.aggregate ",
                                           " v0 fed.guard ",
                                           " v0 fed.meta_state ",
                                           " v0 fed.anchor ",
                                           " v0 anchor epoch "};
    struct buf got = {0};
    const char *at;

    CHECK(excerpt(&got));
    at = buf_text(&got);
    for (size_t i = 0; i < sizeof stations / sizeof stations[0] && at != NULL; i++) {
        at = strstr(at, stations[i]);
        if (!CHECK(at != NULL))
            tap_note("not there, or not in its place: \"%s\"", stations[i]);
    }
    buf_free(&got);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--print") == 0) {
        struct buf got = {0};

        excerpt(&got);
        fputs(buf_text(&got), stdout);
        buf_free(&got);
        return 0;
    }
    TAP_RUN(each_station_in_order);
    TAP_RUN(the_line_of_one_update);
    return tap_done();
}
