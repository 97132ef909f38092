#include "driver/pick.h"

#include "base/dmath.h"
#include "base/mutate.h"
#include "driver/work.h"
#include "genome/schema.h"

/* One run of one candidate. */
static struct work *score_submit(const struct pick_task *task, const struct genome_schema *schema, struct pool *pool,
                                 unsigned candidate, unsigned run)
{
    struct job *job = job_new(JOB_SCORE, task->epoch + run, schema, 1);
    struct work *w = work_new(job);

    job->cycle.epoch = task->epoch + MUTATE(SIM_PICKS_BY_ONE_RUN, 0, run);
    job->cycle.iteration_limit = task->limit;
    for (unsigned i = 0; i < task->work->count; i++)
        job->cycle.instances[job->cycle.instance_count++] = &task->work->instances[i];
    job->candidates[0] = task->candidates[candidate];
    pool_submit(pool, &w->task);
    return w;
}

unsigned pick_run(const struct pick_task *task, double *logs)
{
    const struct genome_schema *schema = genome_schema_share(task->schema);
    struct pool *pool = pool_new(task->threads);
    unsigned best = 0;

    ASSERT(task->count >= 1 && task->count <= PICK_CANDIDATES_MAX && task->runs >= 1);
    for (unsigned k = 0; k < task->count; k++)
        logs[k] = 0;
    for (unsigned run = 0; run < task->runs; run++) {
        struct work *scores[PICK_CANDIDATES_MAX];

        for (unsigned k = 0; k < task->count; k++)
            scores[k] = score_submit(task, schema, pool, k, run);
        for (unsigned k = 0; k < task->count; k++) {
            pool_wait(pool, &scores[k]->task);
            logs[k] += dmath_log((double)scores[k]->costs[0] + 1);
            work_free(scores[k]);
        }
        if (task->progress != NULL)
            task->progress(task->context, run + 1, task->runs);
    }
    pool_free(pool);
    genome_schema_drop(schema);
    for (unsigned k = 1; k < task->count; k++)
        best = logs[k] < logs[best] ? k : best;
    for (unsigned k = 0; k < task->count; k++)
        logs[k] /= task->runs;
    return best;
}
