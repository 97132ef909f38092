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
}

/* ---- writing */

/* From the end of hole `after` to the beginning of the next. */
static uint8_t *put_between(uint8_t *out, const struct claim_form *form, enum claim_hole after)
{
    size_t from = hole_end(form, after), to = form->hole_at[after + 1];

    memcpy(out, form->bytes + from, to - from);
    return out + (to - from);
}

static uint8_t *put(uint8_t *out, const void *data, size_t len)
{
    memcpy(out, data, len);
    return out + len;
}

static uint8_t *put_uint(uint8_t *out, uint64_t v)
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
    uint8_t *at = put(out, form->bytes, form->hole_at[HOLE_KID]);

    ASSERT(form->len > 0);
    at = put(at, signer->kid, DIGEST_SIZE);
    at = put_between(at, form, HOLE_KID);
    at = put(at, signer->issuer, ISSUER_SIZE);
    at = put_between(at, form, HOLE_ISSUER);
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

struct cursor {
    const uint8_t *at, *end;
    bool same; /* so far */
};

static const uint8_t *take(struct cursor *c, size_t len)
{
    const uint8_t *at = c->at;

    if (!c->same || (size_t)(c->end - at) < len) {
        c->same = false;
        return NULL;
    }
    c->at += len;
    return at;
}

static void match(struct cursor *c, const struct claim_form *form, size_t from, size_t to)
{
    const uint8_t *found = take(c, to - from);

    if (found != NULL && memcmp(found, form->bytes + from, to - from) != 0)
        c->same = false;
}

static void match_between(struct cursor *c, const struct claim_form *form, enum claim_hole after)
{
    match(c, form, hole_end(form, after), form->hole_at[after + 1]);
}

static uint64_t take_uint(struct cursor *c)
{
    static const uint64_t LEAST[] = {24, 1 << 8, 1 << 16, UINT64_C(1) << 32};
    const uint8_t *head = take(c, 1);
    uint64_t v = 0;

    if (head == NULL || *head < 24)
        return head == NULL ? 0 : *head;
    size_t width = *head <= 27 ? (size_t)1 << (*head - 24) : 0;
    const uint8_t *bytes = take(c, width);
    for (size_t i = 0; bytes != NULL && i < width; i++)
        v = v << 8 | bytes[i];
    if (width == 0 || v < LEAST[*head - 24])
        c->same = false;
    return v;
}

static void take_digest(struct cursor *c, struct digest *out)
{
    const uint8_t *found = take(c, DIGEST_SIZE);

    if (found != NULL)
        memcpy(out->b, found, DIGEST_SIZE);
}

size_t claim_form_read(const struct claim_form *form, struct bytes in, struct claim_signer *signer,
                       struct claim_parts *parts, const uint8_t **signature)
{
    struct cursor c = {in.data, in.data + in.len, form->len > 0};

    if (in.len < form->len)
        return 0;
    match(&c, form, 0, form->hole_at[HOLE_KID]);
    signer->kid = take(&c, DIGEST_SIZE);
    match_between(&c, form, HOLE_KID);
    signer->issuer = take(&c, ISSUER_SIZE);
    match(&c, form, hole_end(form, HOLE_ISSUER), form->payload_at - 1);
    const uint8_t *payload = take(&c, 1);
    match(&c, form, form->payload_at, form->hole_at[HOLE_VIEW]);
    parts->view = take_uint(&c);
    match_between(&c, form, HOLE_VIEW);
    take_digest(&c, &parts->digest);
    match_between(&c, form, HOLE_DIGEST);
    parts->sequence = take_uint(&c);
    match_between(&c, form, HOLE_SEQUENCE);
    take_digest(&c, &parts->federation_id);
    match_between(&c, form, HOLE_FEDERATION);
    parts->membership_epoch = take_uint(&c);
    match_between(&c, form, HOLE_EPOCH);
    *signature = take(&c, SIGNATURE_SIZE);
    size_t len = (size_t)(c.at - in.data);
    bool whole = c.same && *payload == form->bytes[form->payload_at - 1] + (len - form->len);
    return whole ? len : 0;
}
