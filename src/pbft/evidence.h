#ifndef PRISMFED_PBFT_EVIDENCE_H
#define PRISMFED_PBFT_EVIDENCE_H

#include "ledger/certificate.h"

/* Two COSE_Sign1 items by which one of the voters said two things where a correct replica says
 * one: both PRE-PREPARE, PREPARE, COMMIT or CHECKPOINT, of the same federation, membership
 * epoch, view and sequence, with different digests. On ERR_OK *culprit is its index. ERR_MISMATCH: no contradiction
 * (the same statement twice proves nothing); ERR_TYPE: of a kind that may differ. */
enum err evidence_check(struct bytes a, struct bytes b, const struct voters *voters, unsigned *culprit) MUST_CHECK;

#endif
