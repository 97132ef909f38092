#include "run.h"
#include "tap.h"

/* Links that carry little. What is sent again must not be what fills them. */

enum { MEGABYTE = 1000000 };

/* The same federation, its links ten thousand times as fast, needs less than a megabyte. */
static void congestion_ends(void)
{
    static const char *const more[] = {
        ", \"network\": {\"default\": {\"latency_ms\": 20, \"bandwidth_kbps\": 100}, \"local\": {\"bandwidth_kbps\": "
        "100}}",
        ", \"network\": {\"default\": {\"latency_ms\": 20, \"bandwidth_kbps\": 170}, \"local\": {\"bandwidth_kbps\": "
        "170}}",
    };

    for (unsigned i = 0; i < 2; i++) {
        struct run run;
        run_federation(&run, 4, i == 0 ? 1 : 4, 3, more[i], 5, 1);
        if (!CHECK(run.err == ERR_OK && run_anchored(&run) && run.epoch_count == 5))
            tap_note("%s", run.diag.text);
        CHECK(run.report.bytes < 10 * MEGABYTE);
        tap_note("%" PRIu64 " bytes in %" PRIu64 " s", run.report.bytes, run.report.virtual_ns / 1000000000);
        run_free(&run);
    }
}

int main(void)
{
    TAP_RUN(congestion_ends);
    return tap_done();
}
