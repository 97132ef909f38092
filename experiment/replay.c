#include "experiment/replay.h"

/* The rows of a block that would also end the epoch. */
static void take_rows(struct federation_state *s, const struct block *block)
{
    for (unsigned i = 0; i < block->count; i++) {
        struct entry *e = entry_open(block->entries[i]);
        struct score_body *row = mem_alloc(sizeof *row);

        if (entry_judge(s, e) == ERR_OK && e->envelope.kind == ENTRY_SCORE &&
            score_body_decode(e->envelope.body, row) == ERR_OK && row->count == s->candidate_count) {
            struct contribution *c = contribution_make(s, e->member);

            c->scored = true;
            c->costs = shared_new(row->count, sizeof c->costs[0]);
            for (unsigned k = 0; k < row->count; k++)
                c->costs[k] = row->costs[k];
        }
        mem_free(row);
        entry_drop(e);
    }
}

/* Moves *s over the block, or stops before one that ends the epoch. */
static enum err step(struct federation_state *s, struct blob *bytes, uint64_t epoch, bool *stopped)
{
    struct federation_state after;
    struct execution execution = {0};
    struct block block;
    enum err err = block_decode(bytes, &block);

    if (err != ERR_OK)
        return err;
    state_copy(&after, s);
    err = state_apply_block(&after, &block, &execution);
    execution_free(&execution);
    *stopped = err == ERR_OK && s->epoch == epoch && after.epoch > epoch;
    if (*stopped) {
        take_rows(s, &block);
        state_free(&after);
    } else {
        state_free(s);
        *s = after;
    }
    block_fini(&block);
    return err;
}

enum err replay_undecided(const struct rehearsal *r, uint64_t epoch, struct federation_state *out, struct diag *diag)
{
    const struct ledger_store *store = &r->nodes[0].disk.ledger;
    struct federation_state s;
    bool stopped = false;
    enum err err = state_genesis(bytes_of_buf(&r->genesis), &s, diag);

    if (err != ERR_OK)
        return err;
    for (uint64_t height = 1; err == ERR_OK && !stopped; height++) {
        struct blob *bytes;

        err = store->read(store->context, height, &bytes);
        if (err != ERR_OK)
            break;
        err = step(&s, bytes, epoch, &stopped);
        blob_drop(bytes);
    }
    if (err == ERR_OK && s.phase == PHASE_COLLECT)
        err = ERR_STATE; /* abandoned */
    if (err != ERR_OK) {
        state_free(&s);
        return diag_set(diag, err, "epoch %u has not come to a decision", (unsigned)epoch);
    }
    *out = s;
    return ERR_OK;
}

/* ---- offers */

struct offering {
    const struct rehearsal *r;
    struct federation_state state;
    struct offers *offers;
};

static void take_offers(struct offering *o, struct bytes entry)
{
    struct update_body *body = mem_alloc(sizeof *body);
    struct envelope envelope;
    struct cose_sign1 cose;
    int member = -1;

    if (envelope_parse(entry, &envelope, &cose) == ERR_OK && envelope.kind == ENTRY_UPDATE)
        member = state_find(&o->state, &envelope.node_fingerprint);
    if (member >= 0 && update_body_decode(envelope.body, body) == ERR_OK) {
        for (unsigned i = 0; i < body->count; i++) {
            struct genome genome;

            if (genome_decode(o->state.schema, body->genomes[i], &genome) == ERR_OK)
                offers_add(&o->offers[o->r->node_of[member]], o->state.schema, &genome, envelope.federated_epoch,
                           body->costs[i]);
        }
    }
    mem_free(body);
}

static enum err offers_of_block(struct offering *o, struct blob *bytes)
{
    struct execution execution = {0};
    struct block block;
    enum err err = block_decode(bytes, &block);

    if (err != ERR_OK)
        return err;
    err = state_apply_block(&o->state, &block, &execution);
    for (unsigned i = 0; err == ERR_OK && i < block.count; i++) {
        if (execution.verdicts[i] == ERR_OK)
            take_offers(o, block.entries[i]);
    }
    execution_free(&execution);
    block_fini(&block);
    return err;
}

enum err replay_offers(const struct rehearsal *r, struct offers *offers, struct diag *diag)
{
    const struct ledger_store *store = &r->nodes[0].disk.ledger;
    struct offering o = {.r = r, .offers = offers};
    enum err err = state_genesis(bytes_of_buf(&r->genesis), &o.state, diag);

    if (err != ERR_OK)
        return err;
    for (uint64_t height = 1; err == ERR_OK && height <= r->nodes[0].disk.height; height++) {
        struct blob *bytes;

        err = store->read(store->context, height, &bytes);
        if (err != ERR_OK)
            break;
        err = offers_of_block(&o, bytes);
        blob_drop(bytes);
    }
    state_free(&o.state);
    return err != ERR_OK ? diag_set(diag, err, "the ledger cannot be read again") : ERR_OK;
}
