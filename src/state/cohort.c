#include "state/cohort.h"

#include <stdlib.h>

#include "base/dmath.h"
#include "base/mutate.h"
#include "base/sample.h"
#include "base/sorted.h"

/* ---- who may be drawn */

enum pot { POT_ALL, POT_VALIDATORS, POT_OTHERS };

static bool is_in(enum pot pot, const struct member *m)
{
    return m->status == MEMBER_ACTIVE && (pot == POT_ALL || m->votes == (pot == POT_VALIDATORS));
}

typedef void see_member(void *context, unsigned index, const struct member *m);

/* In the order of joining. */
static void see_pot(const struct federation_state *s, enum pot pot, see_member *see, void *context)
{
    unsigned count;

    for (unsigned page = 0; page < registry_pages(&s->members); page++) {
        const struct member *members = registry_page(&s->members, page, &count);
        for (unsigned i = 0; i < count; i++) {
            if (is_in(pot, &members[i]))
                see(context, page * PAGE_MEMBERS + i, &members[i]);
        }
    }
}

static void count_one(void *context, unsigned index, const struct member *m)
{
    (void)index, (void)m;
    ++*(unsigned *)context;
}

/* ---- each as likely as any other: selection sampling */

struct equal_draw {
    struct federation_state *s;
    struct sample sample;
};

static void draw_one(void *context, unsigned index, const struct member *m)
{
    struct equal_draw *d = context;

    (void)m;
    if (sample_takes(&d->sample))
        d->s->cohort[d->s->cohort_count++] = index;
}

static void draw_equally(struct federation_state *s, enum pot pot, uint64_t seed, unsigned wanted)
{
    struct equal_draw d = {.s = s};
    unsigned count = 0;

    see_pot(s, pot, count_one, &count);
    sample_begin(&d.sample, seed, wanted, count);
    see_pot(s, pot, draw_one, &d);
}

/* ---- by stake: the least of -ln(u) / weight, u from (0, 1], are drawn one after the other, each by its share of what
 * is left (Efraimidis and Spirakis 2006) */

struct party {
    uint64_t stake; /* of its active members */
    double share;   /* of all, within the cap */
    bool capped;
};

struct ticket {
    double time;
    unsigned member;
};

struct stake_draw {
    const struct federation_state *s;
    struct party *parties; /* owned; by the number of their founder */
    struct prng prng;
    unsigned wanted, count;
    struct ticket *tickets; /* owned; the least so far, by time */
};

static void add_stake(void *context, unsigned index, const struct member *m)
{
    struct stake_draw *d = context;

    d->parties[state_party(d->s, index)].stake += m->card.stake;
}

/* Whoever's share of what is left exceeds the cap gets the cap, and the others share the rest (as aggregate/rank.c). */
static void share_out(struct party *parties, unsigned count, uint64_t cap_ppm)
{
    double stakes = 0, left = 1, cap;
    unsigned there = 0;
    bool again = true;

    for (unsigned i = 0; i < count; i++) {
        stakes += (double)parties[i].stake;
        there += parties[i].stake > 0;
    }
    cap = (double)cap_ppm / PPM;
    cap = MUTATE(STATE_COHORT_WITHOUT_CAP, 2, there > 0 && cap < 1.0 / there ? 1.0 / there : cap);
    while (again) {
        again = false;
        for (unsigned i = 0; i < count; i++) {
            struct party *p = &parties[i];
            if (p->capped || (double)p->stake * left <= cap * stakes)
                continue;
            p->capped = again = true;
            p->share = cap;
            left -= cap;
            stakes -= (double)p->stake;
        }
    }
    for (unsigned i = 0; i < count; i++) {
        if (!parties[i].capped && parties[i].stake > 0)
            parties[i].share = (double)parties[i].stake / stakes * left;
    }
}

static void take_ticket(void *context, unsigned index, const struct member *m)
{
    struct stake_draw *d = context;
    const struct party *p = &d->parties[state_party(d->s, index)];
    double u = ((double)(prng_next(&d->prng) >> 11) + 1) / 9007199254740992.0;
    double weight = p->share * ((double)m->card.stake / (double)p->stake);
    double time = weight > 0 ? -dmath_log(u) / weight : 1e300;
    unsigned at = d->count;

    if (d->count == d->wanted && (d->wanted == 0 || time >= d->tickets[at - 1].time))
        return;
    if (d->count == d->wanted)
        at--;
    else
        d->count++;
    for (; at > 0 && d->tickets[at - 1].time > time; at--)
        d->tickets[at] = d->tickets[at - 1];
    d->tickets[at] = (struct ticket){time, index};
}

static void draw_by_stake(struct federation_state *s, enum pot pot, uint64_t seed, unsigned wanted)
{
    struct stake_draw d = {.s = s, .wanted = wanted};

    d.parties = mem_array(s->member_count, sizeof d.parties[0]);
    d.tickets = mem_array(wanted, sizeof d.tickets[0]);
    prng_seed(&d.prng, seed);
    see_pot(s, pot, add_stake, &d);
    share_out(d.parties, s->member_count, s->policy.stake_cap_ppm);
    see_pot(s, pot, take_ticket, &d);
    for (unsigned i = 0; i < d.count; i++)
        s->cohort[s->cohort_count++] = d.tickets[i].member;
    mem_free(d.parties);
    mem_free(d.tickets);
}

/* ---- the draw */

static void draw(struct federation_state *s, enum pot pot, uint64_t seed)
{
    unsigned wanted = s->policy.cohort - s->cohort_count;

    if (s->policy.cohort_weights == COHORT_BY_STAKE)
        draw_by_stake(s, pot, seed, wanted);
    else
        draw_equally(s, pot, seed, wanted);
}

static int compare(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;

    return x < y ? -1 : x > y;
}

/* Its seed is not that of other draws (state/recount.h, state/candidates.h). */
void cohort_draw(struct federation_state *s)
{
    struct digest root = merkle_frontier_root(&s->log);
    uint64_t seed = MUTATE(STATE_COHORT_DRAWN_BY_NOBODY, 0, be64_get(root.b + 16));

    if (s->policy.cohort == 0 || MUTATE(STATE_COHORT_STAYS, s->cohort_count > 0, false))
        return;
    s->cohort_count = 0;
    s->cohort = mem_resize(s->cohort, s->policy.cohort, sizeof s->cohort[0]);
    if (MUTATE(STATE_COHORT_KNOWS_NO_VALIDATORS, true, s->policy.cohort_validators == COHORT_VALIDATORS_DRAWN)) {
        draw(s, POT_ALL, seed);
    } else {
        draw(s, POT_VALIDATORS, seed);
        draw(s, POT_OTHERS, seed + 1);
    }
    qsort(s->cohort, s->cohort_count, sizeof s->cohort[0], compare);
}

/* ---- who was drawn */

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
    unsigned place = sorted_place(s->cohort, s->cohort_count, sizeof s->cohort[0], 0, member);

    return place < s->cohort_count && s->cohort[place] == member;
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
