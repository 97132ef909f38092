#ifndef PRISMFED_PBFT_MESSAGES_H
#define PRISMFED_PBFT_MESSAGES_H

#include "codec/cbor.h"
#include "pbft/claim_form.h"
#include "pbft/limits.h"

/* On the wire every message is a CBOR array that begins with its type; what it claims is in a
 * COSE_Sign1 over one form of payload:
 *   {"view", "digest", "sequence", "federation_id", "membership_epoch"}
 * COMMIT is the vote of ledger/certificate.h. In every statement the protected header is a function of signer
 * and type, so that (statement, signer, signature) gives back the exact signed bytes: a proof carries 64 bytes for
 * each signature.
 *
 *   [1, cose, [request...]]            digest = SHA-256 of the array of requests
 *   [2, cose, cose of the PRE-PREPARE]
 *   [3, vote]
 *   [4, cose]                          view 0, digest = block id
 *   [5, cose, body]                    sequence = h, digest = SHA-256 of the body
 *   [6, cose, body]                    sequence = h of the new view, digest = SHA-256 of the whole body; the body may
 * be a short one (view_changes.h) [7, cose]                          digest = of the batch that is missing [8,
 * [request...]] [9, cose, body]                    sequence = highest decided, digest = SHA-256 of the body (status.c)
 *   [10, h, block id, signatures]      a stable checkpoint: signatures of a quorum under 4
 *   [11, cose]                         view 0, sequence = checkpoint to get to, digest = nonce of a wiped replica
 *   [12, cose]                         what it is told: highest view and sequence, digest = SHA-256(nonce | asker)
 *
 * signatures: [[replica, signature]...] in order of replica. */
enum message_type {
    MESSAGE_PRE_PREPARE = 1,
    MESSAGE_PREPARE,
    MESSAGE_COMMIT,
    MESSAGE_CHECKPOINT,
    MESSAGE_VIEW_CHANGE,
    MESSAGE_NEW_VIEW,
    MESSAGE_FETCH,
    MESSAGE_BATCH,
    MESSAGE_STATUS,
    MESSAGE_STABLE,
    MESSAGE_QUERY,
    MESSAGE_REPORT,
    MESSAGE_TYPES_END
};

#define PBFT_CONTENT_TYPE "application/prismfed.pbft+cbor"

struct statement {
    enum message_type type;
    uint64_t view, sequence;
    struct digest digest;
};

/* A statement with the one who made it. */
struct claim {
    struct statement says;
    unsigned signer;
    uint8_t signature[SIGNATURE_SIZE];
};

/* By type; the same for everybody. */
struct claim_forms {
    struct claim_form of[MESSAGE_TYPES_END];
};
void claim_forms_init(struct claim_forms *forms);

/* The replicas of one membership epoch of one federation. */
struct members {
    struct digest federation_id;
    uint64_t membership_epoch;
    unsigned n, f, quorum;
    struct public_key keys[PBFT_REPLICAS_MAX];
    struct digest fingerprints[PBFT_REPLICAS_MAX];
    struct verify_cache *verify_cache; /* borrowed; NULL: none */
    /* By members_prepare(), or empty. */
    const struct claim_forms *forms;
    uint8_t initials[PBFT_REPLICAS_MAX];             /* of the fingerprints */
    uint8_t issuers[PBFT_REPLICAS_MAX][ISSUER_SIZE]; /* hex of the fingerprints */
};

/* To be called once for members that are used often: messages are then read and written faster, with the same result.
 * Replicas must not change afterwards; forms are borrowed. */
void members_prepare(struct members *m, const struct claim_forms *forms);
unsigned members_primary(const struct members *m, uint64_t view);

/* Subject of the COSE_Sign1; NULL for types that are not signed. */
const char *statement_subject(enum message_type type);
void statement_payload(const struct members *m, const struct statement *s, struct buf *out);
/* Signs as replica self. */
void statement_sign(const struct members *m, unsigned self, const struct secret_key *key, const struct statement *s,
                    struct claim *out);
/* The exact signed COSE_Sign1. */
void claim_encode(const struct members *m, const struct claim *c, struct buf *out);
/* Everything but the signature: type, federation, membership epoch, a member's kid, our form of header, ranges. */
enum err claim_parse(const struct members *m, struct bytes cose, enum message_type type, struct claim *out) MUST_CHECK;
enum err claim_verify(const struct members *m, const struct claim *c) MUST_CHECK;

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

/* Array of byte strings. */
void batch_encode(const struct bytes *requests, unsigned count, struct buf *out);
/* Views into in; out has room for PBFT_BATCH_MAX. */
enum err batch_decode(struct bytes in, struct bytes *out, unsigned *count) MUST_CHECK;

/* `signatures` under one statement. signers ascend and are none of them `except` (n for nobody). */
void signatures_encode(struct cbor_writer *w, const struct claim *claims, unsigned count);
/* Reads exactly `need` of them; with verify false the signatures themselves are not looked at. The reader
 * gets the error. */
void signatures_check(struct cbor_reader *r, const struct members *m, const struct statement *s, unsigned need,
                      unsigned except, bool verify);

/* That `digest` was prepared at `sequence` in `view` (OSDI'99 section 4.4, an element of P):
 * [sequence, view, digest, signature of the PRE-PREPARE, signatures of quorum - 1 PREPAREs]. */
struct proof {
    uint64_t sequence, view;
    struct digest digest;
};
void proof_encode(const struct claim *pre_prepare, const struct claim *prepares, unsigned count, struct buf *out);
/* Reads one; the reader gets the error. */
struct proof proof_read(struct cbor_reader *r, const struct members *m, bool verify);
/* Of one that was read before. */
struct proof proof_reread(struct cbor_reader *r);

#endif
