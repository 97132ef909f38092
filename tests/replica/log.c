#include "replica/log.h"

#include <stdio.h>
#include <string.h>

#include "codec/cbor.h"
#include "merkle/chunks.h"
#include "tap.h"
#include "transfer/messages.h"

/* ---- who votes */

struct secret_key *log_key(unsigned peer)
{
    static struct secret_key keys[PEERS];
    char label[16];

    if (digest_is_zero(&keys[peer].fingerprint)) {
        snprintf(label, sizeof label, "peer %u", peer);
        key_simulated(1, label, &keys[peer]);
    }
    return &keys[peer];
}

void log_voters(uint64_t membership_epoch, struct replica_voters *out)
{
    *out = (struct replica_voters){
        .set = {.membership_epoch = membership_epoch, .max_byzantine = 1, .quorum = 3, .count = VOTERS}, .self = -1};
    for (unsigned i = 0; i < VOTERS; i++) {
        unsigned peer = membership_epoch > 1 && i == membership_epoch - 2 ? VOTERS : i;
        out->peers[i] = peer;
        out->set.keys[i] = log_key(peer)->public;
        out->set.fingerprints[i] = log_key(peer)->fingerprint;
    }
    out->digest = voter_set_digest(&out->set);
}

/* ---- blocks */

static uint64_t epoch_at(const struct log *l, uint64_t height)
{
    return l->closing != 0 && height > l->closing ? 2 : 1;
}

static struct digest federation(void)
{
    return digest_of(bytes_of_text("replica"));
}

struct parts {
    uint64_t height, epoch, payload;
    struct digest parent, next;
};

static void head_put(const struct parts *p, struct buf *out)
{
    struct cbor_writer w;

    cbor_writer_init(&w, out);
    cbor_put_array(&w, 5);
    cbor_put_uint(&w, p->height);
    cbor_put_uint(&w, p->epoch);
    digest_put(&w, &p->next);
    digest_put(&w, &p->parent);
    cbor_put_uint(&w, p->payload);
    cbor_writer_done(&w);
}

static void certify(const struct parts *p, const struct digest *id, unsigned signers, struct buf *out)
{
    struct replica_voters voters;
    struct buf texts[VOTERS] = {{0}};
    struct bytes votes[VOTERS];

    log_voters(p->epoch, &voters);
    for (unsigned i = 0; i < signers; i++) {
        struct vote vote = {federation(), p->epoch, 0, p->height, *id};
        vote_sign(log_key(voters.peers[i]), &vote, &texts[i]);
        votes[i] = bytes_of_buf(&texts[i]);
    }
    certificate_encode(votes, signers, out);
    for (unsigned i = 0; i < signers; i++)
        buf_free(&texts[i]);
}

static struct blob *block_make(const struct parts *p, unsigned signers, struct digest *id)
{
    struct buf head = {0}, certificate = {0}, block = {0};
    struct cbor_writer w;

    head_put(p, &head);
    *id = digest_of(bytes_of_buf(&head));
    certify(p, id, signers, &certificate);
    cbor_writer_init(&w, &block);
    cbor_put_array(&w, 2);
    cbor_put_bytes(&w, bytes_of_buf(&head));
    cbor_put_bytes(&w, bytes_of_buf(&certificate));
    cbor_writer_done(&w);
    struct blob *blob = blob_new(bytes_of_buf(&block));
    buf_free(&head);
    buf_free(&certificate);
    buf_free(&block);
    return blob;
}

static struct parts parts_of(const struct log *l, uint64_t height)
{
    struct replica_voters next;

    log_voters(epoch_at(l, height + 1), &next);
    return (struct parts){height, epoch_at(l, height), height, l->ids[height - 1], next.digest};
}

void log_make(struct log *l, uint64_t height, uint64_t closing)
{
    *l = (struct log){.height = height, .closing = closing};
    l->ids[0] = digest_of(bytes_of_text("genesis"));
    ASSERT(height <= LOG_MAX);
    for (uint64_t h = 1; h <= height; h++) {
        struct parts p = parts_of(l, h);
        l->blocks[h] = block_make(&p, 3, &l->ids[h]);
        l->sums[h] = l->sums[h - 1] + p.payload;
    }
}

void log_free(struct log *l)
{
    for (uint64_t h = 1; h <= l->height; h++)
        blob_drop(l->blocks[h]);
}

struct blob *log_forge(const struct log *l, uint64_t height, uint64_t payload, const struct digest *parent,
                       unsigned signers)
{
    struct parts p = parts_of(l, height);
    struct digest id;

    p.payload = payload;
    p.parent = *parent;
    return block_make(&p, signers, &id);
}

static enum err head_read(struct bytes head, struct parts *p)
{
    struct cbor_reader r;

    cbor_reader_init(&r, head);
    cbor_expect_array(&r, 5);
    p->height = cbor_get_uint(&r);
    p->epoch = cbor_get_uint(&r);
    p->next = digest_get(&r);
    p->parent = digest_get(&r);
    p->payload = cbor_get_uint(&r);
    return cbor_reader_done(&r);
}

/* ---- states: [height, sum, membership epoch]; proof: [head of the block, certificate] */

static void state_put(uint64_t height, uint64_t sum, uint64_t epoch, uint8_t out[STATE_SIZE])
{
    be64_put(out, height);
    be64_put(out + 8, sum);
    be64_put(out + 16, epoch);
}

void log_state(const struct log *l, uint64_t height, struct blob **proof, struct blob **state)
{
    uint8_t bytes[STATE_SIZE];

    state_put(height, l->sums[height], epoch_at(l, height + 1), bytes);
    *proof = blob_hold(l->blocks[height]);
    *state = blob_new(bytes_of(bytes, sizeof bytes));
}

/* ---- the store */

static enum err shelf_read(void *context, uint64_t height, struct blob **out)
{
    const struct shelf *s = context;

    if (height == s->broken)
        return ERR_IO;
    if ((height < s->from || height > s->to) && height > s->whole)
        return ERR_MISSING;
    *out = blob_hold(height == s->odd && height > 0 ? s->other : s->log->blocks[height]);
    return ERR_OK;
}

static enum err shelf_snapshot(void *context, unsigned number, uint64_t *height, struct blob **out)
{
    const struct shelf *s = context;

    if (number >= SNAPSHOTS_KEPT || s->snapshots[number].height == 0)
        return ERR_MISSING;
    *height = s->snapshots[number].height;
    if (s->snapshots[number].bytes == NULL)
        return ERR_IO;
    *out = blob_hold(s->snapshots[number].bytes);
    return ERR_OK;
}

struct ledger_store shelf_store(struct shelf *s)
{
    return (struct ledger_store){.context = s, .read = shelf_read, .snapshot = shelf_snapshot};
}

/* ---- the application */

static enum err judge(void *context, uint64_t sequence, const struct bytes *requests, unsigned count)
{
    (void)context;
    return sequence > 0 || (count == 1 && requests[0].len > 0) ? ERR_OK : ERR_SYNTAX;
}

static void execute(void *context, uint64_t sequence, const struct bytes *requests, unsigned count,
                    struct pbft_result *out)
{
    struct node *n = context;
    struct parts p = parts_of(n->log, sequence);
    struct buf head = {0};

    (void)requests, (void)count;
    CHECK_EQ_U64(sequence, n->height + n->executed + 1);
    n->executed++;
    head_put(&p, &head);
    out->block_id = digest_of(bytes_of_buf(&head));
    out->closes = sequence == n->log->closing;
    buf_free(&head);
}

static void undo(void *context, uint64_t sequence)
{
    struct node *n = context;

    n->undone += n->height + n->executed > sequence;
    n->executed = sequence > n->height ? sequence - n->height : 0;
}

static struct blob *decide(void *context, struct bytes certificate, struct replica_block *out)
{
    struct node *n = context;

    (void)certificate;
    (void)out;
    n->executed--;
    return NULL;
}

static enum err open_block(void *context, struct blob *block, struct replica_block *out)
{
    struct node *n = context;
    struct cbor_reader r;
    struct parts p = {0};

    cbor_reader_init(&r, blob_bytes(block));
    cbor_expect_array(&r, 2);
    struct bytes head = cbor_get_bytes(&r), certificate = cbor_get_bytes(&r);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        err = head_read(head, &p);
    if (err != ERR_OK)
        return err;
    *out = (struct replica_block){p.height, p.epoch, digest_of(head), p.parent, p.next, certificate};
    n->opened = *out;
    n->payload = p.payload;
    return ERR_OK;
}

static enum err apply(void *context, struct blob *block)
{
    struct node *n = context;

    (void)block;
    CHECK_EQ_U64(n->opened.height, n->height + 1);
    if (n->rotten)
        return ERR_MISMATCH;
    n->sum += n->payload;
    CHECK_EQ_U64(n->executed, 0);
    n->height++;
    n->applied++;
    return ERR_OK;
}

static void advanced(void *context, const struct replica_block *block, struct blob *bytes, bool is_last)
{
    struct node *n = context;

    (void)bytes;
    n->id = block->id;
    n->epoch += is_last;
    if (n->known_epochs < n->epoch)
        n->known_epochs = n->epoch;
}

static enum err voters(void *context, uint64_t membership_epoch, struct replica_voters *out)
{
    struct node *n = context;

    if (membership_epoch == 0 || membership_epoch > n->known_epochs)
        return ERR_MISSING;
    log_voters(membership_epoch, out);
    for (unsigned i = 0; i < VOTERS; i++) {
        if (out->peers[i] == n->self)
            out->self = (int)i;
    }
    out->key = n->key;
    return ERR_OK;
}

static struct blob *snapshot(void *context, const struct replica_block *block, struct blob *bytes)
{
    struct node *n = context;
    uint8_t text[STATE_SIZE];

    state_put(block->height, n->sum, n->epoch + (block->height == n->log->closing), text);
    return snapshot_encode(&(struct snapshot){block->height, blob_bytes(bytes), bytes_of(text, sizeof text)});
}

static enum err check(void *context, uint64_t height, struct bytes proof, const struct digest *root)
{
    struct node *n = context;
    uint8_t state[STATE_SIZE];

    if (height > n->log->height || !bytes_equal(proof, blob_bytes(n->log->blocks[height])))
        return ERR_MISMATCH;
    state_put(height, n->log->sums[height], epoch_at(n->log, height + 1), state);
    struct digest expected = chunks_root(bytes_of(state, sizeof state), STATE_SIZE);
    return digest_equal(root, &expected) ? ERR_OK : ERR_MISMATCH;
}

static enum err install(void *context, uint64_t height, struct bytes proof, struct bytes state,
                        struct replica_point *out)
{
    struct node *n = context;
    struct digest root = chunks_root(state, STATE_SIZE);
    enum err err = check(n, height, proof, &root);

    if (err != ERR_OK)
        return err;
    n->height = height;
    n->sum = be64_get(state.data + 8);
    n->epoch = be64_get(state.data + 16);
    n->id = n->log->ids[height];
    CHECK_EQ_U64(n->executed, 0);
    n->installed++;
    if (n->known_epochs < n->epoch)
        n->known_epochs = n->epoch;
    *out = (struct replica_point){n->id, n->epoch, n->epoch == 1 ? 0 : n->log->closing,
                                  n->log->ids[n->epoch == 1 ? 0 : n->log->closing]};
    return ERR_OK;
}

static enum replica_interest interest(void *context)
{
    const struct node *n = context;
    return n->interest;
}

static bool follows(void *context, unsigned peer)
{
    (void)context;
    return peer == LEARNER;
}

static void accuse(void *context, unsigned peer, struct bytes first, struct bytes second)
{
    struct node *n = context;

    (void)peer, (void)first, (void)second;
    n->accused++;
}

static void compact(void *context, uint64_t number)
{
    (void)context, (void)number;
}

/* ---- the driver */

static void forget_said(struct said *said)
{
    while (said->sent_count > 0)
        blob_drop(said->sent[--said->sent_count].message);
    while (said->stored_count > 0)
        blob_drop(said->stored[--said->stored_count].bytes);
    said->note_count = said->appended = 0;
    said->top = 0;
    said->poll_at_ns = 0;
}

/* There is no disk: what is written is durable. */
static void do_persist(void *context, uint64_t serial, uint64_t number, struct blob *record)
{
    struct node *n = context;

    (void)number, (void)record;
    outbox_durable(&n->outbox, serial);
}

static void do_append(void *context, uint64_t serial, uint64_t height, struct blob *block)
{
    struct node *n = context;

    (void)block;
    n->said.appended++;
    n->said.top = height;
    outbox_durable(&n->outbox, serial);
}

static void do_snapshot(void *context, uint64_t serial, uint64_t height, struct blob *bytes)
{
    struct node *n = context;

    ASSERT(n->said.stored_count < SAID_MAX);
    n->said.stored[n->said.stored_count++] = (struct storing){height, n->said.top, blob_hold(bytes)};
    outbox_durable(&n->outbox, serial);
}

static void do_send(void *context, const struct effect *e)
{
    struct node *n = context;

    ASSERT(n->said.sent_count < SAID_MAX);
    n->said.sent[n->said.sent_count++] = (struct sending){(unsigned)e->to, blob_hold(e->blob)};
}

static void do_timer_set(void *context, uint32_t timer, int64_t at_ns)
{
    struct node *n = context;

    if (timer == REPLICA_TIMER_POLL)
        n->said.poll_at_ns = at_ns;
}

static void do_note(void *context, const char *name, uint64_t number, uint64_t other)
{
    struct node *n = context;

    (void)number, (void)other;
    ASSERT(n->said.note_count < SAID_MAX);
    n->said.notes[n->said.note_count++] = name;
}

static const struct outbox_actions ACTIONS = {
    .persist = do_persist,
    .append = do_append,
    .snapshot = do_snapshot,
    .send = do_send,
    .timer_set = do_timer_set,
    .note = do_note,
};

enum err node_new(struct node *n, const struct log *log, unsigned self, const struct ledger_store *store,
                  bool whole_ledger, struct diag *diag)
{
    struct replica_app app = {n,      judge,    execute, undo,    decide,   open_block, apply,  advanced,
                              voters, snapshot, check,   install, interest, follows,    accuse, compact};
    struct replica_config config = {
        .peers = PEERS,
        .self = self,
        .poll_ns = 10,
        .transfer_ns = 100,
        .chunk_size = STATE_SIZE,
        .state_gap = GAP,
        .writes_in_flight = 1000, /* there is no disk */
        .recent = REPLICA_RECENT,
        .whole_ledger = whole_ledger,
        .pbft = {.federation_id = federation(),
                 .membership_epoch = 1,
                 .view_timeout_ns = 1000,
                 .view_timeout_max_ns = 8000,
                 .batch_delay_ns = 1,
                 .resend_ns = 100,
                 .batch_max = 4,
                 .pipeline = 4,
                 .checkpoint_interval = INTERVAL,
                 .window = 4 * INTERVAL,
                 .pending_max = 64},
    };

    key_library_init();
    *n = (struct node){.log = log,
                       .self = self,
                       .key = log_key(self),
                       .epoch = 1,
                       .known_epochs = 1,
                       .id = log->ids[0],
                       .interest = REPLICA_FOLLOWS};
    outbox_init(&n->outbox, &ACTIONS, n);
    return replica_new(&config, &app, store, &log->ids[0], &n->replica, diag);
}

void node_free(struct node *n)
{
    replica_free(n->replica);
    forget_said(&n->said);
    outbox_fini(&n->outbox);
    n->replica = NULL;
}

static void begin(struct node *n, struct effects *effects)
{
    forget_said(&n->said);
    n->now_ns++;
    replica_begin(n->replica, n->now_ns, effects);
}

static void settle(struct node *n, struct effects *effects)
{
    replica_end(n->replica);
    outbox_carry(&n->outbox, effects);
    effects_free(effects);
}

void node_start(struct node *n, bool probe)
{
    struct effects effects = {0};

    begin(n, &effects);
    replica_start(n->replica, probe);
    settle(n, &effects);
}

enum err node_receive(struct node *n, unsigned from, struct blob *message)
{
    struct effects effects = {0};

    begin(n, &effects);
    enum err err = replica_receive(n->replica, from, message);
    settle(n, &effects);
    blob_drop(message);
    return err;
}

enum err node_request(struct node *n, struct bytes request)
{
    struct effects effects = {0};
    struct blob *blob = blob_new(request);

    begin(n, &effects);
    enum err err = replica_request(n->replica, blob);
    settle(n, &effects);
    blob_drop(blob);
    return err;
}

enum err node_timer(struct node *n, uint32_t timer)
{
    struct effects effects = {0};

    n->now_ns += 200;
    begin(n, &effects);
    enum err err = replica_timer(n->replica, timer);
    settle(n, &effects);
    return err;
}

struct blob *blocks_of(const struct log *l, uint64_t from, uint64_t to, uint64_t height)
{
    struct bytes blocks[REPLICA_BLOCKS_MAX];
    unsigned count = 0;

    for (uint64_t h = from; h <= to; h++)
        blocks[count++] = blob_bytes(l->blocks[h]);
    return replica_message_blocks(height, blocks, count);
}

unsigned node_sent(const struct node *n, unsigned type, unsigned *to, uint64_t *height)
{
    unsigned count = 0;

    for (unsigned i = 0; i < n->said.sent_count; i++) {
        const struct sending *sent = &n->said.sent[i];
        struct cbor_reader r;
        cbor_reader_init(&r, blob_bytes(sent->message));
        (void)cbor_get_array(&r);
        if (cbor_get_uint(&r) != type || count++ > 0)
            continue;
        if (to != NULL)
            *to = sent->to;
        if (height != NULL)
            *height = cbor_get_uint(&r);
    }
    return count;
}

bool node_noted(const struct node *n, const char *name)
{
    for (unsigned i = 0; i < n->said.note_count; i++) {
        if (strcmp(n->said.notes[i], name) == 0)
            return true;
    }
    return false;
}

unsigned node_appended(const struct node *n)
{
    return n->said.appended;
}
