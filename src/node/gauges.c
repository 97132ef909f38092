#include "node/gauges.h"

#include <time.h>

void gauges_init(struct gauges *g, int64_t view_timeout_ns)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_REALTIME, &now);
    *g = (struct gauges){.view_timeout_ns = view_timeout_ns,
                         .started_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec};
}

void gauges_asked(struct gauges *g, uint64_t serial, int64_t now_ns)
{
    g->asked_ns[serial % GAUGES_WRITES] = now_ns;
}

void gauges_durable(struct gauges *g, uint64_t serial, int64_t now_ns)
{
    metrics_observe(&g->persist, now_ns - g->asked_ns[serial % GAUGES_WRITES]);
}

void gauges_timer_set(struct gauges *g, uint32_t timer, int64_t at_ns, int64_t now_ns)
{
    g->timer_at_ns[timer] = at_ns;
    if (timer == PBFT_TIMER_VIEW)
        g->view_timeout_ns = at_ns - now_ns;
}

void gauges_timer_stop(struct gauges *g, uint32_t timer)
{
    g->timer_at_ns[timer] = 0;
}

void gauges_refused(struct gauges *g, const char *why)
{
    metrics_count(&g->refused, why);
}

void gauges_job_done(struct gauges *g)
{
    g->jobs_done++;
}

void gauges_epoch_ended(struct gauges *g, bool anchored)
{
    g->anchored += anchored;
    g->abandoned += !anchored;
}

void gauges_tell(const struct gauges *g, int64_t now_ns, struct node_metrics *m)
{
    int64_t deadline_ns = g->timer_at_ns[FED_TIMER_DEADLINE];

    m->start_time_ns = g->started_ns;
    m->persist = &g->persist;
    m->refused = &g->refused;
    m->view_timeout_ns = m->votes ? g->view_timeout_ns : -1;
    m->phase_deadline_ns = deadline_ns > now_ns ? deadline_ns - now_ns : -1;
    m->jobs_done = g->jobs_done;
    m->epochs_anchored = g->anchored;
    m->epochs_abandoned = g->abandoned;
}
