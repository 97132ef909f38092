#include "pbft/internal.h"

#include <string.h>

void record_written_fini(struct pbft *p)
{
    mem_free(p->written.filed);
    buf_free(&p->written.scratch);
}

void record_serial_seen(struct pbft *p, uint64_t serial)
{
    p->written.serial = serial + 1;
}

struct record {
    struct buf *out; /* p->written.scratch */
    struct cbor_writer w;
    uint64_t number;
};

static void record_begin(struct record *r, struct pbft *p, enum record_kind kind, unsigned items, uint64_t number)
{
    r->out = &p->written.scratch;
    r->number = number;
    buf_clear(r->out);
    cbor_writer_init(&r->w, r->out);
    cbor_put_array(&r->w, 4 + items + 1);
    cbor_put_uint(&r->w, kind);
    cbor_put_uint(&r->w, p->members.membership_epoch);
    cbor_put_uint(&r->w, number);
    cbor_put_uint(&r->w, p->written.serial++);
}

/* Numbers of the records that are durable and not forgotten. */
void record_filed(struct pbft *p, uint64_t number)
{
    if (p->written.filed_count == p->written.filed_cap) {
        p->written.filed_cap = p->written.filed_cap == 0 ? 64 : 2 * p->written.filed_cap;
        p->written.filed = mem_resize(p->written.filed, p->written.filed_cap, sizeof p->written.filed[0]);
    }
    p->written.filed[p->written.filed_count++] = number;
}

/* How many are above h; drops the others. */
static uint64_t filed_above(struct pbft *p, uint64_t h)
{
    size_t kept = 0;

    for (size_t i = 0; i < p->written.filed_count; i++) {
        if (p->written.filed[i] > h)
            p->written.filed[kept++] = p->written.filed[i];
    }
    p->written.filed_count = kept;
    return kept;
}

static void record_end(struct record *r, struct pbft *p)
{
    struct digest sum = digest_of(bytes_of_buf(r->out));

    cbor_put_bytes(&r->w, bytes_of(sum.b, RECORD_SUM_SIZE));
    cbor_writer_done(&r->w);
    effects_persist(p->out, r->number, bytes_of_buf(r->out));
    record_filed(p, r->number);
}

static void put_blob(struct cbor_writer *w, const struct blob *item)
{
    if (item != NULL)
        cbor_put_known(w, blob_bytes(item));
    else
        cbor_put_null(w);
}

/* Replaces every record under a number of at most h. */
void record_snapshot(struct pbft *p)
{
    struct record r;

    record_begin(&r, p, RECORD_SNAPSHOT, 11, p->checkpoints.stable.sequence + 1);
    cbor_put_uint(&r.w, filed_above(p, MUTATE(SNAPSHOT_COUNTS_FORGOTTEN, 0, p->checkpoints.stable.sequence)));
    cbor_put_uint(&r.w, p->checkpoints.base.sequence);
    digest_put(&r.w, &p->checkpoints.base.block_id);
    cbor_put_uint(&r.w, p->checkpoints.stable.sequence);
    digest_put(&r.w, &p->checkpoints.stable.block_id);
    put_blob(&r.w, p->checkpoints.stable.signatures);
    cbor_put_uint(&r.w, p->view.number);
    cbor_put_bool(&r.w, view_is_active(&p->view));
    cbor_put_uint(&r.w, MUTATE(SNAPSHOT_WITHOUT_FLOOR, 0, p->recovery.floor));
    put_blob(&r.w, view_is_active(&p->view)
                       ? NULL
                       : MUTATE(SNAPSHOT_WITHOUT_VIEW_CHANGE, NULL, p->peers[p->config.self].change.message));
    put_blob(&r.w, MUTATE(SNAPSHOT_WITHOUT_NEW_VIEW, NULL, p->view.new_view));
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
    digest_put(&r.w, &s->proposal.says.digest);
    cbor_put_bytes(&r.w, bytes_of(s->proposal.signature, SIGNATURE_SIZE));
    if (prepare != NULL)
        cbor_put_bytes(&r.w, bytes_of(prepare->signature, SIGNATURE_SIZE));
    else
        cbor_put_null(&r.w);
    put_blob(&r.w, MUTATE(RECORD_WITHOUT_BATCH, true, batch->durable) ? NULL : batch->requests);
    slot_batch_durable(batch);
    record_end(&r, p);
}

void record_proof(struct pbft *p, const struct slot *s)
{
    struct record r;

    record_begin(&r, p, RECORD_PROOF, 1, s->sequence);
    cbor_put_known(&r.w, blob_bytes(s->proof));
    record_end(&r, p);
}

void record_claim(struct pbft *p, const struct claim *claim)
{
    struct record r;

    record_begin(&r, p, RECORD_CLAIM, 5, claim->says.sequence);
    cbor_put_uint(&r.w, claim->says.type);
    cbor_put_uint(&r.w, claim->says.view);
    cbor_put_uint(&r.w, claim->says.sequence);
    digest_put(&r.w, &claim->says.digest);
    cbor_put_bytes(&r.w, bytes_of(claim->signature, SIGNATURE_SIZE));
    record_end(&r, p);
}

void record_decided(struct pbft *p, uint64_t sequence, const struct digest *block_id)
{
    struct record r;

    record_begin(&r, p, RECORD_DECIDED, 2, sequence);
    cbor_put_uint(&r.w, sequence);
    digest_put(&r.w, block_id);
    record_end(&r, p);
}

void record_message(struct pbft *p, struct blob *message)
{
    struct record r;

    record_begin(&r, p, RECORD_MESSAGE, 1, p->checkpoints.stable.sequence + 1);
    cbor_put_known(&r.w, blob_bytes(message));
    record_end(&r, p);
}
