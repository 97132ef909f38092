#include "evolve/local_cycle.h"
#include "experiment/cache.h"
#include "tap.h"

/* Counts what gets through to it. */
struct counter {
    struct evaluator evaluator;
    struct evaluator *solver;
    unsigned count;
};

static void count(struct evaluator *self, const struct evaluation_task *task, struct evaluation *out)
{
    struct counter *c = (struct counter *)(void *)self;

    c->count++;
    c->solver->evaluate(c->solver, task, out);
}

static void build(struct workload *w)
{
    struct workload_spec spec = {.family = "queen", .instances = 2};
    struct diag diag = {0};

    REQUIRE_OK(workload_build(&spec, 1, "test", w, &diag));
}

static struct cycle_result cycle(const struct workload *w, uint64_t epoch, uint64_t limit)
{
    struct cycle_job job = {.schema = workload_schema(), .epoch = epoch, .seed = 5, .evaluations = 30};
    struct cycle_result result;

    genome_default(job.schema, &job.incumbent);
    job.iteration_limit = limit;
    job.migrants = 2;
    for (unsigned i = 0; i < w->count; i++)
        job.instances[job.instance_count++] = &w->instances[i];
    cycle_run(&job, &result);
    return result;
}

static void check_equal(const struct cycle_result *a, const struct cycle_result *b)
{
    REQUIRE(a->count == b->count);
    for (unsigned i = 0; i < a->count; i++)
        CHECK_EQ_U64(a->best[i].cost, b->best[i].cost);
    CHECK_EQ_U64(a->incumbent_cost, b->incumbent_cost);
    CHECK_EQ_U64(a->iterations, b->iterations);
}

/* The same answers, and each task gets through once; another epoch or limit is another task. */
static void a_cache_changes_nothing_but_the_work(void)
{
    struct workload plain = {0}, counted = {0};
    struct counter counter = {.evaluator = {.evaluate = count}};
    struct cache *cache = cache_new();
    unsigned before = 0;

    build(&plain);
    build(&counted);
    counter.solver = plain.instances[0].evaluator;
    for (unsigned i = 0; i < counted.count; i++)
        counted.instances[i].evaluator = &counter.evaluator;
    cache_stand_before(cache, &counted);
    for (unsigned round = 0; round < 6; round++) {
        uint64_t epoch = 1 + round / 2 % 2, limit = round < 4 ? 200 : 100;
        struct cycle_result want = cycle(&plain, epoch, limit), got = cycle(&counted, epoch, limit);

        check_equal(&want, &got);
        CHECK((counter.count > before) == (round % 2 == 0));
        before = counter.count;
    }
    cache_free(cache);
    workload_fini(&plain);
    workload_fini(&counted);
}

int main(void)
{
    TAP_RUN(a_cache_changes_nothing_but_the_work);
    return tap_done();
}
