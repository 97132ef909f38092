#include "crypto/digest.h"

void digest_init(struct digest_context *c)
{
    sha256_init(&c->sha256);
}

void digest_add(struct digest_context *c, const void *data, size_t len)
{
    if (len > 0)
        sha256_update(&c->sha256, len, data);
}

struct digest digest_final(struct digest_context *c)
{
    struct digest d;

    sha256_digest(&c->sha256, sizeof d.b, d.b); /* which initialises it again */
    return d;
}

struct digest digest_of(struct bytes in)
{
    struct digest_context c;

    digest_init(&c);
    digest_add(&c, in.data, in.len);
    return digest_final(&c);
}

int digest_compare(const struct digest *a, const struct digest *b)
{
    return memcmp(a->b, b->b, sizeof a->b);
}

bool digest_is_zero(const struct digest *d)
{
    return digest_equal(d, &(struct digest){0});
}

struct bytes digest_bytes(const struct digest *d)
{
    return bytes_of(d->b, sizeof d->b);
}

struct digest digest_from(struct bytes in)
{
    struct digest d = {0};

    if (in.len == sizeof d.b)
        memcpy(d.b, in.data, sizeof d.b);
    return d;
}

void digest_put(struct cbor_writer *w, const struct digest *d)
{
    cbor_put_bytes(w, digest_bytes(d));
}

struct digest digest_get(struct cbor_reader *r)
{
    return digest_from(cbor_get_bytes_of(r, DIGEST_SIZE));
}

void digest_hex(const struct digest *d, char out[2 * DIGEST_SIZE + 1])
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < sizeof d->b; i++) {
        out[2 * i] = digits[d->b[i] >> 4];
        out[2 * i + 1] = digits[d->b[i] & 15];
    }
    out[2 * DIGEST_SIZE] = '\0';
}
