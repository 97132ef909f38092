#ifndef PRISMFED_TRUST_DSSE_H
#define PRISMFED_TRUST_DSSE_H

#include "crypto/key.h"

/* A DSSE envelope (Dead Simple Signing Envelope v1.0.2): JSON with the payload and who has signed it. Signatures are
 * Ed25519 over the PAE of type and payload; a keyid is the key's fingerprint in hex (crypto/key.h). */

#define DSSE_IN_TOTO "application/vnd.in-toto+json"

enum { DSSE_SIZE_MAX = 64 << 10, DSSE_SIGNATURES_MAX = 32 };

struct dsse_signature {
    struct digest keyid;
    uint8_t signature[SIGNATURE_SIZE];
};

struct dsse {
    char type[128];
    struct buf payload; /* owned: dsse_free() */
    unsigned count;
    struct dsse_signature signatures[DSSE_SIGNATURES_MAX]; /* by keyid, which are different ones */
};

void dsse_free(struct dsse *d);
/* An envelope that nobody has signed yet; type is short enough (asserted), payload is copied. */
void dsse_init(struct dsse *d, const char *type, struct bytes payload);
/* Appends the bytes that are signed: PAE(type, payload), "protocol.md" of DSSE. */
void dsse_signed_bytes(const struct dsse *d, struct buf *out);
/* Adds this key's signature, or puts it in place of the one that it has. ERR_LIMIT: DSSE_SIGNATURES_MAX others have
 * signed. */
enum err dsse_sign(struct dsse *d, const struct secret_key *key) MUST_CHECK;
/* Is signature number i by this key? ERR_MISMATCH: its keyid is another one's. ERR_SIGNATURE. */
enum err dsse_verify(const struct dsse *d, unsigned i, const struct public_key *key) MUST_CHECK;

/* Appends the one form that a log has: RFC 8785, signatures by keyid. */
void dsse_encode(const struct dsse *d, struct buf *out);
/* The same as a file, with a newline behind it. Errors of file_write(). */
enum err dsse_write(const char *path, const struct dsse *d, struct diag *diag) MUST_CHECK;
/* Any form of JSON; what it does not know beside payloadType, payload and signatures is an error. At most
 * DSSE_SIZE_MAX bytes. name: of the file, for the diag. ERR_DUPLICATE: a key has signed twice. */
enum err dsse_parse(const char *name, struct bytes in, struct dsse *out, struct diag *diag) MUST_CHECK;
/* The same of dsse_encode()'s form alone: ERR_CANONICAL. */
enum err dsse_decode(struct bytes in, struct dsse *out) MUST_CHECK;

#endif
