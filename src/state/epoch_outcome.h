#ifndef PRISMFED_STATE_EPOCH_OUTCOME_H
#define PRISMFED_STATE_EPOCH_OUTCOME_H

#include "codec/json.h"
#include "state/decision.h"

/* What an epoch was, told when it has ended. Nothing decides by it. */

struct aligned_update {
    unsigned member;
    uint64_t height;
    int64_t delta_ppm;
    uint64_t staleness;
    struct digest leaf_hash;
};

/* What the block that ends an epoch decided. */
struct epoch_outcome {
    uint64_t epoch;
    bool anchored; /* false: abandoned, the incumbent stands */
    bool changed;  /* a new incumbent */
    bool rolled_back;
    uint64_t rollback_epoch;
    int64_t aggregated_delta_ppm;
    struct digest incumbent; /* hash, after the decision */
    unsigned update_count;
    struct aligned_update *updates;          /* in aligned order; owned */
    unsigned candidates, scored;             /* scored: rows that decided */
    unsigned left_out;                       /* offers that no row is about: there was no room for them */
    unsigned absent, quarantined, convicted; /* members, as the next epoch begins */
    unsigned false_claims;                   /* members that were found with one while it ran */
    bool has_held; /* as the next epoch begins, incumbents wait for the governors; the newest one is */
    struct digest held;
    unsigned stale; /* updates that were made for an earlier epoch */
};

/* What the ending epoch was, from s before its contributions are cleared. */
void outcome_fill(const struct federation_state *s, const struct decision *d, struct epoch_outcome *out);
/* The members' standing, and what is held, from s after it. */
void outcome_count(const struct federation_state *s, struct epoch_outcome *out);

/* {"anchored", "changed", "aggregated_delta", "incumbent", "genes" (of it: shared_genome_values()), "rolled_back_to",
 * "candidates", "participants" (updates), "scored", "held" (the genome that waits for
 * FEDERATED_APPLY, if any), "left_out" (if any), "stale", "absent", "quarantined", "convicted",
 * "false_claims", "next_cohort" (where the policy has cohorts), "aligned_updates":
 * [{node_id, ledger_height, delta_score, anchor_hash, staleness}]}; s: after the block. New reference. */
json_t *outcome_json(const struct epoch_outcome *o, const struct federation_state *s);
/* The names of those in the state's cohort, in the order of joining. New reference. */
json_t *cohort_json(const struct federation_state *s);

#endif
