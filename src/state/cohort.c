#include "state/cohort.h"

#include "base/mutate.h"
#include "base/sample.h"

/* Its seed is not that of other draws (state/recount.h, state/candidates.h). */
void cohort_draw(struct federation_state *s)
{
    struct digest root = merkle_frontier_root(&s->log);
    struct sample sample;
    unsigned active = 0;

    for (unsigned i = 0; i < s->member_count; i++)
        active += s->members[i].status == MEMBER_ACTIVE;
    sample_begin(&sample, MUTATE(STATE_COHORT_DRAWN_BY_NOBODY, 0, be64_get(root.b + 16)), s->policy.cohort, active);
    for (unsigned i = 0; i < s->member_count; i++) {
        struct member *m = &s->members[i];
        m->drawn = m->status == MEMBER_ACTIVE && sample_takes(&sample);
    }
}

bool cohort_has(const struct federation_state *s, unsigned member)
{
    return s->policy.cohort == 0 || MUTATE(STATE_COHORT_IS_OPEN, true, s->members[member].drawn);
}

bool cohort_awaits(const struct federation_state *s, unsigned member)
{
    return s->members[member].status == MEMBER_ACTIVE && MUTATE(STATE_COHORT_AWAITS_ALL, true, cohort_has(s, member));
}
