#ifndef PRISMFED_CRYPTO_DIGEST_H
#define PRISMFED_CRYPTO_DIGEST_H

#include <nettle/sha2.h>
#include <string.h>

#include "base/bytes.h"
#include "codec/cbor.h"

/* SHA-256 (FIPS 180-4), the project's only hash. */
enum { DIGEST_SIZE = 32 };

struct digest {
    uint8_t b[DIGEST_SIZE];
};

struct digest_context {
    struct sha256_ctx sha256;
};

void digest_init(struct digest_context *c);
void digest_add(struct digest_context *c, const void *data, size_t len);
struct digest digest_final(struct digest_context *c); /* leaves c ready for the next one */

struct digest digest_of(struct bytes in);
static inline bool digest_equal(const struct digest *a, const struct digest *b)
{
    return memcmp(a->b, b->b, sizeof a->b) == 0;
}
int digest_compare(const struct digest *a, const struct digest *b);
bool digest_is_zero(const struct digest *d);
struct bytes digest_bytes(const struct digest *d);
/* in.len must be DIGEST_SIZE, else zero. */
struct digest digest_from(struct bytes in);
/* As a CBOR byte string of DIGEST_SIZE; any other item is an error of the reader, and zero. */
void digest_put(struct cbor_writer *w, const struct digest *d);
struct digest digest_get(struct cbor_reader *r);
/* 64 hex digits and a NUL. */
void digest_hex(const struct digest *d, char out[2 * DIGEST_SIZE + 1]);

#endif
