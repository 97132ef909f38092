#include "pbft/internal.h"

#include <string.h>

struct record {
    struct buf *out; /* p->record */
    struct cbor_writer w;
    uint64_t number;
};

static void record_begin(struct record *r, struct pbft *p, enum record_kind kind, unsigned items, uint64_t number)
{
    r->out = &p->record;
    r->number = number;
    buf_clear(r->out);
    cbor_writer_init(&r->w, r->out);
    cbor_put_array(&r->w, 4 + items + 1);
    cbor_put_uint(&r->w, kind);
    cbor_put_uint(&r->w, p->members.membership_epoch);
    cbor_put_uint(&r->w, number);
    cbor_put_uint(&r->w, p->record_serial++);
}

/* Numbers of the records that are durable and not forgotten. */
void filed_add(struct pbft *p, uint64_t number)
{
    if (p->filed_count == p->filed_cap) {
        p->filed_cap = p->filed_cap == 0 ? 64 : 2 * p->filed_cap;
        p->filed = mem_resize(p->filed, p->filed_cap, sizeof p->filed[0]);
    }
    p->filed[p->filed_count++] = number;
}

/* How many are above h; drops the others. */
static uint64_t filed_above(struct pbft *p, uint64_t h)
{
    size_t kept = 0;

    for (size_t i = 0; i < p->filed_count; i++) {
        if (p->filed[i] > h)
            p->filed[kept++] = p->filed[i];
    }
    p->filed_count = kept;
    return kept;
}

static void record_end(struct record *r, struct pbft *p)
{
    struct digest sum = digest_of(bytes_of_buf(r->out));

    cbor_put_bytes(&r->w, bytes_of(sum.b, RECORD_SUM_SIZE));
    cbor_writer_done(&r->w);
    effects_persist(p->out, r->number, bytes_of_buf(r->out));
    filed_add(p, r->number);
}

static void put_blob(struct cbor_writer *w, const struct blob *item)
{
    if (item != NULL)
        cbor_put_raw(w, blob_bytes(item));
    else
        cbor_put_null(w);
}

/* Replaces every record under a number of at most h. */
void record_snapshot(struct pbft *p)
{
    struct record r;

    record_begin(&r, p, RECORD_SNAPSHOT, 11, p->stable.sequence + 1);
    cbor_put_uint(&r.w, filed_above(p, MUTATE(SNAPSHOT_COUNTS_FORGOTTEN, 0, p->stable.sequence)));
    cbor_put_uint(&r.w, p->base.sequence);
    cbor_put_bytes(&r.w, digest_bytes(&p->base.block_id));
    cbor_put_uint(&r.w, p->stable.sequence);
    cbor_put_bytes(&r.w, digest_bytes(&p->stable.block_id));
    put_blob(&r.w, p->stable.signatures);
    cbor_put_uint(&r.w, p->view);
    cbor_put_bool(&r.w, p->active);
    cbor_put_uint(&r.w, MUTATE(SNAPSHOT_WITHOUT_FLOOR, 0, p->floor));
    put_blob(&r.w, p->active ? NULL : MUTATE(SNAPSHOT_WITHOUT_VIEW_CHANGE, NULL, p->peers[p->config.self].view_change));
    put_blob(&r.w, MUTATE(SNAPSHOT_WITHOUT_NEW_VIEW, NULL, p->new_view));
    record_end(&r, p);
}

void record_accept(struct pbft *p, struct slot *s, const struct claim *prepare)
{
    struct batch *batch = slot_batch(s, &s->proposal.says.digest);
    struct record r;

    ASSERT(batch != NULL);
    record_begin(&r, p, RECORD_ACCEPT, 6, s->sequence);
    cbor_put_uint(&r.w, s->sequence);
    cbor_put_uint(&r.w, s->proposal.says.view);
    cbor_put_bytes(&r.w, digest_bytes(&s->proposal.says.digest));
    cbor_put_bytes(&r.w, bytes_of(s->proposal.signature, SIGNATURE_SIZE));
    if (prepare != NULL)
        cbor_put_bytes(&r.w, bytes_of(prepare->signature, SIGNATURE_SIZE));
    else
        cbor_put_null(&r.w);
    put_blob(&r.w, MUTATE(RECORD_WITHOUT_BATCH, true, batch->durable) ? NULL : batch->requests);
    batch->durable = true;
    record_end(&r, p);
}

void record_proof(struct pbft *p, const struct slot *s)
{
    struct record r;

    record_begin(&r, p, RECORD_PROOF, 1, s->sequence);
    cbor_put_raw(&r.w, blob_bytes(s->proof));
    record_end(&r, p);
}

void record_claim(struct pbft *p, const struct claim *claim)
{
    struct record r;

    record_begin(&r, p, RECORD_CLAIM, 5, claim->says.sequence);
    cbor_put_uint(&r.w, claim->says.type);
    cbor_put_uint(&r.w, claim->says.view);
    cbor_put_uint(&r.w, claim->says.sequence);
    cbor_put_bytes(&r.w, digest_bytes(&claim->says.digest));
    cbor_put_bytes(&r.w, bytes_of(claim->signature, SIGNATURE_SIZE));
    record_end(&r, p);
}

void record_decided(struct pbft *p, uint64_t sequence, const struct digest *block_id)
{
    struct record r;

    record_begin(&r, p, RECORD_DECIDED, 2, sequence);
    cbor_put_uint(&r.w, sequence);
    cbor_put_bytes(&r.w, digest_bytes(block_id));
    record_end(&r, p);
}

void record_message(struct pbft *p, struct blob *message)
{
    struct record r;

    record_begin(&r, p, RECORD_MESSAGE, 1, p->stable.sequence + 1);
    cbor_put_raw(&r.w, blob_bytes(message));
    record_end(&r, p);
}
