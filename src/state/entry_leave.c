#include "state/kind.h"

/* LEAVE: a participant goes, at once and for good. Who votes leaves by a change of members (entry_reconfigure.c). */

void leave_body_encode(struct buf *out)
{
    struct cbor_writer w;
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 0);
    cbor_writer_done(&w);
}

enum err leave_body_decode(struct bytes in)
{
    struct cbor_reader r;
    cbor_reader_init(&r, in);
    cbor_expect_map(&r, 0);
    return cbor_reader_done(&r);
}

static enum err decode(const void *context, const struct envelope *e, void **out)
{
    (void)context, (void)out;
    return leave_body_decode(e->body);
}

static enum err judge(const struct federation_state *s, struct entry *e)
{
    (void)s, (void)e;
    return ERR_OK;
}

static void apply(struct federation_state *s, const struct entry *e)
{
    state_member_change(s, e->member)->status = MEMBER_LEFT;
}

const struct kind kind_leave = {.signer = SIGNED_BY_PARTICIPANTS, .decode = decode, .judge = judge, .apply = apply};
