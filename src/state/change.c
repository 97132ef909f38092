#include "state/change.h"

#include <string.h>

#include "base/mutate.h"
#include "crypto/cose.h"

/* The body of a RECONFIGURE: what its parts are and how they are read is said in the header. */

bool change_has_key(const struct change *change)
{
    return change->kind == CHANGE_JOIN || change->kind == CHANGE_ROTATE;
}

/* ---- the change itself */

void change_put(struct cbor_writer *w, const struct change *change)
{
    static const char *const keys[] = {"join", "leave", "stake", "rotate", "protocol"};

    cbor_put_map(w, 1);
    cbor_put_text(w, keys[change->kind]);
    if (change->kind != CHANGE_LEAVE && change->kind != CHANGE_PROTOCOL)
        cbor_put_map(w, 2);
    switch (change->kind) {
    case CHANGE_JOIN:
        cbor_put_text(w, "card");
        member_card_put(w, &change->card);
        cbor_put_text(w, "sponsor");
        cbor_put_text(w, change->sponsor);
        return;
    case CHANGE_STAKE:
        cbor_put_text(w, "name");
        cbor_put_text(w, change->card.name);
        cbor_put_text(w, "stake");
        cbor_put_uint(w, change->card.stake);
        return;
    case CHANGE_ROTATE:
        cbor_put_text(w, "key");
        cbor_put_bytes(w, bytes_of(change->card.key.b, KEY_PUBLIC_SIZE));
        cbor_put_text(w, "name");
        break;
    case CHANGE_PROTOCOL:
        cbor_put_uint(w, change->protocol);
        return;
    case CHANGE_LEAVE:
        break;
    }
    cbor_put_text(w, change->card.name);
}

static void join_get(struct cbor_reader *r, struct change *c)
{
    cbor_expect_map(r, 2);
    cbor_expect_key(r, "card");
    member_card_get(r, &c->card);
    cbor_expect_key(r, "sponsor");
    member_name_get(r, c->sponsor);
}

static void stake_get(struct cbor_reader *r, struct change *c)
{
    cbor_expect_map(r, 2);
    cbor_expect_key(r, "name");
    member_name_get(r, c->card.name);
    cbor_expect_key(r, "stake");
    c->card.stake = member_stake_get(r);
}

static void rotate_get(struct cbor_reader *r, struct change *c)
{
    cbor_expect_map(r, 2);
    cbor_expect_key(r, "key");
    struct bytes key = cbor_get_bytes_of(r, KEY_PUBLIC_SIZE);
    if (r->err == ERR_OK)
        memcpy(c->card.key.b, key.data, KEY_PUBLIC_SIZE);
    cbor_expect_key(r, "name");
    member_name_get(r, c->card.name);
}

static void protocol_get(struct cbor_reader *r, struct change *c)
{
    c->protocol = cbor_get_uint(r);
    if (c->protocol <= PROTOCOL_FIRST || c->protocol > PROTOCOL_MAX)
        cbor_fail(r, ERR_RANGE);
}

void change_get(struct cbor_reader *r, struct change *out)
{
    struct change c = {0};

    cbor_expect_map(r, 1);
    if (cbor_accept_key(r, "join")) {
        c.kind = CHANGE_JOIN;
        join_get(r, &c);
    } else if (cbor_accept_key(r, "leave")) {
        c.kind = CHANGE_LEAVE;
        member_name_get(r, c.card.name);
    } else if (cbor_accept_key(r, "stake")) {
        c.kind = CHANGE_STAKE;
        stake_get(r, &c);
    } else if (cbor_accept_key(r, "protocol")) {
        c.kind = CHANGE_PROTOCOL;
        protocol_get(r, &c);
    } else {
        c.kind = CHANGE_ROTATE;
        cbor_expect_key(r, "rotate");
        rotate_get(r, &c);
    }
    if (r->err == ERR_OK)
        *out = c;
}

/* ---- possession */

/* All of the change is in it: an old proof is good for no other stake, role, sponsor or time. */
static void possession_payload(const struct change *change, uint64_t until, const struct digest *federation_id,
                               struct buf *out)
{
    struct cbor_writer w;

    cbor_writer_init(&w, out);
    cbor_put_map(&w, 3);
    cbor_put_text(&w, "until");
    cbor_put_uint(&w, until);
    cbor_put_text(&w, "change");
    change_put(&w, change);
    cbor_put_text(&w, "federation_id");
    digest_put(&w, federation_id);
    cbor_writer_done(&w);
}

static enum err possession_check(const struct change *change, uint64_t until, const struct digest *federation_id,
                                 struct bytes proof)
{
    struct buf payload = {0};
    struct cose_sign1 cose;

    if (!change_has_key(change))
        return proof.len == 0 ? ERR_OK : ERR_RANGE;
    enum err err = key_check(&change->card.key);
    if (err == ERR_OK)
        err = cose_parse_as(proof, POSSESSION_CONTENT_TYPE, POSSESSION_SUBJECT, &cose);
    if (err != ERR_OK)
        return err;
    possession_payload(change, until, federation_id, &payload);
    if (!bytes_equal(cose.payload, bytes_of_buf(&payload)))
        err = ERR_MISMATCH;
    else
        err = cose_verify(&cose, &change->card.key);
    buf_free(&payload);
    return MUTATE(STATE_POSSESSION_UNCHECKED, ERR_OK, err);
}

/* ---- the body */

void change_body_encode(const struct change *change, uint64_t until, const struct digest *federation_id,
                        const struct secret_key *key, struct buf *out)
{
    struct buf payload = {0}, proof = {0};
    struct cbor_writer w;

    ASSERT((key != NULL) == change_has_key(change));
    if (key != NULL) {
        possession_payload(change, until, federation_id, &payload);
        cose_sign(key, POSSESSION_CONTENT_TYPE, POSSESSION_SUBJECT, bytes_of_buf(&payload), &proof);
    }
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 3);
    cbor_put_text(&w, "proof");
    cbor_put_bytes(&w, bytes_of_buf(&proof));
    cbor_put_text(&w, "until");
    cbor_put_uint(&w, until);
    cbor_put_text(&w, "change");
    change_put(&w, change);
    cbor_writer_done(&w);
    buf_free(&payload);
    buf_free(&proof);
}

enum err change_body_decode(struct bytes in, const struct digest *federation_id, struct change *out, uint64_t *until)
{
    struct change c = {0};
    struct cbor_reader r;

    cbor_reader_init(&r, in);
    cbor_expect_map(&r, 3);
    cbor_expect_key(&r, "proof");
    struct bytes proof = cbor_get_bytes(&r);
    cbor_expect_key(&r, "until");
    uint64_t last = cbor_get_uint(&r);
    cbor_expect_key(&r, "change");
    change_get(&r, &c);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        err = possession_check(&c, last, federation_id, proof);
    if (err != ERR_OK)
        return err;
    *out = c;
    *until = last;
    return ERR_OK;
}
