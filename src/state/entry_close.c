#include "state/kind.h"

/* CLOSE: a phase's deadline has passed. */

static const char *const phase_names[] = {"collect", "score", "rollback"};

const char *epoch_phase_name(enum epoch_phase phase)
{
    ASSERT(phase <= PHASE_ROLLBACK);
    return phase_names[phase];
}

void close_body_encode(const struct close_body *b, struct buf *out)
{
    struct cbor_writer w;
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 2);
    cbor_put_text(&w, "phase");
    cbor_put_text(&w, epoch_phase_name(b->phase));
    cbor_put_text(&w, "attempt");
    cbor_put_uint(&w, b->attempt);
    cbor_writer_done(&w);
}

enum err close_body_decode(struct bytes in, struct close_body *out)
{
    struct close_body b = {0};
    struct cbor_reader r;
    cbor_reader_init(&r, in);
    cbor_expect_map(&r, 2);
    cbor_expect_key(&r, "phase");
    struct bytes name = cbor_get_text(&r);
    unsigned phase = 0;
    while (phase <= PHASE_ROLLBACK && !bytes_equal(name, bytes_of_text(phase_names[phase])))
        phase++;
    if (phase > PHASE_ROLLBACK)
        cbor_fail(&r, ERR_UNKNOWN);
    b.phase = (enum epoch_phase)phase;
    cbor_expect_key(&r, "attempt");
    b.attempt = kind_get_number(&r);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        *out = b;
    return err;
}

static enum err decode(const void *context, const struct envelope *e, void **out)
{
    struct close_body b;
    enum err err = close_body_decode(e->body, &b);

    (void)context;
    if (err == ERR_OK)
        *out = kind_keep(&b, sizeof b);
    return err;
}

const struct close_body *entry_closes(const struct entry *e)
{
    return e->envelope.kind == ENTRY_CLOSE ? e->body : NULL;
}

/* Whether a CLOSE is early is no question of the state: validators ask their clocks before they vote. */
static enum err judge(const struct federation_state *s, struct entry *e)
{
    const struct close_body *b = e->body;
    enum err err = kind_judge_epoch(s, e);
    if (err != ERR_OK)
        return err;
    if (b->phase != s->phase)
        return b->phase < s->phase ? ERR_STALE : ERR_AGAIN;
    if (b->attempt != s->attempt)
        return b->attempt < s->attempt ? ERR_STALE : ERR_AGAIN;
    return s->closing ? ERR_DUPLICATE : ERR_OK;
}

static void apply(struct federation_state *s, const struct entry *e)
{
    (void)e;
    s->closing = true;
}

const struct kind kind_close = {
    .signer = SIGNED_BY_VALIDATORS, .decode = decode, .judge = judge, .apply = apply, .waits = true};
