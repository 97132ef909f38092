#include "state/kind.h"

/* SCORE: a site's costs of all candidates, one row of the matrix. */

void score_body_encode(const struct score_body *b, struct buf *out)
{
    ASSERT(b->count <= CYCLE_CANDIDATES_MAX);
    struct cbor_writer w;
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 2);
    cbor_put_text(&w, "costs");
    cbor_put_array(&w, b->count);
    for (unsigned i = 0; i < b->count; i++)
        cbor_put_uint(&w, b->costs[i]);
    cbor_put_text(&w, "candidates");
    digest_put(&w, &b->candidates);
    cbor_writer_done(&w);
}

enum err score_body_decode(struct bytes in, struct score_body *out)
{
    struct score_body b = {0};
    struct cbor_reader r;
    cbor_reader_init(&r, in);
    cbor_expect_map(&r, 2);
    cbor_expect_key(&r, "costs");
    uint64_t count = cbor_get_array(&r);
    if (count > CYCLE_CANDIDATES_MAX)
        cbor_fail(&r, ERR_LIMIT);
    for (unsigned i = 0; r.err == ERR_OK && i < count; i++)
        b.costs[i] = kind_get_number(&r);
    b.count = r.err == ERR_OK ? (unsigned)count : 0;
    cbor_expect_key(&r, "candidates");
    b.candidates = digest_get(&r);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        *out = b;
    return err;
}

static enum err decode(const void *context, const struct envelope *e, void **out)
{
    struct score_body b;
    enum err err = score_body_decode(e->body, &b);

    (void)context;
    if (err == ERR_OK)
        *out = kind_keep(&b, offsetof(struct score_body, costs) + b.count * sizeof b.costs[0]);
    return err;
}

static enum err judge(const struct federation_state *s, struct entry *e)
{
    const struct score_body *b = e->body;
    if (!kind_contributes(s, e))
        return ERR_STATE;
    enum err err = kind_judge_epoch(s, e);
    if (err != ERR_OK)
        return err;
    if (s->phase != PHASE_SCORE)
        return s->phase == PHASE_COLLECT ? ERR_AGAIN : ERR_STALE;
    if (state_contribution(s, e->member)->scored)
        return ERR_DUPLICATE;
    struct digest candidates = align_digest(s->candidates, s->candidate_count);
    return b->count == s->candidate_count && digest_equal(&b->candidates, &candidates) ? ERR_OK : ERR_MISMATCH;
}

static void apply(struct federation_state *s, const struct entry *e)
{
    const struct score_body *b = e->body;
    struct contribution *c = contribution_make(s, e->member);
    ASSERT(b->count == s->candidate_count);
    c->scored = true;
    c->row_hash = e->leaf_hash;
    c->row_built_on = e->envelope.ledger_block_id;
    c->costs = shared_new(b->count, sizeof c->costs[0]);
    for (unsigned i = 0; i < b->count; i++)
        c->costs[i] = b->costs[i];
    state_member_change(s, e->member)->status = MEMBER_ACTIVE;
}

const struct kind kind_score = {.decode = decode, .judge = judge, .apply = apply, .waits = true};
