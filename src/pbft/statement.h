#ifndef PRISMFED_PBFT_STATEMENT_H
#define PRISMFED_PBFT_STATEMENT_H

#include "codec/cbor.h"
#include "pbft/claim_form.h"
#include "pbft/limits.h"

/* What a replica signs is a statement, in a COSE_Sign1 over one form of payload:
 *   {"view", "digest", "sequence", "federation_id", "membership_epoch"}
 * COMMIT is the vote of ledger/certificate.h. The protected header is a function of signer and type, so that
 * (statement, signer, signature) gives back the exact signed bytes: a proof carries 64 bytes for each signature. */

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
    bool unverified; /* its signature was not looked at */
    uint8_t signature[SIGNATURE_SIZE];
};

/* Who keeps claims that it verified. */
struct claims_kept {
    bool (*has)(const void *keeper, const struct claim *claim); /* exactly this one, its signature too */
    const void *keeper;
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
/* The same into `out`; returns its size. */
size_t claim_put(const struct members *m, const struct claim *c, uint8_t out[CLAIM_SIZE_MAX]);
/* Everything but the signature: type, federation, membership epoch, a member's kid, our form of header, ranges. */
enum err claim_parse(const struct members *m, struct bytes cose, enum message_type type, struct claim *out) MUST_CHECK;
/* What `in` begins with, when it is a claim of the usual form and nothing is wrong with it: its size, else 0. */
size_t claim_take(const struct members *m, struct bytes in, enum message_type type, struct claim *out);
enum err claim_verify(const struct members *m, const struct claim *c) MUST_CHECK;
/* Which membership epoch does it name? A hint: nothing is verified. False: none. */
bool claim_membership_epoch(struct bytes cose, enum message_type type, uint64_t *epoch);

#endif
