#include "pbft/claim_form.h"

#include <string.h>

/* Sizes in the two encodings that a form is cut from; integers then take one to nine bytes. */
static const size_t HOLE_SIZES[HOLE_COUNT] = {
    [HOLE_KID] = DIGEST_SIZE, [HOLE_ISSUER] = ISSUER_SIZE,     [HOLE_VIEW] = 1,  [HOLE_DIGEST] = DIGEST_SIZE,
    [HOLE_SEQUENCE] = 1,      [HOLE_FEDERATION] = DIGEST_SIZE, [HOLE_EPOCH] = 1, [HOLE_SIGNATURE] = SIGNATURE_SIZE,
};

static const uint8_t SIGNATURE1[] = "\x84\x6aSignature1";

enum {
    UINT_SIZE_MAX = 9,
    COSE_HEAD = 2,      /* tag and array, ahead of the protected header */
    PAYLOAD_HEAD = 3,   /* the empty map, and a head of two bytes */
    SIGNATURE_HEAD = 2, /* of a byte string of SIGNATURE_SIZE */
    SMALL_MIN = 24,     /* a string of so many bytes and no more than SMALL_MAX has a head of two bytes */
    SMALL_MAX = 255,
};

static size_t hole_end(const struct claim_form *form, enum claim_hole hole)
{
    return form->hole_at[hole] + HOLE_SIZES[hole];
}

/* The length of the payload, behind the issuer, is not part of what is always the same. */
static void gap_cut(struct claim_form *form, enum claim_hole hole)
{
    struct claim_gap *gap = &form->behind[hole];
    size_t at = hole_end(form, hole);
    uint8_t mask[CLAIM_GAP_MAX] = {0};

    gap->len = form->hole_at[hole + 1] - at;
    ASSERT(gap->len <= CLAIM_GAP_MAX);
    memset(mask, 0xff, gap->len);
    if (hole == HOLE_ISSUER)
        mask[form->payload_at - 1 - at] = 0;
    memcpy(gap->mask, mask, sizeof mask);
    memset(gap->words, 0, sizeof gap->words);
    memcpy(gap->words, form->bytes + at, gap->len);
}

void claim_form_init(struct claim_form *form, struct bytes zeros, struct bytes ones, size_t payload)
{
    size_t at = 0;

    ASSERT(zeros.len == ones.len && zeros.len + 3 * (UINT_SIZE_MAX - 1) <= CLAIM_SIZE_MAX);
    memcpy(form->bytes, zeros.data, zeros.len);
    form->len = zeros.len;
    for (enum claim_hole hole = HOLE_KID; hole < HOLE_COUNT; hole++) {
        while (at < zeros.len && zeros.data[at] == ones.data[at])
            at++;
        form->hole_at[hole] = at;
        for (size_t i = 0; i < HOLE_SIZES[hole]; i++, at++)
            ASSERT(at < zeros.len && zeros.data[at] != ones.data[at]);
    }
    ASSERT(at == zeros.len);
    form->payload_at = form->hole_at[HOLE_SIGNATURE] - SIGNATURE_HEAD - payload;
    ASSERT(payload >= SMALL_MIN && payload + 3 * (UINT_SIZE_MAX - 1) <= SMALL_MAX);
    ASSERT(form->payload_at > hole_end(form, HOLE_ISSUER) && form->bytes[form->payload_at - 1] == payload);
    for (enum claim_hole hole = HOLE_KID; hole < HOLE_SIGNATURE; hole++)
        gap_cut(form, hole);
}

/* ---- writing */

/* From the end of hole `after` to the beginning of the next; what is too much is overwritten, by the signature at the
 * latest. */
static inline uint8_t *put_between(uint8_t *out, const struct claim_form *form, enum claim_hole after)
{
    memcpy(out, form->behind[after].words, CLAIM_GAP_MAX);
    return out + form->behind[after].len;
}

static inline uint8_t *put(uint8_t *out, const void *data, size_t len)
{
    memcpy(out, data, len);
    return out + len;
}

static inline uint8_t *put_uint(uint8_t *out, uint64_t v)
{
    uint8_t big[8];
    unsigned log = v <= UINT8_MAX ? 0 : v <= UINT16_MAX ? 1 : v <= UINT32_MAX ? 2 : 3;

    if (v < 24) {
        *out = (uint8_t)v;
        return out + 1;
    }
    *out = (uint8_t)(24 + log);
    be64_put(big, v);
    return put(out + 1, big + 8 - (1U << log), 1U << log);
}

size_t claim_form_write(const struct claim_form *form, const struct claim_signer *signer,
                        const struct claim_parts *parts, const uint8_t signature[SIGNATURE_SIZE],
                        uint8_t out[CLAIM_SIZE_MAX])
{
    uint8_t *at = put(out, form->bytes, form->hole_at[HOLE_VIEW]);

    ASSERT(form->len > 0);
    memcpy(out + form->hole_at[HOLE_KID], signer->kid, DIGEST_SIZE);
    memcpy(out + form->hole_at[HOLE_ISSUER], signer->issuer, ISSUER_SIZE);
    at = put_uint(at, parts->view);
    at = put_between(at, form, HOLE_VIEW);
    at = put(at, parts->digest.b, DIGEST_SIZE);
    at = put_between(at, form, HOLE_DIGEST);
    at = put_uint(at, parts->sequence);
    at = put_between(at, form, HOLE_SEQUENCE);
    at = put(at, parts->federation_id.b, DIGEST_SIZE);
    at = put_between(at, form, HOLE_FEDERATION);
    at = put_uint(at, parts->membership_epoch);
    at = put_between(at, form, HOLE_EPOCH);
    at = put(at, signature, SIGNATURE_SIZE);
    size_t len = (size_t)(at - out);
    out[form->payload_at - 1] = (uint8_t)(form->bytes[form->payload_at - 1] + (len - form->len));
    return len;
}

size_t claim_form_signed(const struct claim_form *form, struct bytes claim, uint8_t out[CLAIM_SIZE_MAX])
{
    size_t header = form->payload_at - PAYLOAD_HEAD;
    uint8_t *at = put(out, SIGNATURE1, sizeof SIGNATURE1 - 1);

    at = put(at, claim.data + COSE_HEAD, header - COSE_HEAD);
    *at++ = 0x40; /* external_aad */
    at = put(at, claim.data + header + 1, claim.len - SIGNATURE_SIZE - SIGNATURE_HEAD - header - 1);
    return (size_t)(at - out);
}

/* ---- reading */

/* Bytes that begin like the form, and are longer than it by `spare`: what an integer takes beyond one byte. As long as
 * spare is not exceeded, nothing of the form lies behind the end. */
struct cursor {
    const uint8_t *at;
    size_t spare;
};

static inline const uint8_t *take(struct cursor *c, size_t len)
{
    const uint8_t *at = c->at;

    c->at += len;
    return at;
}

/* The words that are compared end within the signature, if not before. */
static inline bool match_between(struct cursor *c, const struct claim_form *form, enum claim_hole after)
{
    const struct claim_gap *gap = &form->behind[after];
    uint64_t words[CLAIM_GAP_MAX / 8], differ = 0;

    memcpy(words, take(c, gap->len), sizeof words);
    for (unsigned i = 0; i < CLAIM_GAP_MAX / 8; i++)
        differ |= (words[i] ^ gap->words[i]) & gap->mask[i];
    return differ == 0;
}

static inline bool take_uint(struct cursor *c, uint64_t *out)
{
    static const uint64_t LEAST[] = {24, 1 << 8, 1 << 16, UINT64_C(1) << 32};
    unsigned head = *take(c, 1);
    uint64_t v = 0;

    if (head < 24) {
        *out = head;
        return true;
    }
    size_t width = (size_t)1 << (head & 3);
    if (head > 27 || width > c->spare)
        return false;
    c->spare -= width;
    const uint8_t *bytes = take(c, width);
    for (size_t i = 0; i < width; i++)
        v = v << 8 | bytes[i];
    *out = v;
    return v >= LEAST[head & 3];
}

static inline void take_digest(struct cursor *c, struct digest *out)
{
    memcpy(out->b, take(c, DIGEST_SIZE), DIGEST_SIZE);
}

/* What stands ahead of the first integer, and so at a fixed place. payload: its length. */
static bool read_header(struct cursor *c, const struct claim_form *form, struct claim_signer *signer, uint8_t *payload)
{
    size_t prefix = form->hole_at[HOLE_KID];

    if (memcmp(take(c, prefix), form->bytes, prefix) != 0)
        return false;
    signer->kid = take(c, DIGEST_SIZE);
    if (!match_between(c, form, HOLE_KID))
        return false;
    signer->issuer = take(c, ISSUER_SIZE);
    *payload = c->at[form->payload_at - 1 - hole_end(form, HOLE_ISSUER)];
    return match_between(c, form, HOLE_ISSUER);
}

size_t claim_form_read(const struct claim_form *form, struct bytes in, struct claim_signer *signer,
                       struct claim_parts *parts, const uint8_t **signature)
{
    struct cursor c = {in.data, in.len - form->len};
    uint8_t payload;

    if (form->len == 0 || in.len < form->len || !read_header(&c, form, signer, &payload) ||
        !take_uint(&c, &parts->view) || !match_between(&c, form, HOLE_VIEW))
        return 0;
    take_digest(&c, &parts->digest);
    if (!match_between(&c, form, HOLE_DIGEST) || !take_uint(&c, &parts->sequence) ||
        !match_between(&c, form, HOLE_SEQUENCE))
        return 0;
    take_digest(&c, &parts->federation_id);
    if (!match_between(&c, form, HOLE_FEDERATION) || !take_uint(&c, &parts->membership_epoch) ||
        !match_between(&c, form, HOLE_EPOCH))
        return 0;
    *signature = take(&c, SIGNATURE_SIZE);
    size_t len = (size_t)(c.at - in.data);
    return payload == form->bytes[form->payload_at - 1] + (len - form->len) ? len : 0;
}
