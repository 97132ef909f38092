#ifndef PRISMFED_STATE_EXECUTE_H
#define PRISMFED_STATE_EXECUTE_H

#include "state/epoch_outcome.h"
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

/* The same above a state that stays as it is. Not executed again when `cache` (NULL: none) remembers it. One holding is
 * the caller's. */
struct executed;
struct executed_cache;
struct executed *state_execute_above(const struct executed *below, struct entry *const *entries, unsigned count,
                                     struct executed_cache *cache);

/* A decided block from somebody else: header against s (ERR_STALE and ERR_AGAIN: another height is next), certificate
 * against the validators of s, then execution; ERR_MISMATCH and s untouched when the result is not the header's. */
enum err state_apply_block(struct federation_state *s, const struct block *block, struct execution *out) MUST_CHECK;
/* Its first part alone: is it the header of a block above s? */
enum err state_check_header(const struct federation_state *s, const struct block_header *header) MUST_CHECK;
/* The last part of it alone: header and certificate were checked. entries: those of the block, opened; borrowed. */
enum err state_apply_certified(struct federation_state *s, const struct block *block, struct entry *const *entries,
                               struct execution *out) MUST_CHECK;

#endif
