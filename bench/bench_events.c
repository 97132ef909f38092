#include <stdio.h>

#include "bench.h"
#include "crypto/key.h"
#include "storm/seed.h"

/* How many events a second the storm puts machines and their world through, with stub signatures and all checkers: an
 * event is one step of the world, that is a message or a batch of writes that arrives, a timer, a client, a fault. */

enum { SEEDS = 100, EVENTS_WANTED = 1000000 };

static uint64_t run_seeds(void)
{
    struct storm_plan plan;
    struct outcome outcome;
    struct draw draw;
    uint64_t events = 0;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        draw_init(&draw, seed);
        plan_draw(&plan, &draw, 0);
        plan_run(&plan, &draw, false, &outcome, NULL, NULL);
        ASSERT(outcome.checker == NULL);
        events += outcome.steps;
    }
    return events;
}

int main(void)
{
    double runs[BENCH_RUNS];
    uint64_t events = 0;

    key_library_init();
    double hash = bench_hash_seconds();
    for (size_t run = 0; run < BENCH_RUNS; run++) {
        double start = bench_seconds();

        events = run_seeds();
        runs[run] = bench_seconds() - start;
    }
    double seconds = bench_median(runs, BENCH_RUNS);
    double rate = (double)events / seconds;
    printf(
        "storm, one thread, stub signatures, all checkers, %d seeds, median of %d runs, processor time; an event is a "
        "message or a batch of writes that arrives, a timer, a client or a fault\n",
        SEEDS, BENCH_RUNS);
    printf("%llu events, %.2f ms a seed: %.0f events/s, %.2f of a million; an event takes as long as %.1f hashes\n",
           (unsigned long long)events, 1e3 * seconds / SEEDS, rate, rate / EVENTS_WANTED, 1 / (rate * hash));
    printf("at most %.1f MB of memory\n", bench_peak_megabytes());
    return 0;
}
