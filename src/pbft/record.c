#include "pbft/internal.h"

#include <string.h>

/* Records are CBOR arrays that begin with one of these and the membership epoch; then: */
enum record_kind {
    RECORD_SNAPSHOT =
        1,          /* base, id, h, id, signatures or null, view, active, own VIEW-CHANGE or null, NEW-VIEW or null */
    RECORD_ACCEPT,  /* sequence, view, digest, proposal's signature, own PREPARE's or null, batch or null */
    RECORD_PROOF,   /* proof */
    RECORD_CLAIM,   /* type, view, sequence, digest, signature: own COMMIT or CHECKPOINT */
    RECORD_MESSAGE, /* own VIEW-CHANGE or the NEW-VIEW */
    RECORD_DECIDED  /* sequence, block id: to vote for it again in later views */
};

/* ---- writing */

/* items: what follows. */
static void record_begin(struct cbor_writer *w, const struct pbft *p, enum record_kind kind, unsigned items,
                         struct buf *out)
{
    cbor_writer_init(w, out);
    cbor_put_array(w, 2 + items);
    cbor_put_uint(w, kind);
    cbor_put_uint(w, p->members.membership_epoch);
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
    struct buf out = {0};
    struct cbor_writer w;

    record_begin(&w, p, RECORD_SNAPSHOT, 9, &out);
    cbor_put_uint(&w, p->base.sequence);
    cbor_put_bytes(&w, digest_bytes(&p->base.block_id));
    cbor_put_uint(&w, p->stable.sequence);
    cbor_put_bytes(&w, digest_bytes(&p->stable.block_id));
    put_blob(&w, p->stable.signatures);
    cbor_put_uint(&w, p->view);
    cbor_put_bool(&w, p->active);
    put_blob(&w, p->active ? NULL : p->peers[p->config.self].view_change);
    put_blob(&w, p->new_view);
    cbor_writer_done(&w);
    effects_persist(p->out, p->stable.sequence + 1, bytes_of_buf(&out));
    buf_free(&out);
}

void record_accept(struct pbft *p, struct slot *s, const struct claim *prepare)
{
    struct batch *batch = slot_batch(s, &s->proposal.says.digest);
    struct buf out = {0};
    struct cbor_writer w;

    ASSERT(batch != NULL);
    record_begin(&w, p, RECORD_ACCEPT, 6, &out);
    cbor_put_uint(&w, s->sequence);
    cbor_put_uint(&w, s->proposal.says.view);
    cbor_put_bytes(&w, digest_bytes(&s->proposal.says.digest));
    cbor_put_bytes(&w, bytes_of(s->proposal.signature, SIGNATURE_SIZE));
    if (prepare != NULL)
        cbor_put_bytes(&w, bytes_of(prepare->signature, SIGNATURE_SIZE));
    else
        cbor_put_null(&w);
    put_blob(&w, batch->durable ? NULL : batch->requests);
    cbor_writer_done(&w);
    batch->durable = true;
    effects_persist(p->out, s->sequence, bytes_of_buf(&out));
    buf_free(&out);
}

void record_proof(struct pbft *p, const struct slot *s)
{
    struct buf out = {0};
    struct cbor_writer w;

    record_begin(&w, p, RECORD_PROOF, 1, &out);
    cbor_put_raw(&w, blob_bytes(s->proof));
    cbor_writer_done(&w);
    effects_persist(p->out, s->sequence, bytes_of_buf(&out));
    buf_free(&out);
}

void record_claim(struct pbft *p, const struct claim *claim)
{
    struct buf out = {0};
    struct cbor_writer w;

    record_begin(&w, p, RECORD_CLAIM, 5, &out);
    cbor_put_uint(&w, claim->says.type);
    cbor_put_uint(&w, claim->says.view);
    cbor_put_uint(&w, claim->says.sequence);
    cbor_put_bytes(&w, digest_bytes(&claim->says.digest));
    cbor_put_bytes(&w, bytes_of(claim->signature, SIGNATURE_SIZE));
    cbor_writer_done(&w);
    effects_persist(p->out, claim->says.sequence, bytes_of_buf(&out));
    buf_free(&out);
}

void record_decided(struct pbft *p, uint64_t sequence, const struct digest *block_id)
{
    struct buf out = {0};
    struct cbor_writer w;

    record_begin(&w, p, RECORD_DECIDED, 2, &out);
    cbor_put_uint(&w, sequence);
    cbor_put_bytes(&w, digest_bytes(block_id));
    cbor_writer_done(&w);
    effects_persist(p->out, sequence, bytes_of_buf(&out));
    buf_free(&out);
}

void record_message(struct pbft *p, struct blob *message)
{
    struct buf out = {0};
    struct cbor_writer w;

    record_begin(&w, p, RECORD_MESSAGE, 1, &out);
    cbor_put_raw(&w, blob_bytes(message));
    cbor_writer_done(&w);
    effects_persist(p->out, p->stable.sequence + 1, bytes_of_buf(&out));
    buf_free(&out);
}

/* ---- reading */

/* One item, or NULL for null. */
static struct bytes get_optional(struct cbor_reader *r)
{
    struct bytes item = cbor_get_raw(r);
    bool null = r->err == ERR_OK && item.len == 1 && item.data[0] == 0xf6;
    return null ? bytes_of(NULL, 0) : item;
}

static void get_signature(struct cbor_reader *r, struct claim *claim)
{
    struct bytes signature = cbor_get_bytes_of(r, SIGNATURE_SIZE);
    if (r->err == ERR_OK)
        memcpy(claim->signature, signature.data, SIGNATURE_SIZE);
}

static struct digest get_digest(struct cbor_reader *r)
{
    return digest_from(cbor_get_bytes_of(r, DIGEST_SIZE));
}

static enum err apply_snapshot(struct pbft *p, struct cbor_reader *r)
{
    struct stable base = {0}, stable = {0};

    base.sequence = cbor_get_uint(r);
    base.block_id = get_digest(r);
    stable.sequence = cbor_get_uint(r);
    stable.block_id = get_digest(r);
    struct bytes signatures = get_optional(r);
    uint64_t view = cbor_get_uint(r);
    bool active = cbor_get_bool(r);
    struct bytes own = get_optional(r), opened = get_optional(r);
    enum err err = cbor_reader_done(r);
    if (err != ERR_OK)
        return err;
    if (stable.sequence < base.sequence || view > VIEW_MAX)
        return ERR_RANGE;
    if (stable.sequence > p->decided)
        return ERR_STATE; /* the ledger lost blocks that we called durable */
    p->base = base;
    stable.signatures = signatures.len > 0 ? blob_new(signatures) : NULL;
    blob_drop(p->stable.signatures);
    p->stable = stable;
    p->restored = true;
#ifdef MUTANT_PBFT_FORGET_VIEW_ON_RESTART
    return ERR_OK;
#endif
    if (own.len > 0)
        err = view_change_restore(p, own);
    if (err == ERR_OK && opened.len > 0)
        err = new_view_restore(p, opened);
    if (err == ERR_OK && (p->view != view || p->active != active))
        err = ERR_SYNTAX;
    return err;
}

static enum err apply_accept(struct pbft *p, struct cbor_reader *r)
{
    struct claim proposal = {.says.type = MESSAGE_PRE_PREPARE}, prepare = {.signer = p->config.self};

    proposal.says.sequence = cbor_get_uint(r);
    proposal.says.view = cbor_get_uint(r);
    proposal.says.digest = get_digest(r);
    proposal.signer = members_primary(&p->members, proposal.says.view);
    get_signature(r, &proposal);
    bool voted = cbor_peek(r) != CBOR_SIMPLE;
    if (voted)
        get_signature(r, &prepare);
    else
        cbor_get_null(r);
    struct bytes batch = get_optional(r);
    enum err err = cbor_reader_done(r);
    struct slot *s = err == ERR_OK ? log_slot(p, proposal.says.sequence) : NULL;
    if (s == NULL)
        return err;
    if (batch.len > 0) {
        struct blob *blob = blob_new(batch);
        slot_keep_batch(s, &proposal.says.digest, blob);
        blob_drop(blob);
    }
    struct batch *kept = slot_batch(s, &proposal.says.digest);
    if (kept != NULL)
        kept->durable = true;
    if (s->proposal.says.type != 0 && s->proposal.says.view > proposal.says.view)
        return ERR_OK;
#ifdef MUTANT_PBFT_FORGET_VOTE_ON_RESTART
    return ERR_OK;
#endif
    bool same = s->proposal.says.type != 0 && s->proposal.says.view == proposal.says.view;
    s->proved = same && s->proved;
    s->proposal = proposal;
    s->voted = true;
    s->prepared = false;
    if (voted) {
        prepare.says = proposal.says;
        prepare.says.type = MESSAGE_PREPARE;
        slot_keep_claim(s, &s->prepares[p->config.self], &prepare);
    }
    return ERR_OK;
}

static enum err apply_proof(struct pbft *p, struct cbor_reader *r)
{
    struct bytes item = cbor_get_raw(r);
    enum err err = cbor_reader_done(r);
    struct cbor_reader inner;

    if (err != ERR_OK)
        return err;
    cbor_reader_init(&inner, item);
    struct proof proof = proof_read(&inner, &p->members, false);
    err = cbor_reader_done(&inner);
    struct slot *s = err == ERR_OK ? log_slot(p, proof.sequence) : NULL;
    if (s == NULL || (s->proof != NULL && s->proof_view > proof.view))
        return err;
#ifdef MUTANT_PBFT_FORGET_PROOF_ON_RESTART
    return ERR_OK;
#endif
    blob_drop(s->proof);
    s->proof = blob_new(item);
    s->proof_view = proof.view;
    s->proof_digest = proof.digest;
    s->prepared = s->proposal.says.type != 0 && s->proposal.says.view == proof.view && s->voted &&
                  slot_batch(s, &proof.digest) != NULL;
    return ERR_OK;
}

static enum err apply_claim(struct pbft *p, struct cbor_reader *r)
{
    struct claim claim = {.signer = p->config.self};

    uint64_t type = cbor_get_uint(r);
    claim.says.view = cbor_get_uint(r);
    claim.says.sequence = cbor_get_uint(r);
    claim.says.digest = get_digest(r);
    get_signature(r, &claim);
    enum err err = cbor_reader_done(r);
    if (err != ERR_OK)
        return err;
    if (type != MESSAGE_COMMIT && type != MESSAGE_CHECKPOINT)
        return ERR_SYNTAX;
    claim.says.type = (enum message_type)type;
    if (type == MESSAGE_CHECKPOINT) {
        checkpoint_restore(p, &claim);
        return ERR_OK;
    }
    struct slot *s = log_slot(p, claim.says.sequence);
    if (s != NULL && s->commits[p->config.self].says.view <= claim.says.view)
        slot_keep_claim(s, &s->commits[p->config.self], &claim);
    return ERR_OK;
}

/* The record is ahead of the block by one effect: only what the ledger has is decided for us. */
static enum err apply_decided(struct pbft *p, struct cbor_reader *r)
{
    uint64_t sequence = cbor_get_uint(r);
    struct digest block_id = get_digest(r);
    enum err err = cbor_reader_done(r);
    struct slot *s = err == ERR_OK && sequence <= p->decided ? log_slot(p, sequence) : NULL;

    if (s != NULL) {
        s->has_block = true;
        s->block_id = block_id;
    }
    return err;
}

static enum err apply_message(struct pbft *p, struct cbor_reader *r)
{
    struct bytes message = cbor_get_raw(r);
    enum err err = cbor_reader_done(r);

    if (err != ERR_OK)
        return err;
#ifdef MUTANT_PBFT_FORGET_VIEW_ON_RESTART
    return ERR_OK;
#endif
    if (message.len > 1 && message.data[1] == MESSAGE_VIEW_CHANGE)
        return view_change_restore(p, message);
    return new_view_restore(p, message);
}

static enum err record_apply(struct pbft *p, struct bytes record, bool snapshots)
{
    struct cbor_reader r;

    cbor_reader_init(&r, record);
    (void)cbor_get_array(&r);
    uint64_t kind = cbor_get_uint(&r), epoch = cbor_get_uint(&r);
    if (r.err != ERR_OK)
        return ERR_SYNTAX;
    if (epoch < p->members.membership_epoch)
        return ERR_OK;
    if (epoch > p->members.membership_epoch)
        return ERR_STATE; /* the ledger lost blocks that we called durable */
    if (kind == RECORD_SNAPSHOT)
        return snapshots ? apply_snapshot(p, &r) : ERR_OK;
    if (snapshots)
        return kind >= RECORD_ACCEPT && kind <= RECORD_DECIDED ? ERR_OK : ERR_SYNTAX;
    switch ((enum record_kind)kind) {
    case RECORD_ACCEPT:
        return apply_accept(p, &r);
    case RECORD_PROOF:
        return apply_proof(p, &r);
    case RECORD_CLAIM:
        return apply_claim(p, &r);
    case RECORD_MESSAGE:
        return apply_message(p, &r);
    case RECORD_DECIDED:
        return apply_decided(p, &r);
    case RECORD_SNAPSHOT:
        break;
    }
    return ERR_SYNTAX;
}

/* The last snapshot says where the window is, and earlier records need to know that: so
 * snapshots are read as they come and the others at pbft_start. */
enum err pbft_restore(struct pbft *p, struct bytes record)
{
    size_t position;

    ASSERT(!p->started);
    if (cbor_check(record, &position) != ERR_OK || record.len == 0 || record.data[0] >> 5 != 4)
        return ERR_SYNTAX;
    enum err err = record_apply(p, record, true);
    if (err != ERR_OK)
        return err;
    if (p->record_count == p->record_cap) {
        p->record_cap = p->record_cap == 0 ? 16 : 2 * p->record_cap;
        p->records = mem_resize(p->records, p->record_cap, sizeof p->records[0]);
    }
    p->records[p->record_count++] = blob_new(record);
    return ERR_OK;
}

void records_apply(struct pbft *p)
{
    for (size_t i = 0; i < p->record_count; i++) {
        if (record_apply(p, blob_bytes(p->records[i]), false) != ERR_OK)
            effects_note(p->out, "pbft.bad_record", i, 0);
        blob_drop(p->records[i]);
    }
    p->record_count = 0;
    for (unsigned i = 0; i < p->ring; i++) {
        const struct slot *s = &p->slots[i];
        if (s->sequence > p->stable.sequence && slot_current(p, s) && s->sequence > p->top)
            p->top = s->sequence;
    }
}
