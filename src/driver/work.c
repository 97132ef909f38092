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

void work_initial(struct job *job, const struct workload *own, uint64_t since)
{
    const struct program_spec *program = program_spec_of(&own->instances[0]);
    uint64_t first = job->site.first_epoch > since ? job->site.first_epoch : since;

    if (job->kind != JOB_CYCLE || program == NULL || job->site.counted_epoch >= first)
        return;
    job->cycle.initial_count = program->initial_count;
    job->cycle.initial = program->initial;
}

struct fed_event work_event(const struct work *w)
{
    struct fed_event event = {.epoch = w->job->number, .number = w->job->number};

    if (w->job->kind == JOB_CYCLE) {
        event.kind = FED_EVENT_CYCLE_DONE;
        event.cycle = &w->result;
        return event;
    }
    event.kind = w->job->kind == JOB_SCORE ? FED_EVENT_SCORE_DONE : FED_EVENT_RECOUNT_DONE;
    event.costs = w->hidden ? NULL : w->costs;
    event.count = w->job->candidate_count;
    return event;
}
