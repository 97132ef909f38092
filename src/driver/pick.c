#include "driver/pick.h"

#include "base/dmath.h"
#include "base/mutate.h"

unsigned pick_run(const struct pick_task *task, double *logs)
{
    struct run_watch *watch = runs_begin(task->heard, task->site, "pick", 0, NULL);
    struct cycle_job *job = mem_alloc(sizeof *job);
    unsigned best = 0;

    ASSERT(task->count >= 1 && task->count <= PICK_CANDIDATES_MAX && task->runs >= 1);
    job->schema = task->schema;
    job->iteration_limit = task->limit;
    job->pool = pool_new(task->threads);
    job->watch = run_watch_of(watch);
    for (unsigned i = 0; i < task->work->count; i++)
        job->instances[job->instance_count++] = run_watch_instance(watch, &task->work->instances[i]);
    for (unsigned k = 0; k < task->count; k++)
        logs[k] = 0;
    for (unsigned run = 0; run < task->runs; run++) {
        uint64_t costs[PICK_CANDIDATES_MAX];

        job->epoch = task->epoch + MUTATE(SIM_PICKS_BY_ONE_RUN, 0, run);
        (void)cycle_score(job, task->candidates, task->count, costs);
        for (unsigned k = 0; k < task->count; k++)
            logs[k] += dmath_log((double)costs[k] + 1);
    }
    pool_free(job->pool);
    mem_free(job);
    run_watch_free(watch);
    for (unsigned k = 1; k < task->count; k++)
        best = logs[k] < logs[best] ? k : best;
    for (unsigned k = 0; k < task->count; k++)
        logs[k] /= task->runs;
    return best;
}
