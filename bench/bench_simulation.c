#include <stdio.h>

#include "bench.h"
#include "crypto/key.h"

/* Whole rehearsals: messages a second, and what the first three take together of the bounds of 30 s and 200 MB. The
 * shipped scenarios spend their time in the sites' solvers; `lean` has 13 validators and next to no work, so it shows
 * the protocol alone. */

#define SHIPPED "artifacts/mec/M5/scenarios/"
static const struct {
    const char *name, *path;
} scenarios[] = {
    {"baseline", SHIPPED "baseline.json"},
    {"edge_failover", SHIPPED "edge_failover.json"},
    {"validator_loss", SHIPPED "validator_loss.json"},
    {"partition_heal", SHIPPED "partition_heal.json"},
    {"lying_site", SHIPPED "lying_site.json"},
    {"disk_loss", SHIPPED "disk_loss.json"},
    {"lean", "bench/lean.json"},
};
enum { SCENARIOS = sizeof scenarios / sizeof scenarios[0], BOUNDED = 3 };

static double median_seconds(const char *path, unsigned long *messages)
{
    double runs[BENCH_RUNS];

    for (size_t run = 0; run < BENCH_RUNS; run++) {
        double start = bench_wall_seconds();

        *messages = bench_run_scenario(path, 5, NULL);
        runs[run] = bench_wall_seconds() - start;
    }
    return bench_median(runs, BENCH_RUNS);
}

int main(void)
{
    double verify, bounded_seconds = 0;

    key_library_init();
    verify = bench_verify_seconds();
    printf("simulation, one thread, 5 epochs, median of %d runs\n", BENCH_RUNS);
    printf("%-16s %10s %10s %12s   %s\n", "scenario", "messages", "seconds", "messages/s",
           "ratio to one signature verified a message");
    for (unsigned s = 0; s < SCENARIOS; s++) {
        unsigned long messages = 0;
        double seconds = median_seconds(scenarios[s].path, &messages);

        if (s < BOUNDED)
            bounded_seconds += seconds;
        printf("%-16s %10lu %10.2f %12.0f   %.4f\n", scenarios[s].name, messages, seconds, (double)messages / seconds,
               (double)messages * verify / seconds);
    }
    printf(
        "first three together: %.1f s, %.2f of the bound of 30 s; peak memory %.0f MB, %.2f of the bound of 200 MB\n",
        bounded_seconds, bounded_seconds / 30, bench_peak_megabytes(), bench_peak_megabytes() / 200);
    return 0;
}
