#ifndef PRISMFED_CRYPTO_COSE_H
#define PRISMFED_CRYPTO_COSE_H

#include "crypto/verify_cache.h"

/* COSE_Sign1 (RFC 9052 section 4.2, tag 18), deterministic, attached payload,
 * empty external_aad, protected header
 * {1: -8, 3: content type, 4: kid, 15: {1: iss, 2: sub}}:
 * kid = fingerprint (32 bytes), iss = its hex, sub = what the payload is about.
 * The unprotected header is empty, or {"attached": [bytes...]}: what travels beside a signed payload that names it by
 * its SHA-256. The signature does not cover it, so a message keeps its signature without it.
 * docs/rfc/M5-federation.md has a worked example. */

enum { COSE_ATTACHED_MAX = 2 };

struct cose_sign1 {
    struct bytes content_type; /* text */
    struct digest kid;
    struct bytes subject; /* text */
    struct bytes payload;
    struct bytes protected; /* the protected bucket, as signed */
    uint8_t signature[SIGNATURE_SIZE];
    unsigned attached_count;
    struct bytes attached[COSE_ATTACHED_MAX];
};

/* Appends the message, with nothing attached, to out. */
void cose_sign(const struct secret_key *key, const char *content_type, const char *subject, struct bytes payload,
               struct buf *out);
/* The same with `count` <= COSE_ATTACHED_MAX attachments. */
void cose_sign_attached(const struct secret_key *key, const char *content_type, const char *subject,
                        struct bytes payload, const struct bytes *attached, unsigned count, struct buf *out);

/* Appends the protected header that cose_sign() gives a message of this signer. */
void cose_protected(const struct digest *kid, const char *content_type, const char *subject, struct buf *out);
/* Appends the COSE_Sign1 of protected, payload and signature, as cose_parse() reads it. */
void cose_encode(const struct cose_sign1 *message, struct buf *out);
/* Appends the Sig_structure (RFC 9052 section 4.4) that is signed. */
void cose_signed_bytes(struct bytes protected, struct bytes payload, struct buf *out);

/* Parses strictly; checks no signature. The views point into in. alg is -8 and no other; iss must
 * be the hex of kid. ERR_RANGE when something is attached: only cose_parse_attached allows that. */
enum err cose_parse(struct bytes in, struct cose_sign1 *out) MUST_CHECK;
enum err cose_parse_attached(struct bytes in, struct cose_sign1 *out) MUST_CHECK;
/* The same as cose_parse() for a message that must be of this type and subject; ERR_TYPE: something else is signed. */
enum err cose_parse_as(struct bytes in, const char *content_type, const char *subject,
                       struct cose_sign1 *out) MUST_CHECK;
/* Parses what is the same as `first`, which was parsed out of `first_bytes`, but for its signer and his signature.
 * False: it is not, or something is wrong with it; cose_parse() knows what. */
bool cose_parse_like(const struct cose_sign1 *first, struct bytes first_bytes, struct bytes in, struct cose_sign1 *out);

/* ERR_MISMATCH when the key's fingerprint is not kid; ERR_SIGNATURE. */
enum err cose_verify(const struct cose_sign1 *message, const struct public_key *key) MUST_CHECK;
/* The same; cache may be NULL. */
enum err cose_verify_cached(const struct cose_sign1 *message, const struct public_key *key,
                            struct verify_cache *cache) MUST_CHECK;

#endif
