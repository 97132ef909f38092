#include "codec/cbor.h"
#include "base/mutate.h"
#include "fed/internal.h"

/* Own entries. A sequence number is used up for good once its envelope is durable: what was signed may have
 * reached somebody, and a second envelope with that number would be evidence against us. */

static void own_clear(struct own_entry *own)
{
    entry_drop(own->entry);
    blob_drop(own->message);
    *own = (struct own_entry){0};
}

void submit_forget_all(struct fed *f)
{
    for (unsigned kind = 0; kind < ENTRY_KIND_COUNT; kind++)
        own_clear(&f->submit.own[kind]);
}

bool submit_pending(const struct fed *f, enum entry_kind kind)
{
    return f->submit.own[kind].entry != NULL;
}

bool submit_possible(const struct fed *f, enum entry_kind kind)
{
    return !submit_pending(f, kind) && f->submit.refused_height[kind] != f->decided->height + 1;
}

static void persist_entry(struct fed *f, uint64_t number, struct bytes envelope)
{
    struct buf record = {0};
    struct cbor_writer w;

    cbor_writer_init(&w, &record);
    cbor_put_array(&w, 2);
    cbor_put_uint(&w, RECORD_ENTRY);
    cbor_put_bytes(&w, envelope);
    cbor_writer_done(&w);
    effects_persist(f->out, number, bytes_of_buf(&record));
    buf_free(&record);
}

static void persist_sequence(struct fed *f, uint64_t number)
{
    struct buf record = {0};
    struct cbor_writer w;

    cbor_writer_init(&w, &record);
    cbor_put_array(&w, 2);
    cbor_put_uint(&w, RECORD_SEQUENCE);
    cbor_put_uint(&w, f->submit.sequence);
    cbor_writer_done(&w);
    effects_persist(f->out, number, bytes_of_buf(&record));
    buf_free(&record);
}

/* What this node signed before it lost its disk may be with anybody, and with nobody who says so: a liar that alone
 * has an old envelope would convict us by it. So no answer of others can tell where to go on, only our own clock. */
void submit_skip(struct fed *f)
{
    if (MUTATE(FED_WIPED_REUSES_SEQUENCE, false, f->submit.sequence < f->config.sequence_floor))
        f->submit.sequence = f->config.sequence_floor;
    persist_sequence(f, f->decided->height + 1);
}

/* Only the primary has a use for a CLOSE or a ROLLBACK: a new primary signs its own. */
static bool is_shared(enum entry_kind kind)
{
    return kind != ENTRY_CLOSE && kind != ENTRY_ROLLBACK;
}

static void own_send(struct fed *f, enum entry_kind kind)
{
    struct own_entry *own = &f->submit.own[kind];

    own->next_ns = f->now_ns + own->wait_ns;
    bool longest = MUTATE(FED_RESENDS_EVER_SELDOMER, false, own->wait_ns > f->config.submit_max_ns / 2);
    own->wait_ns = longest ? f->config.submit_max_ns : MUTATE(FED_RESENDS_AT_ONE_PACE, 1, 2) * own->wait_ns;
    if (MUTATE(FED_SENDS_CLOSES, true, is_shared(kind)))
        replica_broadcast(f->replica, own->message);
    if (!replica_votes(f->replica))
        return;
    enum err err = replica_request(f->replica, own->entry->blob);
    if (err != ERR_OK && err != ERR_DUPLICATE) /* the next resend asks again */
        effects_note(f->out, "fed.pool_full", f->decided->height, (uint64_t)kind);
}

struct envelope submit_envelope(const struct fed *f, enum entry_kind kind, struct bytes body)
{
    const struct federation_state *s = f->decided;

    return (struct envelope){.kind = kind, .federated_epoch = s->epoch, .ledger_block_id = s->block_id, .body = body};
}

void submit_entry(struct fed *f, struct envelope e)
{
    enum entry_kind kind = e.kind;
    struct own_entry *own = &f->submit.own[kind];
    struct buf signed_bytes = {0};
    struct entry *entry;

    ASSERT(submit_possible(f, kind));
    e.sequence = f->submit.sequence + 1;
    e.federation_id = f->decided->federation_id;
    envelope_sign(&f->config.key, &e, &signed_bytes);
    enum err err = admission_open(f, f->decided, bytes_of_buf(&signed_bytes), &entry);
    buf_free(&signed_bytes);
    if (err == ERR_OK)
        err = entry_judge(f->decided, entry);
    if (err != ERR_OK && err != ERR_AGAIN) {
        f->submit.refused_height[kind] = f->decided->height + 1;
        effects_note(f->out, "fed.refused", (uint64_t)kind, (uint64_t)err);
        entry_drop(entry);
        return;
    }
    f->submit.sequence = e.sequence;
    own->entry = entry;
    own->message = message_entry(entry_bytes(entry));
    own->wait_ns = f->config.submit_ns;
    effects_note(f->out, "fed.sign", (uint64_t)kind, e.sequence);
    if (MUTATE(FED_SEND_BEFORE_PERSIST, true, false))
        replica_broadcast(f->replica, own->message);
    MUTATE(FED_ENTRY_NOT_RECORDED, (void)0, persist_entry(f, f->decided->height + 1, entry_bytes(entry)));
    if (replica_votes(f->replica))
        effects_note(f->out, "fed.admit", f->self, e.sequence);
    own_send(f, kind);
}

void submit_evidence(struct fed *f, const struct evidence_body *body)
{
    struct envelope e = submit_envelope(f, ENTRY_EVIDENCE, (struct bytes){0});
    struct buf encoded = {0};

    evidence_body_encode(body, &encoded, &e);
    submit_entry(f, e);
    buf_free(&encoded);
}

void submit_review(struct fed *f)
{
    for (unsigned kind = 0; kind < ENTRY_KIND_COUNT; kind++) {
        struct own_entry *own = &f->submit.own[kind];

        if (own->entry == NULL)
            continue;
        enum err err = entry_judge(f->decided, own->entry);
        if (err != ERR_OK && err != ERR_AGAIN)
            own_clear(own);
    }
}

void submit_resend(struct fed *f)
{
    for (unsigned kind = 0; kind < ENTRY_KIND_COUNT; kind++) {
        if (f->submit.own[kind].entry != NULL && f->submit.own[kind].next_ns <= f->now_ns)
            own_send(f, (enum entry_kind)kind);
    }
}

void submit_timer(struct fed *f)
{
    f->submit.at_ns = 0;
    submit_resend(f);
}

/* Whatever number somebody else may have reached with the old key; but the new one was perhaps used before the disk was
 * lost. */
void submit_take_key(struct fed *f)
{
    f->submit.sequence = MUTATE(FED_WIPED_FORGETS_NEW_KEY, 0, f->config.sequence_floor);
}

void submit_use_up(struct fed *f, uint64_t sequence)
{
    if (sequence > f->submit.sequence)
        f->submit.sequence = sequence;
}

void submit_arm(struct fed *f)
{
    int64_t next = 0;

    for (unsigned kind = 0; kind < ENTRY_KIND_COUNT; kind++) {
        const struct own_entry *own = &f->submit.own[kind];
        if (own->entry != NULL && (next == 0 || own->next_ns < next))
            next = own->next_ns;
    }
    fed_timer(f, FED_TIMER_SUBMIT, &f->submit.at_ns, next);
}

/* Takes the holding of an entry by this node. */
static void restore_own(struct fed *f, struct entry *entry)
{
    const struct envelope *e = &entry->envelope;
    struct own_entry *own = &f->submit.own[e->kind];

    if (e->sequence > f->submit.sequence)
        f->submit.sequence = e->sequence;
    bool by_this_key = digest_equal(&e->node_fingerprint, &f->config.key.fingerprint);
    bool older = own->entry != NULL && own->entry->envelope.sequence >= e->sequence;
    if (!by_this_key || older || MUTATE(FED_RESTART_FORGETS_ENTRY, true, false)) { /* not worth sending */
        entry_drop(entry);
        return;
    }
    own_clear(own);
    own->entry = entry;
    own->message = message_entry(entry_bytes(entry));
    own->wait_ns = f->config.submit_ns;
}

static enum err restore_entry(struct fed *f, struct bytes bytes)
{
    struct entry *entry;
    enum err err = admission_open(f, f->decided, bytes, &entry);
    bool ours = entry->syntax == ERR_OK && digest_equal(&entry->envelope.federation_id, &f->decided->federation_id);

    if (ours || MUTATE(FED_RESTORES_ANY_FEDERATION, entry->syntax == ERR_OK, false)) {
        restore_own(f, entry); /* the state may have moved past it: submit_review() */
        return ERR_OK;
    }
    entry_drop(entry);
    return err;
}

bool submit_owns(struct bytes record)
{
    struct cbor_reader r;

    cbor_reader_init(&r, record);
    cbor_get_array(&r);
    uint64_t type = cbor_get_uint(&r);
    return r.err == ERR_OK && (type == RECORD_ENTRY || type == RECORD_SEQUENCE);
}

enum err submit_restore(struct fed *f, struct bytes record)
{
    struct cbor_reader r;
    struct bytes entry = {0};
    uint64_t sequence = 0;

    cbor_reader_init(&r, record);
    cbor_expect_array(&r, 2);
    uint64_t type = cbor_get_uint(&r);
    if (type == RECORD_ENTRY)
        entry = cbor_get_bytes(&r);
    else if (type == RECORD_SEQUENCE)
        sequence = cbor_get_uint(&r);
    else
        cbor_fail(&r, ERR_UNKNOWN);
    enum err err = cbor_reader_done(&r);
    if (MUTATE(FED_RESTART_FORGETS_SEQUENCE, true, false))
        return err;
    if (err == ERR_OK && type == RECORD_ENTRY)
        return restore_entry(f, entry);
    if (err == ERR_OK && sequence > f->submit.sequence)
        f->submit.sequence = sequence;
    return err;
}

void submit_compact(struct fed *f, uint64_t number)
{
    const struct member *self = fed_self(f);
    uint64_t height = f->decided->height > number ? f->decided->height : number;
    bool covered = self != NULL && self->sequence >= f->submit.sequence;

    for (unsigned kind = 0; kind < ENTRY_KIND_COUNT; kind++) {
        const struct own_entry *own = &f->submit.own[kind];
        if (own->entry == NULL)
            continue;
        persist_entry(f, height + 1, entry_bytes(own->entry));
        covered |= own->entry->envelope.sequence == f->submit.sequence;
    }
    if (MUTATE(FED_FORGETS_UNHEARD_SEQUENCE, false, !covered))
        persist_sequence(f, height + 1);
}
