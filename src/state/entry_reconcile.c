#include "state/kind.h"

/* RECONCILE: a member that was away or found with a false claim says where it stands, and takes part again. */

void reconcile_body_encode(const struct reconcile_body *b, struct buf *out)
{
    struct cbor_writer w;
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 2);
    cbor_put_text(&w, "height");
    cbor_put_uint(&w, b->height);
    cbor_put_text(&w, "block_id");
    digest_put(&w, &b->block_id);
    cbor_writer_done(&w);
}

enum err reconcile_body_decode(struct bytes in, struct reconcile_body *out)
{
    struct reconcile_body b = {0};
    struct cbor_reader r;
    cbor_reader_init(&r, in);
    cbor_expect_map(&r, 2);
    cbor_expect_key(&r, "height");
    b.height = kind_get_number(&r);
    cbor_expect_key(&r, "block_id");
    b.block_id = digest_get(&r);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        *out = b;
    return err;
}

static enum err decode(const void *context, const struct envelope *e, void **out)
{
    struct reconcile_body b;
    enum err err = reconcile_body_decode(e->body, &b);

    (void)context;
    if (err == ERR_OK)
        *out = kind_keep(&b, sizeof b);
    return err;
}

static enum err judge(const struct federation_state *s, struct entry *e)
{
    const struct reconcile_body *b = e->body;
    enum member_status status = state_member(s, e->member)->status;
    if (status != MEMBER_QUARANTINED && status != MEMBER_ABSENT)
        return ERR_STATE;
    if (b->height > s->height || state_sits_out(s, e->member))
        return ERR_AGAIN;
    if (s->height - b->height > s->recent_count)
        return ERR_STALE;
    return state_knows_block(s, b->height, &b->block_id) ? ERR_OK : ERR_MISMATCH;
}

static void apply(struct federation_state *s, const struct entry *e)
{
    struct member *m = state_member_change(s, e->member);
    m->status = MEMBER_ACTIVE;
    m->last_epoch = s->epoch;
}

const struct kind kind_reconcile = {.decode = decode, .judge = judge, .apply = apply, .waits = true};
