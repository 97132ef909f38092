#ifndef PRISMFED_STATE_EXECUTE_H
#define PRISMFED_STATE_EXECUTE_H

#include "codec/json.h"
#include "state/state.h"
#include "ledger/block.h"
#include "ledger/entry.h"

/* The transition: state + block -> state, the one place where an entry takes effect. Runtime, simulator
 * and compliance validator all come through here. */

/* What a state says of an opened entry, without being changed. An entry may be asked about by any number of states, one
 * after the other; only what depends on the state is looked at again. Its signature was made with one key: a state in
 * which the signer has another one does not find the entry's. */

/* What needs no state but the membership: syntax, federation, member, signature, the block that is named, body. What a
 * backup asks before it votes. On success e->member is the signer. ERR_UNKNOWN: it is no member. */
enum err entry_check(const struct federation_state *s, struct entry *e) MUST_CHECK;
/* The same, and standing, sequence, phase, content. What a primary asks before it proposes. ERR_AGAIN: not yet (an
 * UPDATE or SCORE for a later phase, a CLOSE of a later attempt). */
enum err entry_judge(const struct federation_state *s, struct entry *e) MUST_CHECK;

/* Of a checked entry: what a CLOSE closes; NULL: it is of another kind. */
const struct close_body *entry_closes(const struct entry *e);

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
    unsigned absent, quarantined, convicted; /* members, as the next epoch begins */
    unsigned false_claims;                   /* members that were found with one while it ran */
    unsigned stale;                          /* updates that were made for an earlier epoch */
};

struct execution {
    unsigned count;
    enum err *verdicts; /* one for each entry: ERR_OK, or why it has no effect (it is logged all the same); owned */
    struct digest *leaf_hashes; /* owned */
    struct block_header header; /* of the block, complete */
    bool phase_changed;         /* epoch, phase or attempt is another one */
    bool epoch_ended;
    struct epoch_outcome outcome; /* when epoch_ended */
};

/* Executes entries, borrowed, as the block above s. Total: any bytes may have been opened; what is not admissible gets
 * its verdict. *out must be zero; execution_free() when done. Sets s->height, block_id, log. */
void state_execute(struct federation_state *s, struct entry *const *entries, unsigned count, struct execution *out);
void execution_free(struct execution *e);

/* A decided block from somebody else: header against s (ERR_STALE and ERR_AGAIN: another height is next), certificate
 * against the validators of s, then execution; ERR_MISMATCH and s untouched when the result is not the header's. */
enum err state_apply_block(struct federation_state *s, const struct block *block, struct execution *out) MUST_CHECK;
/* The last part of it alone: header and certificate were checked. entries: those of the block, opened; borrowed. */
enum err state_apply_certified(struct federation_state *s, const struct block *block, struct entry *const *entries,
                               struct execution *out) MUST_CHECK;

/* {"anchored", "changed", "aggregated_delta", "incumbent", "rolled_back_to", "candidates", "participants" (updates),
 * "scored", "stale", "absent", "quarantined", "convicted", "false_claims", "aligned_updates": [{node_id, ledger_height,
 * delta_score, anchor_hash, staleness}]}; s: after the block. New reference. */
json_t *outcome_json(const struct epoch_outcome *o, const struct federation_state *s);

#endif
