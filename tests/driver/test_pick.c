#include "base/dmath.h"
#include "driver/pick.h"
#include "tap.h"

enum { COUNT = 6, RUNS = 4, EPOCH = 9, LIMIT = 4000 };

static struct workload work;
static struct genome genomes[COUNT];

static struct pick_task task_of(unsigned threads)
{
    return (struct pick_task){
        .schema = workload_schema(),
        .work = &work,
        .epoch = EPOCH,
        .limit = LIMIT,
        .runs = RUNS,
        .threads = threads,
        .count = COUNT,
        .candidates = genomes,
    };
}

/* The best by the scores of as many epochs. */
static void by_more_than_one_run(void)
{
    struct cycle_job job = {.schema = workload_schema(), .iteration_limit = LIMIT};
    struct pick_task task = task_of(1);
    double logs[COUNT], sums[COUNT] = {0};
    unsigned best = 0;

    for (unsigned i = 0; i < work.count; i++)
        job.instances[job.instance_count++] = &work.instances[i];
    for (job.epoch = EPOCH; job.epoch < EPOCH + RUNS; job.epoch++) {
        uint64_t costs[COUNT];

        (void)cycle_score(&job, genomes, COUNT, costs);
        for (unsigned k = 0; k < COUNT; k++)
            sums[k] += dmath_log((double)costs[k] + 1);
    }
    for (unsigned k = 1; k < COUNT; k++)
        best = sums[k] < sums[best] ? k : best;
    CHECK_EQ_U64(pick_run(&task, logs), best);
    for (unsigned k = 0; k < COUNT; k++)
        CHECK(logs[k] == sums[k] / RUNS);
    CHECK(sums[0] != sums[1]);
}

static void count_runs(void *context, const struct runs_so_far *so_far)
{
    uint64_t *seen = context;

    CHECK_EQ_U64(so_far->ended, ++*seen);
}

static void threads_change_nothing(void)
{
    double one[COUNT], many[COUNT];
    struct pick_task task = task_of(1);
    unsigned best = pick_run(&task, one);
    uint64_t seen = 0;
    const struct runs_options listening = {.heard = count_runs, .context = &seen};
    struct diag diag = {0};

    task.threads = 5;
    task.site = "here";
    REQUIRE_OK(runs_open(&listening, &task.heard, &diag));
    CHECK_EQ_U64(pick_run(&task, many), best);
    for (unsigned k = 0; k < COUNT; k++)
        CHECK(one[k] == many[k]);
    CHECK_OK(runs_close(task.heard, &diag));
    CHECK_EQ_U64(seen, RUNS * COUNT * work.count);
}

static void of_equals_the_first(void)
{
    struct genome same[3] = {genomes[0], genomes[0], genomes[0]};
    struct pick_task task = task_of(1);
    double logs[3];

    task.candidates = same;
    task.count = 3;
    CHECK_EQ_U64(pick_run(&task, logs), 0);
    CHECK(logs[0] == logs[1] && logs[1] == logs[2]);
}

int main(void)
{
    struct workload_spec spec = {.family = "random", .instances = 2};
    struct prng prng;

    if (workload_build(&spec, 1, "test", &work, NULL) != ERR_OK)
        return 1;
    prng_seed(&prng, 4);
    tap_seed(4);
    for (unsigned i = 0; i < COUNT; i++)
        genome_random(workload_schema(), &prng, &genomes[i]);
    TAP_RUN(by_more_than_one_run);
    TAP_RUN(threads_change_nothing);
    TAP_RUN(of_equals_the_first);
    workload_fini(&work);
    return tap_done();
}
