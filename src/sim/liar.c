#include "sim/liar.h"

#include <string.h>

#include "base/dmath.h"
#include "fed/messages.h"

enum { CLAIMED_COST = 7, CLAIMED_DELTA_PPM = 900000, IPM_STRENGTH = 1000 };

static const double ALIE_DEVIATIONS = 1.5;

/* Who has an UPDATE, or in SCORE a row, for the liar to repeat: the first other member; -1: nobody. */
static int first_other(const struct liar *liar, bool scoring)
{
    const struct federation_state *s = liar->state;

    for (unsigned i = 0; i < s->contribution_count; i++) {
        const struct contribution *c = &s->contributions[i];

        if (c->member != liar->self && (scoring ? c->costs != NULL : c->offers != NULL && c->offer_count > 0))
            return (int)c->member;
    }
    return -1;
}

bool liar_waits(const struct liar *liar, bool scoring)
{
    return liar->lie == (scoring ? LIE_MIMIC_SCORES : LIE_COPY_CAT) && first_other(liar, scoring) < 0;
}

/* ---- scores */

static uint64_t highest(const uint64_t *costs, unsigned count)
{
    uint64_t high = 0;

    for (unsigned i = 0; i < count; i++)
        high = costs[i] > high ? costs[i] : high;
    return high;
}

static unsigned lowest_at(const uint64_t *costs, unsigned count)
{
    unsigned at = 0;

    for (unsigned i = 1; i < count; i++)
        at = costs[i] < costs[at] ? i : at;
    return at;
}

static uint64_t within(double cost)
{
    return cost < (double)BODY_NUMBER_MAX ? (uint64_t)cost : (uint64_t)BODY_NUMBER_MAX;
}

/* From the lowest cost on, or from the highest if there is more to come: base + factor * (max - cost). */
static void invert(uint64_t *costs, unsigned count, double factor)
{
    uint64_t high = highest(costs, count), low = costs[lowest_at(costs, count)];

    for (unsigned i = 0; i < count; i++)
        costs[i] = within((double)(factor > 1 ? high : low) + factor * (double)(high - costs[i]));
}

static void worsen_best(uint64_t *costs, unsigned count)
{
    double mean = 0, sum = 0;

    for (unsigned i = 0; i < count; i++)
        mean += (double)costs[i];
    mean /= count;
    for (unsigned i = 0; i < count; i++)
        sum += ((double)costs[i] - mean) * ((double)costs[i] - mean);
    if (count > 1) {
        unsigned best = lowest_at(costs, count);
        costs[best] = within((double)costs[best] + ALIE_DEVIATIONS * dmath_sqrt(sum / (count - 1)));
    }
}

static void repeat_another(const struct liar *liar, uint64_t *costs, unsigned count)
{
    int other = first_other(liar, true);

    if (other >= 0)
        memcpy(costs, state_contribution(liar->state, (unsigned)other)->costs, count * sizeof costs[0]);
}

static void favour_friends(const struct liar *liar, uint64_t *costs, unsigned count)
{
    uint64_t high = highest(costs, count);

    for (unsigned i = 0; i < count; i++) {
        int member = state_find(liar->state, &liar->state->candidates[i].fingerprint);
        costs[i] = member >= 0 && liar->is_friend[member] ? 1 : within((double)costs[i] + (double)high);
    }
}

void liar_costs(const struct liar *liar, uint64_t *costs, unsigned count)
{
    bool is_present = liar->state->candidate_count == count; /* else it has scored what is over by now */

    if (count == 0)
        return;
    if (liar->lie == LIE_INVERTED_SCORES)
        invert(costs, count, 1);
    else if (liar->lie == LIE_IPM_SCORES)
        invert(costs, count, IPM_STRENGTH);
    else if (liar->lie == LIE_ALIE_SCORES)
        worsen_best(costs, count);
    else if (liar->lie == LIE_MIMIC_SCORES && is_present)
        repeat_another(liar, costs, count);
    else if (liar->lie == LIE_COLLUDING_SCORES && is_present)
        favour_friends(liar, costs, count);
}

/* ---- claims */

static void inflate(struct cycle_result *result)
{
    for (unsigned i = 0; i < result->count; i++)
        result->best[i].cost = CLAIMED_COST + i;
    result->delta_ppm = CLAIMED_DELTA_PPM;
}

static void negate(struct cycle_result *result)
{
    struct cycle_candidate turned[CYCLE_MIGRANTS_MAX];

    for (unsigned i = 0; i < result->count; i++) {
        struct cycle_candidate *c = &turned[result->count - 1 - i];
        *c = result->best[i];
        c->cost = 2 * result->incumbent_cost > c->cost ? 2 * result->incumbent_cost - c->cost : 1;
    }
    memcpy(result->best, turned, result->count * sizeof turned[0]);
    result->delta_ppm = -result->delta_ppm;
}

static void copy(const struct liar *liar, struct cycle_result *result)
{
    const struct federation_state *s = liar->state;
    int other = first_other(liar, false);

    if (other < 0) {
        result->count = 1;
        result->best[0] = (struct cycle_candidate){s->incumbent, result->incumbent_cost};
        result->delta_ppm = 0;
        return;
    }
    const struct contribution *c = state_contribution(s, (unsigned)other);
    result->count = c->offer_count < CYCLE_MIGRANTS_MAX ? c->offer_count : CYCLE_MIGRANTS_MAX;
    for (unsigned i = 0; i < result->count; i++) {
        uint64_t claim = c->offers[i].claim;
        result->best[i] = (struct cycle_candidate){c->offers[i].genome, claim > 1 ? claim - 1 : 1};
    }
    result->delta_ppm = c->delta_ppm;
}

static void repeat_first(struct cycle_result **kept, struct cycle_result *result)
{
    if (*kept == NULL) {
        *kept = mem_alloc(sizeof **kept);
        **kept = *result;
    }
    *result = **kept;
}

void liar_claims(const struct liar *liar, struct cycle_result *result)
{
    if (liar->lie == LIE_INFLATED_CLAIMS)
        inflate(result);
    else if (liar->lie == LIE_NEGATED_CLAIMS)
        negate(result);
    else if (liar->lie == LIE_COPY_CAT)
        copy(liar, result);
    else if (liar->lie == LIE_STALE)
        repeat_first(liar->kept, result);
}

/* ---- recounts */

bool liar_recount(enum lie lie, uint64_t claimed, bool disclosed, uint64_t *cost)
{
    if (lie != LIE_FALSE_RECOUNTS)
        return disclosed;
    *cost = claimed < (uint64_t)BODY_NUMBER_MAX ? claimed + 1 : claimed - 1;
    return true;
}

/* ---- messages */

bool liar_withholds(enum lie lie, struct bytes message)
{
    return lie == LIE_MUTE && pbft_owns(message);
}

/* The same UPDATE, but for a delta that differs by one millionth. */
static struct blob *forge(const struct secret_key *key, struct envelope *e)
{
    struct buf body = {0}, envelope = {0};
    struct blob *message = NULL;
    struct update_body update;

    if (update_body_decode(e->body, &update) == ERR_OK) {
        update.delta_ppm += update.delta_ppm < PPM / 2 ? 1 : -1;
        update_body_encode(&update, &body);
        e->body = bytes_of_buf(&body);
        envelope_sign(key, e, &envelope);
        message = message_entry(bytes_of_buf(&envelope));
    }
    buf_free(&envelope);
    buf_free(&body);
    return message;
}

struct blob *liar_double(enum lie lie, const struct secret_key *key, struct bytes message)
{
    struct cose_sign1 cose;
    struct bytes entry;
    struct envelope e;

    if (lie != LIE_DOUBLE_SIGN || message_entry_decode(message, &entry) != ERR_OK)
        return NULL;
    if (envelope_parse(entry, &e, &cose) != ERR_OK || e.kind != ENTRY_UPDATE ||
        !digest_equal(&e.node_fingerprint, &key->fingerprint))
        return NULL;
    return forge(key, &e);
}
