#include "driver/work.h"

static void work_run(struct pool_task *task)
{
    struct work *w = (struct work *)(void *)task;
    const struct job *job = w->job;

    if (job->kind != JOB_CYCLE) {
        w->iterations = cycle_score(&job->cycle, job->candidates, job->candidate_count, w->costs);
        return;
    }
    cycle_run(&job->cycle, &w->result);
    w->iterations = w->result.iterations;
}

struct work *work_new(struct job *job)
{
    struct work *w = mem_alloc(sizeof *w);

    w->task.run = work_run;
    w->job = job;
    w->costs = mem_array(job->candidate_count, sizeof *w->costs);
    return w;
}

void work_free(struct work *w)
{
    if (w == NULL)
        return;
    averaged_free(w->averaged);
    run_watch_free(w->watch);
    journalled_free(w->journalled);
    job_drop(w->job);
    mem_free(w->costs);
    mem_free(w);
}
