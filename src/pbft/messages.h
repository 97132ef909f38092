#ifndef PRISMFED_PBFT_MESSAGES_H
#define PRISMFED_PBFT_MESSAGES_H

#include "pbft/batch.h"
#include "pbft/proof.h"
#include "pbft/statement.h"

/* On the wire every message is a CBOR array that begins with its type. cose: the claim (statement.h) that it makes.
 *
 *   [1, cose, [request...]]          PRE-PREPARE; digest: SHA-256 of the array of requests (batch.h)
 *   [2, cose, cose]                  PREPARE, and the PRE-PREPARE that it is for
 *   [3, vote]                        COMMIT
 *   [4, cose]                        CHECKPOINT; view 0, digest: the block id
 *   [5, cose, body]                  VIEW-CHANGE; sequence: h, digest: SHA-256 of the body
 *   [6, cose, body]                  NEW-VIEW; sequence: h of the new view, digest: SHA-256 of the whole body; this one
 *                                    may be a short one (view_change_format.h)
 *   [7, cose]                        FETCH; digest: of the batch that is missing
 *   [8, [request...]]                BATCH
 *   [9, cose, body]                  STATUS; sequence: the highest decided one, digest: SHA-256 of the body (status.c)
 *   [10, h, block id, signatures]    a stable checkpoint, with the signatures of a quorum under CHECKPOINT (proof.h)
 *   [11, cose]                       QUERY; view 0, sequence: the checkpoint to get to, digest: nonce of a wiped
 * replica [12, cose]                       REPORT; the highest view and sequence, digest: SHA-256(nonce | asker) */

/* Takes [type, first] apart; a view into in. */
enum err message_open(struct bytes in, enum message_type type, struct bytes *first) MUST_CHECK;
/* The same with a claim, as claim_parse() reads it. rest (may be NULL): [type, cose, rest], where rest is not looked at
 * and may be anything: who reads it refuses what is not one item. */
enum err message_parse(const struct members *m, struct bytes in, enum message_type type, struct claim *out,
                       struct bytes *rest) MUST_CHECK;
/* [type, cose], or [type, cose, rest] where rest is not empty. One holding is the caller's. */
struct blob *message_make(const struct members *m, const struct claim *claim, struct bytes rest);
/* The same where rest is another claim. */
struct blob *message_pair(const struct members *m, const struct claim *claim, const struct claim *beside);

/* Which membership epoch does the statement in a message name? A hint: nothing is verified. False: none. */
bool message_membership_epoch(struct bytes message, uint64_t *epoch);
/* ERR_MISMATCH: the digest of the body is not the one that the statement names. */
enum err message_body_check(const struct claim *claim, struct bytes body) MUST_CHECK;
/* Splits [type, cose, body] and checks the statement (its digest is that of the body) but for the signature. */
enum err message_split(const struct members *m, struct bytes message, enum message_type type, struct claim *claim,
                       struct bytes *body) MUST_CHECK;

#endif
