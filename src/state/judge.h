#ifndef PRISMFED_STATE_JUDGE_H
#define PRISMFED_STATE_JUDGE_H

#include "ledger/entry.h"
#include "state/state.h"

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

#endif
