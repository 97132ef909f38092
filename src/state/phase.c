#include "state/phase.h"

#include <string.h>

#include "base/mutate.h"
#include "state/archive.h"
#include "state/candidates.h"
#include "state/cohort.h"
#include "state/governance.h"
#include "state/recount.h"

/* ---- COLLECT to SCORE */

static void collect_close(struct federation_state *s)
{
    recount_draw_updates(s);
    candidates_align(s);
    s->phase = PHASE_SCORE;
    s->attempt = 0;
}

/* ---- the end of an epoch */

static void remember(struct federation_state *s, const struct anchor *newest)
{
    unsigned kept = s->anchor_count < ANCHORS_KEPT ? s->anchor_count : ANCHORS_KEPT - 1;
    struct anchor *anchors = shared_new(kept + 1, sizeof anchors[0]);

    memcpy(anchors, s->anchors + (s->anchor_count - kept), kept * sizeof anchors[0]);
    anchors[kept] = *newest;
    shared_drop(s->anchors);
    s->anchors = anchors;
    s->anchor_count = kept + 1;
}

static struct anchor anchor_of(const struct federation_state *s, unsigned candidate)
{
    const struct candidate *c = &s->candidates[candidate];

    return (struct anchor){s->epoch, c->genome, c->hash, archive_origin(s, c)};
}

/* What the epoch ends with: the winner, the incumbent, or what the governors have signed off. A winner that needs their
 * word is held; one that comes while another one is put in place was compared with an incumbent that is none any more,
 * and is held where the policy asks for approval, else forgotten. */
static struct decision settle(struct federation_state *s, const struct decision *d)
{
    struct decision settled = *d;
    struct governance *g = s->governance;

    if (g == NULL || !d->anchored)
        return settled;
    settled.governed = g->due != NULL;
    if (settled.governed) {
        settled.rolled_back = g->due_from_epoch > 0;
        s->rollback_epoch = g->due_from_epoch;
    }
    bool waits = MUTATE(STATE_NO_APPROVAL, false, g->approval || d->held);
    if (d->winner != 0 && waits && !d->rolled_back) {
        struct anchor winner = anchor_of(s, d->winner);
        governance_hold(s, &winner);
    }
    if (settled.governed || (waits && !d->rolled_back)) {
        settled.winner = 0;
        settled.gain_ppm = 0;
    }
    return settled;
}

static void anchor_epoch(struct federation_state *s, const struct decision *d, const struct rank_result *ranks)
{
    struct anchor anchor = d->governed ? *s->governance->due : anchor_of(s, d->winner);

    anchor.epoch = s->epoch;
    s->incumbent = anchor.incumbent;
    s->incumbent_hash = anchor.hash;
    remember(s, &anchor);
    archive_renew(s, ranks);
    if (d->governed)
        governance_done(s);
}

static void contributions_clear(struct federation_state *s)
{
    while (s->contribution_count > 0)
        contribution_drop(s, s->contributions[s->contribution_count - 1].member);
    shared_drop(s->candidates);
    s->candidates = NULL;
    s->candidate_count = 0;
    s->left_out = 0;
}

/* s->epoch is the new one already. */
static void members_advance(struct federation_state *s)
{
    uint64_t drift = MUTATE(STATE_NO_QUARANTINE, UINT64_MAX, s->policy.max_ledger_drift);
    unsigned count;

    for (unsigned page = 0; page < registry_pages(&s->members); page++) {
        const struct member *members = registry_page(&s->members, page, &count);
        for (unsigned i = 0; i < count; i++) {
            if (members[i].status != MEMBER_ABSENT || s->epoch - members[i].last_epoch <= drift)
                continue;
            if (governance_respond(s, VIOLATION_DRIFT, (int)(page * PAGE_MEMBERS + i)) == RESPONSE_WARN)
                continue;
            state_member_change(s, page * PAGE_MEMBERS + i)->status = MEMBER_QUARANTINED;
            members = registry_page(&s->members, page, &count); /* it may be another copy */
        }
    }
}

/* ranks: the scores of the candidates, of an anchored epoch. */
static void epoch_end(struct federation_state *s, const struct decision *decision, const struct rank_result *ranks,
                      struct execution *out)
{
    struct decision d = settle(s, decision);

    out->epoch_ended = true;
    outcome_fill(s, &d, &out->outcome);
    if (d.anchored)
        anchor_epoch(s, &d, ranks);
    contributions_clear(s);
    s->epoch++;
    s->phase = PHASE_COLLECT;
    s->attempt = 0;
    s->rollback_epoch = 0;
    s->aggregated_delta_ppm = 0;
    members_advance(s);
    outcome_count(s, &out->outcome);
}

static void epoch_abandon(struct federation_state *s, struct execution *out)
{
    (void)governance_respond(s, VIOLATION_ABANDONED, -1);
    epoch_end(s, &(struct decision){.anchored = false}, NULL, out);
}

/* ---- SCORE to the decision */

static void score_close(struct federation_state *s, struct execution *out)
{
    struct rank_result ranks;
    struct decision d = decision_make(s, &ranks);
    uint64_t epoch;
    recount_draw_rows(s);
    bool regressed = decision_restores(s, &d, &epoch);
    enum response response = regressed ? governance_respond(s, VIOLATION_REGRESSION, -1) : RESPONSE_WARN;
    if (response != RESPONSE_ROLL_BACK) {
        d.held = response == RESPONSE_HOLD || response == RESPONSE_HALT;
        epoch_end(s, &d, &ranks, out);
        return;
    }
    s->phase = PHASE_ROLLBACK;
    s->attempt = 0;
    s->rollback_epoch = epoch;
    s->aggregated_delta_ppm = d.gain_ppm;
}

static void rollback_close(struct federation_state *s, struct execution *out)
{
    struct decision d = {.anchored = true, .rolled_back = true, .gain_ppm = s->aggregated_delta_ppm};
    struct rank_result ranks = {0};
    unsigned at = s->anchor_count;
    while (at > 0 && s->anchors[at - 1].epoch != s->rollback_epoch)
        at--;
    ASSERT(at > 0);
    while (d.winner < s->candidate_count && !digest_equal(&s->candidates[d.winner].hash, &s->anchors[at - 1].hash))
        d.winner++;
    ASSERT(d.winner > 0 && d.winner < s->candidate_count);
    if (state_weighing_rows(s) > 0) /* else those who scored were convicted since */
        (void)decision_rank(s, &ranks);
    epoch_end(s, &d, &ranks, out);
}

/* ---- the step */

static void phase_close(struct federation_state *s, struct execution *out)
{
    if (s->phase == PHASE_COLLECT)
        collect_close(s);
    else if (s->phase == PHASE_SCORE)
        score_close(s, out);
    else
        rollback_close(s, out);
}

/* Who let the deadline pass is not waited for until it speaks again. */
static void mark_absent(struct federation_state *s)
{
    for (unsigned k = 0; k < cohort_size(s); k++) {
        unsigned i = cohort_member(s, k);
        const struct contribution *c = state_contribution(s, i);
        if (cohort_awaits(s, i) && !(s->phase == PHASE_COLLECT ? c->updated : c->scored))
            state_member_change(s, i)->status = MEMBER_ABSENT;
    }
}

static bool enough(const struct federation_state *s)
{
    bool some = s->phase == PHASE_COLLECT || state_rows(s) > 0;

    return s->phase != PHASE_ROLLBACK && MUTATE(STATE_CLOSE_BELOW_MIN, some, state_suffices(s));
}

void phase_advance(struct federation_state *s, struct execution *out)
{
    bool closing = s->closing, complete = state_phase_complete(s);
    s->closing = false;
    s->restoring = false;
    if (governance_halted(s))
        return;
    if (complete) {
        phase_close(s, out);
    } else if (closing && enough(s)) {
        mark_absent(s);
        phase_close(s, out);
    } else if (closing && ++s->attempt > s->policy.retry_budget) {
        /* Too few spoke for anybody's silence to mean much: nobody becomes absent. */
        epoch_abandon(s, out);
    }
}
