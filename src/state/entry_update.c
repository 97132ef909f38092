#include "state/kind.h"
#include "base/mutate.h"

/* UPDATE: the best genomes of a site's local cycle. One of each member in an epoch, and one for an epoch; what was made
 * for an earlier epoch counts with its staleness. */

void update_body_encode(const struct update_body *b, struct buf *out)
{
    ASSERT(b->count <= CYCLE_MIGRANTS_MAX);
    struct cbor_writer w;
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 4);
    cbor_put_text(&w, "delta");
    cbor_put_int(&w, b->delta_ppm);
    cbor_put_text(&w, "genomes");
    cbor_put_array(&w, b->count);
    for (unsigned i = 0; i < b->count; i++) {
        cbor_put_map(&w, 2);
        cbor_put_text(&w, "cost");
        cbor_put_uint(&w, b->costs[i]);
        cbor_put_text(&w, "genome");
        cbor_put_raw(&w, b->genomes[i]);
    }
    cbor_put_text(&w, "iterations");
    cbor_put_uint(&w, b->iterations);
    cbor_put_text(&w, "evaluations");
    cbor_put_uint(&w, b->evaluations);
    cbor_writer_done(&w);
}

enum err update_body_decode(struct bytes in, struct update_body *out)
{
    struct update_body b = {0};
    struct cbor_reader r;
    cbor_reader_init(&r, in);
    cbor_expect_map(&r, 4);
    cbor_expect_key(&r, "delta");
    b.delta_ppm = kind_get_delta(&r);
    cbor_expect_key(&r, "genomes");
    uint64_t count = cbor_get_array(&r);
    if (count > CYCLE_MIGRANTS_MAX)
        cbor_fail(&r, ERR_LIMIT);
    for (unsigned i = 0; r.err == ERR_OK && i < count; i++) {
        cbor_expect_map(&r, 2);
        cbor_expect_key(&r, "cost");
        b.costs[i] = kind_get_number(&r);
        cbor_expect_key(&r, "genome");
        b.genomes[i] = cbor_get_raw(&r);
    }
    b.count = r.err == ERR_OK ? (unsigned)count : 0;
    cbor_expect_key(&r, "iterations");
    b.iterations = kind_get_number(&r);
    cbor_expect_key(&r, "evaluations");
    b.evaluations = kind_get_number(&r);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        *out = b;
    return err;
}

/* ---- what is kept of it */

struct offer {
    struct genome genome;
    struct digest hash;
    uint64_t cost;
};

struct update {
    int64_t delta_ppm;
    unsigned count;
    struct offer offers[];
};

static enum err decode(const void *context, const struct envelope *e, void **out)
{
    const struct federation_state *s = context;
    struct update_body b;
    enum err err = update_body_decode(e->body, &b);
    if (err != ERR_OK)
        return err;
    if (b.count > s->policy.migrants)
        return ERR_LIMIT;
    struct update *u = mem_alloc(sizeof *u + b.count * sizeof u->offers[0]);
    u->delta_ppm = b.delta_ppm;
    u->count = b.count;
    for (unsigned i = 0; i < b.count; i++) {
        struct offer *offer = &u->offers[i];
        err = genome_decode(s->schema, b.genomes[i], &offer->genome);
        if (err != ERR_OK) {
            mem_free(u);
            return err;
        }
        offer->hash = digest_of(b.genomes[i]); /* a genome has one encoding, and only that one is decoded */
        offer->cost = b.costs[i];
    }
    *out = u;
    return ERR_OK;
}

/* ---- its effect */

/* One that missed COLLECT waits for the next one; one that is more than max_ledger_drift late is ERR_STALE.
 * ERR_DUPLICATE: the member's work for this epoch, or a later one, has counted. A site that lost its disk may evaluate
 * again for an epoch in which it had spoken, and a liar may sign as many UPDATEs for an epoch as it likes: each has a
 * new sequence number, and could else count as late work in the epochs that follow. */
static enum err judge(const struct federation_state *s, struct entry *e)
{
    uint64_t epoch = e->envelope.federated_epoch;
    if (!kind_contributes(s, e))
        return ERR_STATE;
    if (epoch > s->epoch)
        return ERR_AGAIN;
    bool counted = epoch <= state_member(s, e->member)->counted_epoch;
    if (state_contribution(s, e->member)->updated || MUTATE(STATE_WORK_COUNTS_TWICE, false, counted))
        return ERR_DUPLICATE;
    if (s->phase != PHASE_COLLECT)
        return ERR_AGAIN;
    return s->epoch - epoch > s->policy.max_ledger_drift ? ERR_STALE : ERR_OK;
}

static void apply(struct federation_state *s, const struct entry *e)
{
    const struct update *u = e->body;
    struct member *m = state_member_change(s, e->member);
    struct contribution *c = contribution_make(s, e->member);
    c->updated = true;
    c->delta_ppm = u->delta_ppm;
    c->staleness = s->epoch - e->envelope.federated_epoch;
    c->height = s->height + 1;
    c->leaf_hash = e->leaf_hash;
    c->built_on = e->envelope.ledger_block_id;
    c->offer_count = u->count;
    c->offers = shared_new(u->count, sizeof c->offers[0]);
    for (unsigned i = 0; i < u->count; i++) {
        c->offers[i] = (struct candidate){
            .fingerprint = m->fingerprint,
            .hash = u->offers[i].hash,
            .genome = u->offers[i].genome,
            .claim = u->offers[i].cost,
            .staleness = c->staleness,
        };
    }
    m->status = MEMBER_ACTIVE;
    m->last_epoch = s->epoch;
    m->counted_epoch = e->envelope.federated_epoch;
}

/* Who is too late must reconcile first. The sequence is used up, or the same UPDATE could be brought forward again
 * after that. */
static void refuse(struct federation_state *s, const struct entry *e, enum err verdict)
{
    struct member *m = state_member_change(s, e->member);

    if (verdict != ERR_STALE)
        return;
    m->sequence = e->envelope.sequence;
    m->status = MUTATE(STATE_NO_QUARANTINE, m->status, MEMBER_QUARANTINED);
}

const struct kind kind_update = {.decode = decode, .judge = judge, .apply = apply, .refuse = refuse, .waits = true};
