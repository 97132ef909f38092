#include "sim/progress.h"

#include "program/program.h"

/* About so many runs will there be: before an epoch is over, each contributor's budget and its row of scores. */
static uint64_t plan(const struct scenario *s, uint64_t epochs)
{
    const struct policy *p = &s->policy;
    uint64_t sites = p->cohort > 0 && p->cohort < s->node_count ? p->cohort : s->node_count;
    uint64_t candidates = 1 + sites * p->migrants, instances = 0;

    candidates = candidates < CYCLE_CANDIDATES_MAX ? candidates : CYCLE_CANDIDATES_MAX;
    for (unsigned i = 0; i < s->node_count; i++) {
        const struct workload_spec *w = &s->nodes[i].workload;

        instances += w->program != NULL ? w->program->file_count : w->instances;
    }
    return epochs * instances * sites / s->node_count * (p->evaluations + candidates);
}

void progress_init(struct progress *p, const struct federated_simulation_options *options,
                   const struct scenario *scenario)
{
    *p = (struct progress){.options = options, .start = scenario->epoch_start};
    pthread_mutex_init(&p->lock, NULL);
    p->now.epochs = options->epochs;
    p->now.epoch = p->start;
    p->now.position = 1;
    p->now.runs_planned = plan(scenario, options->epochs);
}

void progress_fini(struct progress *p)
{
    pthread_mutex_destroy(&p->lock);
}

/* The lock is held. */
static void tell(struct progress *p)
{
    if (p->now.runs_planned < p->now.runs)
        p->now.runs_planned = p->now.runs;
    p->stop |= p->options->progress(p->options->progress_context, &p->now) != 0;
}

void progress_heard(void *context, const struct runs_so_far *so_far)
{
    struct progress *p = context;

    pthread_mutex_lock(&p->lock);
    p->now.runs = so_far->ended;
    p->now.found = so_far->found;
    p->now.best = so_far->best;
    p->now.unit = so_far->unit;
    p->now.node_id = so_far->site;
    tell(p);
    pthread_mutex_unlock(&p->lock);
}

bool progress_is_stopped(struct progress *p, uint64_t over, double virtual_seconds, uint64_t resumed)
{
    bool stop;

    pthread_mutex_lock(&p->lock);
    if (over >= p->now.position) /* an epoch was entered: the others will be like those before */
        p->now.runs_planned = p->now.runs / over * p->now.epochs;
    p->now.position = over + 1;
    p->now.epoch = p->start + over;
    p->now.virtual_seconds = virtual_seconds;
    p->now.resumed = resumed;
    tell(p);
    stop = p->stop;
    pthread_mutex_unlock(&p->lock);
    return stop;
}
