#include "pbft/internal.h"

#include <string.h>

/* Own records, read again. */

enum record_kind record_kind(struct bytes record)
{
    return record.len >= 2 && record.data[1] <= RECORD_DECIDED ? (enum record_kind)record.data[1] : (enum record_kind)0;
}

enum err record_head_read(struct bytes record, struct record_head *head, struct cbor_reader *r)
{
    cbor_reader_init(r, record);
    (void)cbor_get_array(r);
    uint64_t kind = cbor_get_uint(r);
    struct record_head read = {.membership_epoch = cbor_get_uint(r)};
    read.number = cbor_get_uint(r);
    read.serial = cbor_get_uint(r);
    if (r->err != ERR_OK || kind < RECORD_SNAPSHOT || kind > RECORD_DECIDED)
        return ERR_SYNTAX;
    read.kind = (enum record_kind)kind;
    *head = read;
    return ERR_OK;
}

enum err record_open(struct bytes record, struct record_head *head, struct cbor_reader *r)
{
    const size_t sum_size = 1 + RECORD_SUM_SIZE; /* a byte string with its head */
    size_t position;

    if (record.len <= sum_size || record.data[0] >> 5 != 4)
        return ERR_SYNTAX;
    /* The sum covers all but its own head, with another of which it may be some other item of the same length. */
    if (MUTATE(RECORD_SUM_OF_ANY_KIND, false,
               record.data[record.len - sum_size] != (CBOR_BYTES << 5 | RECORD_SUM_SIZE)))
        return ERR_SYNTAX;
    struct digest sum = digest_of(bytes_of(record.data, record.len - sum_size));
    if (MUTATE(RECORD_DAMAGED, false, memcmp(sum.b, record.data + record.len - RECORD_SUM_SIZE, RECORD_SUM_SIZE) != 0))
        return ERR_MISMATCH;
    if (cbor_check(record, &position) != ERR_OK)
        return ERR_SYNTAX;
    return record_head_read(record, head, r);
}

enum err record_done(struct cbor_reader *r)
{
    (void)cbor_get_bytes_of(r, RECORD_SUM_SIZE);
    return cbor_reader_done(r);
}

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

static enum err apply_snapshot(struct pbft *p, const struct record_head *head, struct cbor_reader *r)
{
    struct stable base = {0}, stable = {0};

    uint64_t live = cbor_get_uint(r);
    base.sequence = cbor_get_uint(r);
    base.block_id = digest_get(r);
    stable.sequence = cbor_get_uint(r);
    stable.block_id = digest_get(r);
    struct bytes signatures = get_optional(r);
    uint64_t view = cbor_get_uint(r);
    bool active = cbor_get_bool(r);
    uint64_t floor = cbor_get_uint(r);
    struct bytes own = get_optional(r), opened = get_optional(r);
    enum err err = record_done(r);
    if (err != ERR_OK)
        return err;
    if (stable.sequence < base.sequence || view > VIEW_MAX || floor > VIEW_MAX + 1)
        return ERR_RANGE;
    if (MUTATE(RESTORES_AHEAD_OF_LEDGER, false, stable.sequence > p->executions.decided))
        return ERR_STATE; /* the ledger lost blocks that we called durable */
    p->read.snapshot_serial = head->serial;
    p->read.snapshot_live = live;
    recovery_restore_floor(p, MUTATE(RESTART_FORGETS_FLOOR, 0, floor));
    stable.signatures = signatures.len > 0 ? blob_new(signatures) : NULL;
    checkpoint_restore_stable(p, &base, &stable);
    p->read.restored = true;
    if (MUTATE(PBFT_FORGET_VIEW_ON_RESTART, true, false))
        return ERR_OK;
    if (own.len > 0)
        err = view_change_restore(p, own);
    if (err == ERR_OK && opened.len > 0)
        err = new_view_restore(p, opened);
    if (err == ERR_OK && (p->view.number != view || view_is_active(&p->view) != active))
        err = ERR_SYNTAX;
    return err;
}

static enum err apply_accept(struct pbft *p, struct cbor_reader *r)
{
    struct claim proposal = {.says.type = MESSAGE_PRE_PREPARE}, prepare = {.signer = p->config.self};

    proposal.says.sequence = cbor_get_uint(r);
    proposal.says.view = cbor_get_uint(r);
    proposal.says.digest = digest_get(r);
    proposal.signer = members_primary(&p->members, proposal.says.view);
    get_signature(r, &proposal);
    bool voted = cbor_peek(r) != CBOR_SIMPLE;
    if (voted)
        get_signature(r, &prepare);
    else
        cbor_get_null(r);
    struct bytes batch = get_optional(r);
    enum err err = record_done(r);
    struct slot *s = err == ERR_OK ? log_slot(p, proposal.says.sequence) : NULL;
    if (s == NULL)
        return err;
    MUTATE(RESTART_FORGETS_WHAT_WAS_SIGNED, (void)0, recovery_signed(p, proposal.says.sequence));
    if (MUTATE(RESTART_FORGETS_BATCH, false, batch.len > 0)) {
        struct blob *blob = blob_new(batch);
        slot_keep_batch(s, &proposal.says.digest, blob);
        blob_drop(blob);
    }
    struct batch *kept = slot_batch(s, &proposal.says.digest);
    if (kept != NULL)
        slot_batch_durable(kept);
    bool outlived = s->proposal.says.type != 0 && s->proposal.says.view > proposal.says.view;
    if (MUTATE(PBFT_FORGET_VOTE_ON_RESTART, true, outlived))
        return ERR_OK;
    slot_restore_proposal(s, &proposal);
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
    enum err err = record_done(r);
    struct cbor_reader inner;

    if (err != ERR_OK)
        return err;
    cbor_reader_init(&inner, item);
    struct proof proof = proof_read(&inner, &p->members, false, NULL);
    err = cbor_reader_done(&inner);
    struct slot *s = err == ERR_OK ? log_slot(p, proof.sequence) : NULL;
    if (MUTATE(PBFT_FORGET_PROOF_ON_RESTART, true, s == NULL) || (s->proof != NULL && s->proof_view > proof.view))
        return err;
    slot_restore_proof(s, &proof, blob_new(item));
    return ERR_OK;
}

static enum err apply_claim(struct pbft *p, struct cbor_reader *r)
{
    struct claim claim = {.signer = p->config.self};

    uint64_t type = cbor_get_uint(r);
    claim.says.view = cbor_get_uint(r);
    claim.says.sequence = cbor_get_uint(r);
    claim.says.digest = digest_get(r);
    get_signature(r, &claim);
    enum err err = record_done(r);
    if (err != ERR_OK)
        return err;
    if (type != MESSAGE_COMMIT && type != MESSAGE_CHECKPOINT)
        return ERR_SYNTAX;
    claim.says.type = (enum message_type)type;
    if (type == MESSAGE_CHECKPOINT) {
        MUTATE(RESTART_FORGETS_CHECKPOINT, (void)0, checkpoint_restore(p, &claim));
        return ERR_OK;
    }
    struct slot *s = MUTATE(RESTART_FORGETS_COMMIT, NULL, log_slot(p, claim.says.sequence));
    if (s != NULL && s->commits[p->config.self].says.view <= claim.says.view)
        slot_keep_claim(s, &s->commits[p->config.self], &claim);
    return ERR_OK;
}

/* The record is ahead of the block by one effect: only what the ledger has is decided for us. */
static enum err apply_decided(struct pbft *p, struct cbor_reader *r)
{
    uint64_t sequence = cbor_get_uint(r);
    struct digest block_id = digest_get(r);
    enum err err = record_done(r);
    struct slot *s = err == ERR_OK && sequence <= p->executions.decided ? log_slot(p, sequence) : NULL;

    if (s != NULL)
        MUTATE(RESTART_FORGETS_DECISION, (void)0, slot_set_block(s, &block_id));
    return err;
}

static enum err apply_message(struct pbft *p, struct cbor_reader *r)
{
    struct bytes message = cbor_get_raw(r);
    enum err err = record_done(r);

    if (err != ERR_OK || MUTATE(PBFT_FORGET_VIEW_ON_RESTART, true, false))
        return err;
    if (message.len > 1 && message.data[1] == MESSAGE_VIEW_CHANGE)
        return view_change_restore(p, message);
    return new_view_restore(p, message);
}

static enum err record_apply(struct pbft *p, const struct record_head *head, struct cbor_reader *r)
{
    switch (head->kind) {
    case RECORD_SNAPSHOT:
        return ERR_OK; /* read before */
    case RECORD_ACCEPT:
        return apply_accept(p, r);
    case RECORD_PROOF:
        return apply_proof(p, r);
    case RECORD_CLAIM:
        return apply_claim(p, r);
    case RECORD_MESSAGE:
        return apply_message(p, r);
    case RECORD_DECIDED:
        return apply_decided(p, r);
    }
    return ERR_SYNTAX;
}

void record_read_fini(struct pbft *p)
{
    for (size_t i = 0; i < p->read.count; i++)
        blob_drop(p->read.records[i]);
    mem_free(p->read.records);
}

static void record_keep(struct pbft *p, struct bytes record)
{
    if (p->read.count == p->read.cap) {
        p->read.cap = p->read.cap == 0 ? 16 : 2 * p->read.cap;
        p->read.records = mem_resize(p->read.records, p->read.cap, sizeof p->read.records[0]);
    }
    p->read.records[p->read.count++] = blob_new(record);
}

/* The last snapshot says where the window is, and earlier records need to know that: so
 * snapshots are read as they come and the others at pbft_start. */
enum err pbft_restore(struct pbft *p, struct bytes record)
{
    struct record_head head;
    struct cbor_reader r;

    ASSERT(!p->started);
    enum err err = record_open(record, &head, &r);
    if (err != ERR_OK)
        return err;
    if (MUTATE(RESTORES_EARLIER_EPOCH, false, head.membership_epoch < p->members.membership_epoch))
        return ERR_OK;
    if (MUTATE(RESTORES_LATER_EPOCH, false, head.membership_epoch > p->members.membership_epoch))
        return ERR_STATE; /* the ledger lost blocks that we called durable */
    if (MUTATE(RECORD_IN_ANOTHERS_PLACE, false, head.serial < p->written.serial))
        return ERR_DUPLICATE; /* in another one's place */
    if (head.kind == RECORD_SNAPSHOT)
        err = apply_snapshot(p, &head, &r);
    if (err != ERR_OK)
        return err;
    record_serial_seen(p, head.serial);
    record_keep(p, record);
    return ERR_OK;
}

/* All that were written after the snapshot, and of those before it as many as it counted: older ones under numbers up
 * to h may be forgotten by now. */
enum err pbft_restored(const struct pbft *p)
{
    uint64_t before = 0, after = 0;

    if (p->read.count == 0)
        return ERR_OK;
    for (size_t i = 0; i < p->read.count; i++) {
        struct record_head head;
        struct cbor_reader r;
        ASSERT(record_head_read(blob_bytes(p->read.records[i]), &head, &r) == ERR_OK);
        before += head.serial < p->read.snapshot_serial && head.number > p->checkpoints.stable.sequence;
        after += head.serial > p->read.snapshot_serial;
    }
    bool all = p->read.restored && MUTATE(RECORD_LOST_BEFORE_SNAPSHOT, true, before == p->read.snapshot_live) &&
               MUTATE(RECORD_LOST_AFTER_SNAPSHOT, true, after == p->written.serial - 1 - p->read.snapshot_serial);
    return all ? ERR_OK : ERR_MISSING;
}

void record_read_all(struct pbft *p)
{
    ASSERT(pbft_restored(p) == ERR_OK);
    for (size_t i = 0; i < p->read.count; i++) {
        struct record_head head;
        struct cbor_reader r;
        ASSERT(record_head_read(blob_bytes(p->read.records[i]), &head, &r) == ERR_OK);
        record_filed(p, head.number);
        if (record_apply(p, &head, &r) != ERR_OK)
            effects_note(p->out, "pbft.bad_record", i, 0);
        blob_drop(p->read.records[i]);
    }
    p->read.count = 0;
    for (unsigned i = 0; i < p->log.ring; i++) {
        const struct slot *s = &p->log.slots[i];
        if (s->sequence > p->checkpoints.stable.sequence && slot_current(p, s))
            MUTATE(RESTART_FORGETS_TOP, (void)0, view_raise_top(p, s->sequence));
    }
}
