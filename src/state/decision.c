#include "base/dmath.h"
#include "state/decision.h"

#include "base/mutate.h"

/* A site's weight: its stake in parts per million, less the discount for an UPDATE that came late. Where cohorts are
 * drawn by stake it has counted already.
 * Never zero, so that a matrix always has some weight. */
static uint64_t row_weight(const struct federation_state *s, unsigned member)
{
    uint64_t discount = s->policy.stale_discount_ppm * state_contribution(s, member)->staleness;
    uint64_t stake = MUTATE(STATE_STAKE_COUNTS_TWICE, false, s->policy.cohort_weights == COHORT_BY_STAKE)
                         ? 1
                         : state_member(s, member)->card.stake;
    uint64_t weight = stake * (discount < PPM ? PPM - discount : 0);
    return weight > 0 ? weight : 1;
}

/* A party's number among the rows: that of its first row. */
static unsigned party_number(const struct federation_state *s, const unsigned *members, unsigned sites)
{
    unsigned number = 0;

    while (state_party(s, members[number]) != state_party(s, members[sites]))
        number++;
    return number;
}

/* Rows of those that weigh, in the order of members; columns in aligned order. */
static struct rank_matrix matrix_build(const struct federation_state *s, uint64_t *costs, uint64_t *stakes,
                                       struct digest *hashes, unsigned *parties)
{
    unsigned sites = 0, members[RANK_SITES_MAX];
    for (unsigned i = 0; i < s->contribution_count; i++) {
        const struct contribution *c = &s->contributions[i];
        if (!c->scored || !state_weighs(s, c->member))
            continue;
        for (unsigned k = 0; k < s->candidate_count; k++)
            costs[sites * s->candidate_count + k] = c->costs[k];
        members[sites] = c->member;
        parties[sites] = party_number(s, members, sites);
        stakes[sites++] = row_weight(s, c->member);
    }
    for (unsigned k = 0; k < s->candidate_count; k++)
        hashes[k] = s->candidates[k].hash;
    return (struct rank_matrix){
        .sites = sites,
        .candidates = s->candidate_count,
        .costs = costs,
        .stakes = stakes,
        .stake_cap_ppm = s->policy.stake_cap_ppm,
        .trim_ppm = s->policy.trim_ppm,
        .hashes = hashes,
        .rule = s->policy.rule,
        .parties = parties,
    };
}

/* The guard: the rule minimises ranks, and ranks know no magnitudes; a winner whose (weighted median) cost is more
 * than the margin above the incumbent's does not pass. */
static bool guard_passes(const struct federation_state *s, int64_t gain_ppm)
{
    return MUTATE(STATE_NO_GUARD, true, gain_ppm >= -(int64_t)s->policy.margin_ppm);
}

int64_t decision_rank(const struct federation_state *s, struct rank_result *out)
{
    unsigned rows = state_weighing_rows(s);
    uint64_t *costs = mem_array((size_t)rows * s->candidate_count, sizeof costs[0]);
    uint64_t *stakes = mem_array(rows, sizeof stakes[0]);
    struct digest *hashes = mem_array(s->candidate_count, sizeof hashes[0]);
    unsigned *parties = mem_array(rows, sizeof parties[0]);
    struct rank_matrix matrix = matrix_build(s, costs, stakes, hashes, parties);
    rank_reduce(&matrix, out);
    int64_t gain = rank_gain_ppm(&matrix, out, 0, out->winner);
    mem_free(costs);
    mem_free(stakes);
    mem_free(hashes);
    mem_free(parties);
    return gain;
}

struct decision decision_make(const struct federation_state *s, struct rank_result *ranks)
{
    struct decision d = {.anchored = true};
    int64_t gain = decision_rank(s, ranks);
    bool is_better = rank_is_better(ranks, ranks->winner, 0); /* a lower hash alone makes no new incumbent */
    if (MUTATE(STATE_TIE_CHANGES, ranks->winner != 0, is_better) && guard_passes(s, gain)) {
        d.winner = ranks->winner;
        d.gain_ppm = gain;
    }
    return d;
}

bool decision_restores(const struct federation_state *s, const struct decision *d, uint64_t *epoch)
{
    if (d->winner == 0 || d->gain_ppm <= (int64_t)s->policy.rollback_ppm)
        return false;
    for (unsigned i = s->anchor_count; i-- > 0;) {
        if (digest_equal(&s->anchors[i].hash, &s->candidates[d->winner].hash)) {
            *epoch = s->anchors[i].epoch;
            return true;
        }
    }
    return false;
}
