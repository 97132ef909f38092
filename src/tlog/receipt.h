#ifndef PRISMFED_TLOG_RECEIPT_H
#define PRISMFED_TLOG_RECEIPT_H

#include "tlog/trust_policy.h"

/* The proof of one entry in COSE (RFC 9942): the entry itself, which is a COSE_Sign1, with receipts in its unprotected
 * header (394). A receipt is a COSE_Sign1 of one validator over the root of the log, which is detached:
 *
 *     protected {1: -8, 4: kid, 395: 1 (RFC9162_SHA256)}, unprotected {396: {-1: [<<[size, index, [node...]]>>]}}
 *
 * What a validator signs does not depend on the entry, so its signature stands in the checkpoint, as a line of a type
 * of our own (0xff), which others pass over. */

enum { RECEIPTS_MAX = CERTIFICATE_VOTES_MAX };

struct receipt {
    struct digest kid;
    uint8_t signature[SIGNATURE_SIZE];
    uint64_t size, index;
    struct merkle_proof path; /* at least one node: a log has its genesis document, and an entry */
};

/* Appends the line of a validator's signature for receipts from this checkpoint. */
void receipt_sign(const struct secret_key *key, const struct checkpoint *c, struct buf *out);
/* The signature that this validator has put on the note. Errors of note_signature(); ERR_SIGNATURE. */
enum err receipt_signature(const struct note *n, const struct public_key *key, const struct digest *root,
                           uint8_t signature[SIGNATURE_SIZE]) MUST_CHECK;

void receipt_encode(const struct receipt *r, struct buf *out);
/* Strict; checks no signature. Errors of the CBOR reader; ERR_UNKNOWN: another algorithm or structure. */
enum err receipt_parse(struct bytes in, struct receipt *out) MUST_CHECK;
/* Does it show that the leaf is in a tree whose root this key signed? ERR_MISMATCH: it is another key; ERR_RANGE: the
 * path does not fit the size; ERR_SIGNATURE. */
enum err receipt_verify(const struct receipt *r, const struct digest *leaf, const struct public_key *key) MUST_CHECK;

/* Appends the entry with receipts (encoded) in its unprotected header. ERR_SYNTAX: the entry is no COSE_Sign1. */
enum err receipt_attach(struct bytes entry, const struct bytes *receipts, unsigned count, struct buf *out) MUST_CHECK;
/* The other way round: appends the entry to *entry; receipts: views into in, *count of at most RECEIPTS_MAX. Errors of
 * the CBOR reader; ERR_MISSING: it has no receipts. */
enum err receipt_detach(struct bytes in, struct buf *entry, struct bytes receipts[RECEIPTS_MAX],
                        unsigned *count) MUST_CHECK;

/* Is the entry in the log, as far as this policy believes its cosigners? Each receipt counts for the witness with its
 * key. ERR_OK; ERR_QUORUM; ERR_DUPLICATE: two of one key; what is wrong with a receipt of a known key. *verified: one
 * of them. */
enum err receipt_judge(const struct trust_policy *p, struct bytes entry, const struct bytes *receipts, unsigned count,
                       struct trust_finding *finding, struct receipt *verified, struct diag *diag) MUST_CHECK;

#endif
