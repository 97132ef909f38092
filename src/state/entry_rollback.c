#include "state/kind.h"

/* ROLLBACK: the incumbent of an earlier anchor is restored. */

void rollback_body_encode(uint64_t to_epoch, struct buf *out)
{
    struct cbor_writer w;
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 1);
    cbor_put_text(&w, "to_epoch");
    cbor_put_uint(&w, to_epoch);
    cbor_writer_done(&w);
}

enum err rollback_body_decode(struct bytes in, uint64_t *to_epoch)
{
    struct cbor_reader r;
    cbor_reader_init(&r, in);
    cbor_expect_map(&r, 1);
    cbor_expect_key(&r, "to_epoch");
    uint64_t epoch = kind_get_number(&r);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        *to_epoch = epoch;
    return err;
}

static enum err decode(const void *context, const struct envelope *e, void **out)
{
    uint64_t to_epoch;
    enum err err = rollback_body_decode(e->body, &to_epoch);

    (void)context;
    if (err == ERR_OK)
        *out = kind_keep(&to_epoch, sizeof to_epoch);
    return err;
}

static enum err judge(const struct federation_state *s, struct entry *e)
{
    const uint64_t *to_epoch = e->body;
    enum err err = kind_judge_epoch(s, e);
    if (err != ERR_OK)
        return err;
    if (s->phase != PHASE_ROLLBACK)
        return ERR_AGAIN;
    if (*to_epoch != s->rollback_epoch)
        return ERR_MISMATCH;
    return s->restoring ? ERR_DUPLICATE : ERR_OK;
}

static void apply(struct federation_state *s, const struct entry *e)
{
    (void)e;
    s->restoring = true;
}

const struct kind kind_rollback = {
    .signer = SIGNED_BY_VALIDATORS, .decode = decode, .judge = judge, .apply = apply, .waits = true};
