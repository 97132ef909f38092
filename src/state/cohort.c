#include "state/cohort.h"

#include "base/mutate.h"
#include "base/sample.h"

static unsigned count_active(const struct federation_state *s)
{
    unsigned active = 0, count;

    for (unsigned page = 0; page < registry_pages(&s->members); page++) {
        const struct member *members = registry_page(&s->members, page, &count);
        for (unsigned i = 0; i < count; i++)
            active += members[i].status == MEMBER_ACTIVE;
    }
    return active;
}

/* Its seed is not that of other draws (state/recount.h, state/candidates.h). */
void cohort_draw(struct federation_state *s)
{
    struct digest root = merkle_frontier_root(&s->log);
    struct sample sample;
    unsigned count;

    s->cohort_count = 0;
    if (s->policy.cohort == 0)
        return;
    sample_begin(&sample, MUTATE(STATE_COHORT_DRAWN_BY_NOBODY, 0, be64_get(root.b + 16)), s->policy.cohort,
                 count_active(s));
    s->cohort = mem_resize(s->cohort, (size_t)sample.wanted, sizeof s->cohort[0]);
    for (unsigned page = 0; page < registry_pages(&s->members) && sample.wanted > 0; page++) {
        const struct member *members = registry_page(&s->members, page, &count);
        for (unsigned i = 0; i < count; i++) {
            if (members[i].status == MEMBER_ACTIVE && sample_takes(&sample))
                s->cohort[s->cohort_count++] = page * PAGE_MEMBERS + i;
        }
    }
}

static bool is_everybody(const struct federation_state *s)
{
    return s->policy.cohort == 0;
}

unsigned cohort_size(const struct federation_state *s)
{
    return MUTATE(STATE_COHORT_AWAITS_ALL, true, is_everybody(s)) ? s->member_count : s->cohort_count;
}

unsigned cohort_member(const struct federation_state *s, unsigned number)
{
    return MUTATE(STATE_COHORT_AWAITS_ALL, true, is_everybody(s)) ? number : s->cohort[number];
}

static bool is_drawn(const struct federation_state *s, unsigned member)
{
    unsigned low = 0, high = s->cohort_count;

    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (s->cohort[middle] < member)
            low = middle + 1;
        else
            high = middle;
    }
    return low < s->cohort_count && s->cohort[low] == member;
}

bool cohort_has(const struct federation_state *s, unsigned member)
{
    return is_everybody(s) || MUTATE(STATE_COHORT_IS_OPEN, true, is_drawn(s, member));
}

bool cohort_awaits(const struct federation_state *s, unsigned member)
{
    return state_member(s, member)->status == MEMBER_ACTIVE &&
           MUTATE(STATE_COHORT_AWAITS_ALL, true, cohort_has(s, member));
}
