#include "storm/application.h"

#include <string.h>

#include "transfer/messages.h"
#include "storm/world.h"

/* A chain of hashes over what clients put into registers. A request is [client, timestamp, operation]; it is executed
 * when its timestamp is the client's next. The id of a block is the digest of [id before, digest of its batch, root
 * over the chunks of the state after it]. */

static enum err request_parse(struct bytes request, unsigned *client, uint32_t *timestamp)
{
    if (request.len < REQUEST_SIZE_MIN || request.data[0] >= CLIENTS_ALL)
        return ERR_SYNTAX;
    *client = request.data[0];
    memcpy(timestamp, request.data + 4, sizeof *timestamp);
    return ERR_OK;
}

struct blob *request_make(unsigned client, uint32_t timestamp, uint64_t operation)
{
    uint8_t bytes[REQUEST_SIZE_MIN + 48] = {0};

    bytes[0] = (uint8_t)client;
    memcpy(bytes + 4, &timestamp, sizeof timestamp);
    memcpy(bytes + 8, &operation, sizeof operation);
    return blob_new(bytes_of(bytes, REQUEST_SIZE_MIN + operation % 48));
}

static enum err judge(uint32_t last, uint32_t timestamp)
{
    return timestamp <= last ? ERR_STALE : timestamp == last + 1 ? ERR_OK : ERR_AGAIN;
}

static enum err check_request(void *context, struct bytes request)
{
    struct machine *m = context;
    unsigned client;
    uint32_t timestamp;
    enum err err = request_parse(request, &client, &timestamp);

    if (err == ERR_OK && (m->unsure || (m->lie == LIE_CENSOR && client == 0 && pbft_status(m->pbft).is_primary)))
        err = ERR_AGAIN;
    if (err == ERR_OK)
        err = judge(m->app.last[client], timestamp);
    if (err == ERR_AGAIN)
        MARK(m->world, REQUEST_AGAIN);
    else if (err == ERR_STALE)
        MARK(m->world, REQUEST_STALE);
    return err;
}

static enum err check_batch(void *context, uint64_t sequence, const struct bytes *requests, unsigned count)
{
    struct machine *m = context;
    uint32_t last[CLIENTS_ALL], timestamp;
    unsigned client;

    order_execute(m, sequence);
    if (m->unsure) {
        MARK(m->world, BATCH_AGAIN);
        return ERR_AGAIN;
    }
    memcpy(last, m->app.last, sizeof last);
    for (unsigned i = 0; i < count; i++) {
        enum err err = request_parse(requests[i], &client, &timestamp);
        if (err == ERR_OK)
            err = judge(last[client], timestamp);
        if (err != ERR_OK)
            return err == ERR_AGAIN ? ERR_STATE : err;
        last[client]++;
    }
    judged_batch(m, sequence, requests, count);
    return ERR_OK;
}

/* ---- the state: [height, closings, last timestamp of each client, registers] */

static void state_put(const struct application *a, uint8_t out[STATE_SIZE])
{
    uint8_t *at = out;

    be64_put(at, a->executed);
    be64_put(at += 8, a->closings);
    for (unsigned i = 0; i < CLIENTS_ALL; i++)
        be64_put(at += 8, a->last[i]);
    for (unsigned i = 0; i < REGISTERS; i++)
        be64_put(at += 8, a->registers[i]);
    ASSERT(at + 8 == out + STATE_SIZE);
}

static void state_take(struct application *a, const uint8_t in[STATE_SIZE])
{
    const uint8_t *at = in + 8;

    a->closings = (uint32_t)be64_get(at);
    for (unsigned i = 0; i < CLIENTS_ALL; i++)
        a->last[i] = (uint32_t)be64_get(at += 8);
    for (unsigned i = 0; i < REGISTERS; i++)
        a->registers[i] = be64_get(at += 8);
}

struct block *application_block(struct application *a, uint64_t height)
{
    ASSERT(height > a->base && height <= a->executed);
    return &a->blocks[height - a->base - 1];
}

uint32_t application_durable_of(const struct machine *m, unsigned client)
{
    const struct application *a = &m->app;
    uint64_t height = m->disk.ledger_base + m->disk.ledger_count;
    const uint8_t *state = height <= a->base ? a->base_state : a->blocks[height - a->base - 1].state;

    return (uint32_t)be64_get(state + 16 + 8 * client);
}

struct digest application_id(const struct application *a, uint64_t height)
{
    ASSERT(height >= a->base && height <= a->executed);
    return height == a->base ? a->base_id : a->blocks[height - a->base - 1].id;
}

static void pop(struct application *a)
{
    blob_drop(application_block(a, a->executed)->batch);
    a->executed--;
}

void application_undo(struct machine *m, uint64_t height)
{
    struct application *a = &m->app;

    ASSERT(height >= a->base);
    if (a->executed <= height)
        return;
    while (a->executed > height)
        pop(a);
    state_take(a, height == a->base ? a->base_state : application_block(a, height)->state);
}

void application_restart(struct machine *m, uint64_t height, const struct digest *id, struct bytes state)
{
    struct application *a = &m->app;

    ASSERT(state.len == STATE_SIZE && be64_get(state.data) == height);
    while (a->executed > a->base)
        pop(a);
    a->base = a->executed = a->decided = height;
    a->base_id = *id;
    memcpy(a->base_state, state.data, STATE_SIZE);
    state_take(a, a->base_state);
    a->base_closings = a->closings;
    a->base_changes = a->last[CLIENT_OF_CHANGES];
}

struct digest header_id(const struct digest *parent, const struct digest *batch, const struct digest *root)
{
    struct digest_context d;

    digest_init(&d);
    digest_add(&d, parent->b, DIGEST_SIZE);
    digest_add(&d, batch->b, DIGEST_SIZE);
    digest_add(&d, root->b, DIGEST_SIZE);
    return digest_final(&d);
}

/* Of a state at a height: mostly another machine has been there and has hashed it. */
static struct digest root_of(struct world *w, uint64_t height, const uint8_t state[STATE_SIZE])
{
    struct rooted *r = &w->roots[height % ROOTS_KEPT];

    if (r->known && memcmp(r->state, state, STATE_SIZE) == 0)
        return r->root;
    r->known = true;
    memcpy(r->state, state, STATE_SIZE);
    r->root = chunks_root(bytes_of(state, STATE_SIZE), w->plan.chunk);
    return r->root;
}

void application_add(struct machine *m, struct blob *batch, const struct bytes *requests, unsigned count)
{
    struct application *a = &m->app;
    uint64_t held = a->executed - a->base;
    uint32_t changes = a->last[CLIENT_OF_CHANGES];
    unsigned client;
    uint32_t timestamp;

    if (held == a->cap) {
        a->cap = a->cap == 0 ? 32 : 2 * a->cap;
        a->blocks = mem_resize(a->blocks, a->cap, sizeof a->blocks[0]);
    }
    for (unsigned i = 0; i < count; i++) {
        ASSERT(request_parse(requests[i], &client, &timestamp) == ERR_OK);
        order_request(m, client, timestamp);
        a->last[client]++;
        a->registers[timestamp % REGISTERS] += be64_get(requests[i].data + 8);
    }
    struct digest parent = application_id(a, a->executed);
    struct block *b = &a->blocks[held];
    a->executed++;
    a->closings += a->last[CLIENT_OF_CHANGES] > changes;
    state_put(a, b->state);
    b->batch = batch;
    b->batch_digest = digest_of(blob_bytes(batch));
    b->root = root_of(m->world, a->executed, b->state);
    b->parent = parent;
    b->id = header_id(&parent, &b->batch_digest, &b->root);
    b->changes = a->last[CLIENT_OF_CHANGES];
    b->closings = a->closings;
}

/* Once at every sixth height or so. */
static bool comes_out_wrong(struct machine *m, uint64_t sequence)
{
    bool wrong = m->lie == LIE_ROTTEN && (sequence + m->world->draw.seed) % 6 == 0 && m->rotten_height < sequence;

    if (wrong)
        m->rotten_height = sequence;
    return wrong;
}

static void execute(void *context, uint64_t sequence, const struct bytes *requests, unsigned count, struct digest *id)
{
    struct machine *m = context;
    struct buf batch = {0};

    order_execute(m, sequence);
    batch_encode(requests, count, &batch);
    application_add(m, blob_new(bytes_of_buf(&batch)), requests, count);
    buf_free(&batch);
    struct block *b = application_block(&m->app, sequence);
    if (comes_out_wrong(m, sequence))
        b->id.b[0] ^= 1;
    if (sequence == m->undone_height && !digest_equal(&b->batch_digest, &m->undone_batch))
        MARK(m->world, REEXECUTED_OTHER);
    *id = b->id;
}

static uint32_t closings_at(const struct application *a, uint64_t height)
{
    return height > a->base ? a->blocks[height - a->base - 1].closings : a->base_closings;
}

uint32_t application_changes(const struct application *a, uint64_t height)
{
    return height > a->base ? a->blocks[height - a->base - 1].changes : a->base_changes;
}

static void undo(void *context, uint64_t sequence)
{
    struct machine *m = context;

    order_undo(m, sequence);
    if (m->app.executed > sequence)
        MARK(m->world, UNDONE);
    if (m->app.executed > sequence + 2)
        MARK(m->world, UNDONE_DEEP);
    if (m->world->checker != NULL || m->app.executed <= sequence)
        return;
    if (m->app.closings > closings_at(&m->app, sequence))
        MARK(m->world, EPOCH_CLOSE_UNDONE);
    m->undone_height = sequence + 1;
    m->undone_batch = application_block(&m->app, sequence + 1)->batch_digest;
    application_undo(m, sequence);
}

/* [id, root, length of batch, batch, certificate] */
static struct blob *block_encode(const struct block *b, struct bytes certificate)
{
    struct buf out = {0};
    uint8_t length[8];

    be64_put(length, b->batch->len);
    buf_add(&out, b->id.b, DIGEST_SIZE);
    buf_add(&out, b->root.b, DIGEST_SIZE);
    buf_add(&out, length, sizeof length);
    buf_add(&out, b->batch->data, b->batch->len);
    buf_add(&out, certificate.data, certificate.len);
    struct blob *blob = blob_new(bytes_of_buf(&out));
    buf_free(&out);
    return blob;
}

bool block_decode(struct bytes in, struct stored_block *out)
{
    enum { HEAD = 2 * DIGEST_SIZE + 8 };

    if (in.len < HEAD)
        return false;
    uint64_t len = be64_get(in.data + 2 * DIGEST_SIZE);
    if (len > in.len - HEAD)
        return false;
    out->id = digest_from(bytes_of(in.data, DIGEST_SIZE));
    out->root = digest_from(bytes_of(in.data + DIGEST_SIZE, DIGEST_SIZE));
    out->batch = bytes_of(in.data + HEAD, (size_t)len);
    out->certificate = bytes_of(out->batch.data + len, in.len - HEAD - (size_t)len);
    return true;
}

static void mark_decided(struct machine *m, const struct block *b)
{
    struct world *w = m->world;
    uint64_t view = pbft_status(m->pbft).view;

    MARK(w, DECIDED);
    if (view > 0)
        MARK(w, DECIDED_LATER_VIEW);
    if (view >= 5)
        MARK(w, DECIDED_VIEW_5);
    if (b->batch->len == 1)
        MARK(w, DECIDED_EMPTY);
    if (b->batch->data[0] == 0x80 + w->plan.batch_max)
        MARK(w, DECIDED_FULL);
}

static void decide(void *context, uint64_t sequence, const struct digest *id, struct bytes certificate,
                   struct effects *effects)
{
    struct machine *m = context;

    order_decide(m, sequence, id);
    if (m->world->checker != NULL)
        return;
    const struct block *b = application_block(&m->app, sequence);
    m->app.decided = sequence;
    mark_decided(m, b);
    struct blob *blob = block_encode(b, certificate);
    effects_append(effects, sequence, blob);
    blob_drop(blob);
    catch_up_keep(m, sequence, certificate);
}

static bool closes(void *context, uint64_t sequence)
{
    const struct machine *m = context;
    return application_closes(&m->app, sequence);
}

bool application_closes(const struct application *a, uint64_t height)
{
    return closings_at(a, height) > closings_at(a, height - 1);
}

uint32_t application_closings(const struct machine *m)
{
    return closings_at(&m->app, m->app.decided);
}

struct pbft_app application_callbacks(struct machine *m)
{
    return (struct pbft_app){m, check_request, check_batch, execute, undo, decide, closes};
}

static void load_snapshot(struct machine *m)
{
    const struct disk *d = &m->disk;
    const struct epoch *epoch;
    struct digest id;
    struct snapshot s;

    if (d->snapshot == NULL)
        return;
    ASSERT(snapshot_decode(blob_bytes(d->snapshot), &s) == ERR_OK && s.height == d->ledger_base);
    struct digest root = chunks_root(s.state, m->world->plan.chunk);
    ASSERT(catch_up_check(m, s.height, s.proof, &root, &id, &epoch) == ERR_OK);
    application_restart(m, s.height, &id, s.state);
}

void application_load(struct machine *m)
{
    struct bytes *requests = mem_array(PBFT_BATCH_MAX, sizeof requests[0]);
    struct stored_block b;
    unsigned count;

    load_snapshot(m);
    for (uint64_t i = 0; i < m->disk.ledger_count; i++) {
        ASSERT(block_decode(blob_bytes(m->disk.ledger[i]), &b) && batch_decode(b.batch, requests, &count) == ERR_OK);
        application_add(m, blob_new(b.batch), requests, count);
        m->app.decided = m->app.executed;
        catch_up_keep(m, m->app.decided, b.certificate);
    }
    mem_free(requests);
}

void application_free(struct application *a)
{
    while (a->executed > a->base)
        pop(a);
    mem_free(a->blocks);
    memset(a, 0, sizeof *a);
}
