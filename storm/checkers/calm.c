#include <string.h>

#include "pbft/internal.h"

#include "storm/world.h"

void calm_asked(struct machine *m, const struct epoch *e, const struct claim *claim)
{
    uint64_t *highest = &m->asked_view[e - m->world->epochs];

    if (claim->says.type == MESSAGE_VIEW_CHANGE && claim->says.view > *highest)
        *highest = claim->says.view;
}

/* Somebody else who is correct wants this view or a later one. */
static bool is_wanted(const struct machine *m, uint64_t view)
{
    const struct world *w = m->world;

    for (unsigned i = 0; i < w->machine_count; i++) {
        const struct machine *other = &w->machines[i];
        if (other->replica != m->replica && machine_correct(other) && other->asked_view[m->epoch] >= view)
            return true;
    }
    return false;
}

static void left_view(struct machine *m, uint64_t view, bool by_timer)
{
    struct world *w = m->world;
    struct calm *c = &m->calm;

    if (w->plan.faultless)
        world_fail(w, "15 calm", "machine %u wants view %llu though nothing is wrong", m->index,
                   (unsigned long long)view);
    if (machine_correct(m) && !by_timer && !is_wanted(m, view))
        world_fail(w, "15 calm", "machine %u follows liars to view %llu", m->index, (unsigned long long)view);
    if (c->in_vain)
        c->timeout = c->timeout > w->plan.view_timeout_max / 2 ? w->plan.view_timeout_max : 2 * c->timeout;
    c->in_vain = true;
}

/* Section 4.5.2: between views the timer runs only once a quorum has come along; who is alone waits. */
static bool runs_alone(const struct pbft *p)
{
    unsigned along = 0;

    if (view_is_active(&p->view) || !p->timers.of[PBFT_TIMER_VIEW].armed)
        return false;
    for (unsigned i = 0; i < p->members.n; i++)
        along += p->peers[i].change.message != NULL && p->peers[i].change.to >= p->view.number;
    return along < p->members.quorum;
}

/* What the time-out must be is computed here a second time: doubled with every view that is left in vain, halved
 * with every decision. */
void calm_step(struct machine *m, const struct effects *effects)
{
    struct world *w = m->world;
    struct calm *c = &m->calm;
    const struct pbft *p = machine_pbft(m);
    bool by_timer = m->view_timer;

    m->view_timer = false;
    if (p == NULL)
        return;
    if (c->timeout == 0)
        *c = (struct calm){w->plan.view_timeout, false, p->executions.decided};
    for (size_t i = 0; i < effects->count; i++) {
        const struct effect *e = &effects->items[i];
        if (e->kind != EFFECT_NOTE)
            continue;
        if (strcmp(e->name, "replica.membership") == 0) /* another machine of PBFT */
            *c = (struct calm){w->plan.view_timeout, false, p->executions.decided};
        if (strcmp(e->name, "pbft.view_change") == 0) {
            left_view(m, e->number, by_timer);
            by_timer = false;
        }
    }
    if (p->executions.decided > c->decided) {
        for (uint64_t n = c->decided; n < p->executions.decided && c->timeout > w->plan.view_timeout; n++)
            c->timeout /= 2;
        c->timeout = c->timeout > w->plan.view_timeout ? c->timeout : w->plan.view_timeout;
        c->in_vain = false;
    }
    c->decided = p->executions.decided;
    if (c->timeout == w->plan.view_timeout_max && w->plan.view_timeout_max > w->plan.view_timeout)
        MARK(w, TIMEOUT_MAX);
    if (runs_alone(p))
        world_fail(w, "15 calm", "machine %u is in a hurry to leave a view that the others do not want to enter",
                   m->index);
    const struct timer *t = &p->timers.of[PBFT_TIMER_VIEW];
    if (p->timers.timeout_ns != c->timeout || (t->armed && t->at_ns - clock_now(&m->clock) > w->plan.view_timeout_max))
        world_fail(w, "15 calm", "machine %u has a time-out of %lld ns, not %lld", m->index,
                   (long long)p->timers.timeout_ns, (long long)c->timeout);
}
