#include "pbft/internal.h"

#include "storm/world.h"

void calm_view_change(struct machine *m, uint64_t view)
{
    if (m->world->plan.faultless)
        world_fail(m->world, "15 calm", "machine %u wants view %llu though nothing is wrong", m->index,
                   (unsigned long long)view);
}

/* Also: whoever decides something in its view is back at the shortest time-out. */
void calm_look(struct machine *m)
{
    const struct storm_plan *p = &m->world->plan;
    const struct timer *t = &m->pbft->timers[PBFT_TIMER_VIEW];

    bool progress = m->app.decided > m->seen_decided && m->seen_decided > 0 && m->pbft->active;

    m->seen_decided = m->app.decided;
    if (progress && m->pbft->timeout_ns != p->view_timeout)
        world_fail(m->world, "15 calm", "machine %u decides and keeps a time-out of %lld ns", m->index,
                   (long long)m->pbft->timeout_ns);
    if (m->pbft->timeout_ns == p->view_timeout_max && p->view_timeout_max > p->view_timeout)
        MARK(m->world, TIMEOUT_MAX);
    if (m->pbft->timeout_ns < p->view_timeout || m->pbft->timeout_ns > p->view_timeout_max ||
        (t->armed && t->at_ns - machine_now(m) > p->view_timeout_max))
        world_fail(m->world, "15 calm", "machine %u has a time-out of %lld ns", m->index,
                   (long long)m->pbft->timeout_ns);
}
