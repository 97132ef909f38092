#include "driver/work.h"
#include "genome/schema.h"
#include "tap.h"

enum { JOBS = 12 };

static struct work *work_of(const struct workload *w, uint64_t epoch)
{
    const struct genome_schema *schema = genome_schema_share(workload_schema());
    struct job *job = job_new(JOB_CYCLE, epoch, schema, 0);

    job->cycle.epoch = epoch;
    job->cycle.seed = epoch;
    job->cycle.evaluations = 3;
    job->cycle.iteration_limit = 100;
    job->cycle.migrants = 1;
    genome_default(job->cycle.schema, &job->cycle.incumbent);
    for (unsigned i = 0; i < w->count; i++)
        job->cycle.instances[job->cycle.instance_count++] = &w->instances[i];
    genome_schema_drop(schema);
    return work_new(job);
}

/* Sum over all jobs, waited for in another order than they came in. */
static uint64_t run(const struct workload *w, unsigned threads)
{
    struct pool *pool = pool_new(threads);
    struct work *jobs[JOBS];
    uint64_t sum = 0;

    for (unsigned i = 0; i < JOBS; i++) {
        jobs[i] = work_of(w, i);
        pool_submit(pool, &jobs[i]->task);
    }
    for (unsigned i = 0; i < JOBS; i++) {
        struct work *work = jobs[(i * 5 + 3) % JOBS];

        if (i % 4 == 3) {
            pool_cancel(pool, &work->task);
        } else {
            pool_wait(pool, &work->task);
            sum = sum * 31 + work->iterations + work->result.incumbent_cost;
        }
        work_free(work);
    }
    pool_free(pool);
    return sum;
}

static void results_do_not_depend_on_threads(void)
{
    struct workload_spec spec = {.family = "queen", .instances = 2, .size_min = 5, .size_max = 6};
    struct workload w;
    uint64_t sum;

    REQUIRE_OK(workload_build(&spec, 1, "test", &w, NULL));
    sum = run(&w, 1);
    for (unsigned threads = 2; threads <= 5; threads++)
        CHECK_EQ_U64(run(&w, threads), sum);
    workload_fini(&w);
}

int main(void)
{
    TAP_RUN(results_do_not_depend_on_threads);
    return tap_done();
}
