/* The array around a statement and what goes with it. */
#include "pbft/messages.h"

#include "base/mutate.h"

enum { HEAD_SIZE = 2 }; /* of a message: array, type */

static uint8_t message_head(unsigned items)
{
    return (uint8_t)(CBOR_ARRAY << 5 | items);
}

static void message_begin(struct cbor_reader *r, struct bytes in, enum message_type type, unsigned items)
{
    cbor_reader_init(r, in);
    cbor_expect_array(r, items);
    if (cbor_get_uint(r) != (uint64_t)type && r->err == ERR_OK)
        cbor_fail(r, ERR_TYPE);
}

enum err message_open(struct bytes in, enum message_type type, struct bytes *first)
{
    struct cbor_reader r;

    message_begin(&r, in, type, 2);
    struct bytes one = cbor_get_raw(&r);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        *first = one;
    return err;
}

enum err message_parse(const struct members *m, struct bytes in, enum message_type type, struct claim *out,
                       struct bytes *rest)
{
    unsigned items = rest != NULL ? 3 : 2;
    struct cbor_reader r;
    struct claim claim;

    if (in.len > HEAD_SIZE && in.data[0] == message_head(items) && in.data[1] == type) {
        struct bytes behind = bytes_of(in.data + HEAD_SIZE, in.len - HEAD_SIZE);
        size_t size = claim_take(m, behind, type, &claim);
        if (size > 0 && (rest != NULL || size == behind.len)) {
            *out = claim;
            if (rest != NULL)
                *rest = bytes_of(behind.data + size, behind.len - size);
            return ERR_OK;
        }
    }
    message_begin(&r, in, type, items);
    struct bytes cose = cbor_get_raw(&r);
    enum err err = rest != NULL ? r.err : cbor_reader_done(&r);
    if (err == ERR_OK)
        err = claim_parse(m, cose, type, out);
    if (err == ERR_OK && rest != NULL)
        *rest = bytes_of(in.data + r.pos, in.len - r.pos);
    return err;
}

enum err message_body_check(const struct claim *claim, struct bytes body)
{
    struct digest digest = digest_of(body);
    bool other = MUTATE(BODY_UNSIGNED, false, !digest_equal(&digest, &claim->says.digest));

    return other ? ERR_MISMATCH : ERR_OK;
}

enum err message_split(const struct members *m, struct bytes message, enum message_type type, struct claim *claim,
                       struct bytes *body)
{
    struct bytes rest;
    enum err err = message_parse(m, message, type, claim, &rest);

    if (err == ERR_OK)
        err = message_body_check(claim, rest);
    if (err == ERR_OK)
        *body = rest;
    return err;
}

struct blob *message_make(const struct members *m, const struct claim *claim, struct bytes rest)
{
    const uint8_t head[HEAD_SIZE] = {message_head(rest.len > 0 ? 3 : 2), (uint8_t)claim->says.type};
    uint8_t cose[CLAIM_SIZE_MAX];
    const struct bytes parts[] = {bytes_of(head, sizeof head), bytes_of(cose, claim_put(m, claim, cose)), rest};

    return blob_join(parts, 3);
}

struct blob *message_pair(const struct members *m, const struct claim *claim, const struct claim *beside)
{
    uint8_t cose[CLAIM_SIZE_MAX];

    return message_make(m, claim, bytes_of(cose, claim_put(m, beside, cose)));
}

bool message_membership_epoch(struct bytes message, uint64_t *epoch)
{
    struct cbor_reader r;

    if (message.len < 2)
        return false;
    cbor_reader_init(&r, message);
    (void)cbor_get_array(&r);
    (void)cbor_get_uint(&r);
    struct bytes cose = cbor_get_raw(&r);
    return r.err == ERR_OK && claim_membership_epoch(cose, (enum message_type)message.data[1], epoch);
}
