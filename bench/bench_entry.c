#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "crypto/digest.h"
#include "federation.h"

/* What an entry costs a primary: the processor time of its steps (fed_step) in a whole federation of four validators
 * and participants, over the entries that were logged meanwhile, without any cache of verdicts on signatures. All that
 * a node's machine does is in it: the entries' share of agreement, of execution and of the epochs' ends. As a ratio to
 * the least that an entry can take: one verification of its signature, and one SHA-256 of its bytes, which are some
 * 700.
 *
 * The federation is that of the tests. fed_step is wrapped by the linker, so that the same can be measured of any
 * commit whose tests have a federation. */

enum { VALIDATORS = 4, HASHED_NODES = 11 /* of 64 bytes each, in an entry */ };

static const struct fed *measured;
static double seconds, clock_seconds;

enum err __real_fed_step(struct fed *f, const struct fed_event *event, struct effects *effects);
enum err __wrap_fed_step(struct fed *f, const struct fed_event *event, struct effects *effects);
enum err __wrap_fed_step(struct fed *f, const struct fed_event *event, struct effects *effects)
{
    if (f != measured)
        return __real_fed_step(f, event, effects);
    double start = bench_seconds();
    enum err err = __real_fed_step(f, event, effects);
    seconds += bench_seconds() - start - clock_seconds;
    return err;
}

/* What it takes to read the clock: most steps are short. */
static double clock_cost(void)
{
    enum { READINGS = 100000 };
    double start = bench_seconds(), end = start;

    for (unsigned i = 0; i < READINGS; i++)
        end = bench_seconds();
    return (end - start) / READINGS;
}

struct cost {
    double seconds, limit;
    uint64_t entries, blocks;
};

static struct cost measure(unsigned participants, uint64_t epochs)
{
    static struct federation fed;
    struct federation_options options = federation_usual(VALIDATORS, participants, 1);
    struct cost cost;

    options.last_epoch = epochs;
    federation_init(&fed, &options);
    verify_cache_free(fed.verify_cache);
    fed.verify_cache = NULL;
    federation_start(&fed);
    measured = fed.nodes[0].fed; /* the primary of view 0 */
    seconds = 0;
    clock_seconds = clock_cost();
    cost.limit = bench_verify_seconds() + HASHED_NODES * bench_hash_seconds();
    ASSERT(federation_run(&fed, INT64_MAX / 4) && federation_agrees(&fed));
    cost.limit = (cost.limit + bench_verify_seconds() + HASHED_NODES * bench_hash_seconds()) / 2;
    ASSERT(fed_pbft_status(measured).view == 0);
    cost.entries = fed_state(measured)->log.size - 1;
    cost.blocks = fed_state(measured)->height;
    cost.seconds = seconds / (double)cost.entries;
    measured = NULL;
    federation_fini(&fed);
    return cost;
}

static void row(unsigned participants, uint64_t epochs)
{
    double times[BENCH_RUNS], ratios[BENCH_RUNS];
    struct cost cost = {0};

    for (unsigned run = 0; run < BENCH_RUNS; run++) {
        cost = measure(participants, epochs);
        times[run] = cost.seconds;
        ratios[run] = cost.seconds / cost.limit;
    }
    printf("%12u %8.1f %10.1f %8.2f\n", participants, (double)cost.entries / (double)cost.blocks,
           bench_median(times, BENCH_RUNS) * 1e6, bench_median(ratios, BENCH_RUNS));
    fflush(stdout);
}

/* bench_entry [EPOCHS] */
int main(int argc, char **argv)
{
    uint64_t epochs = argc > 1 ? strtoull(argv[1], NULL, 10) : 10;

    key_library_init();
    printf("a primary of %d, median of %d runs; limit: one verification and one SHA-256 of an entry\n", VALIDATORS,
           BENCH_RUNS);
    printf("%12s %8s %10s %8s\n", "participants", "b", "us/entry", "ratio");
    row(0, epochs);
    row(NODES_MAX - VALIDATORS, epochs);
    return 0;
}
