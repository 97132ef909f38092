#ifndef PRISMFED_TLOG_WITNESS_H
#define PRISMFED_TLOG_WITNESS_H

#include "tlog/trust_policy.h"

/* What is said to a witness, and what it answers (C2SP tlog-witness, add-checkpoint). A witness cosigns what continues
 * the last tree that it cosigned of this log, and nothing else: so it never cosigns two histories. */

/* The request: old size, the proof that the checkpoint's tree continues it, and the signed checkpoint. Appended. */
void witness_request(uint64_t old, const struct merkle_proof *proof, struct bytes note, struct buf *out);
/* Of a refusal (409): the size that the witness has. ERR_SYNTAX. */
enum err witness_size(struct bytes answer, uint64_t *out) MUST_CHECK;
/* Of consent (200): lines of signatures. Appends the note with the cosignature of this key in the place of an earlier
 * one of it; lines of other keys are passed over. ERR_SYNTAX; ERR_MISSING: none of the key; ERR_SIGNATURE: it does not
 * verify; ERR_RANGE: it has no time; ERR_DUPLICATE. */
enum err witness_add(struct bytes note, const struct note_key *key, struct bytes answer, struct buf *out) MUST_CHECK;

#endif
