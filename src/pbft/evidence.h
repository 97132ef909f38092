#ifndef PRISMFED_PBFT_EVIDENCE_H
#define PRISMFED_PBFT_EVIDENCE_H

#include "ledger/certificate.h"

/* Two COSE_Sign1 items by which one of the voters said two things where a correct replica says
 * one: both PRE-PREPARE, PREPARE, COMMIT or CHECKPOINT, of the same federation, membership
 * epoch, view and sequence, with different digests. */
struct contradiction {
    struct cose_sign1 first, second; /* views; of one kid */
    uint64_t membership_epoch;
    struct digest federation_id;
};

/* Strictly; verifies nothing. ERR_MISMATCH: no contradiction (the same statement twice proves nothing); ERR_TYPE: of a
 * kind that may differ. */
enum err evidence_parse(struct bytes a, struct bytes b, struct contradiction *out) MUST_CHECK;
/* Did this key sign both? */
enum err evidence_verify(const struct contradiction *c, const struct public_key *key) MUST_CHECK;
/* Both: on ERR_OK *culprit is the index of the signer. ERR_UNKNOWN: it is none of these voters. */
enum err evidence_check(struct bytes a, struct bytes b, const struct voters *voters, unsigned *culprit) MUST_CHECK;

#endif
