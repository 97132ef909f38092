#include "storm/application.h"

#include <string.h>

#include "storm/world.h"

/* A chain of hashes. A request is [client, timestamp, operation]; it is executed when its timestamp is the client's
 * next. */

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

static void blocks_truncate(struct machine *m, uint64_t height)
{
    struct application *a = &m->app;
    struct bytes *requests = a->executed > height ? mem_array(PBFT_BATCH_MAX, sizeof requests[0]) : NULL;
    unsigned count, client;
    uint32_t timestamp;

    while (a->executed > height) {
        struct block *b = &a->blocks[--a->executed];
        ASSERT(batch_decode(blob_bytes(b->batch), requests, &count) == ERR_OK);
        for (unsigned i = 0; i < count; i++) {
            ASSERT(request_parse(requests[i], &client, &timestamp) == ERR_OK);
            a->last[client]--;
        }
        blob_drop(b->batch);
    }
    mem_free(requests);
}

/* Of the block above this height. */
static struct digest block_id(const struct application *a, uint64_t height, const struct digest *batch)
{
    struct digest_context d;

    digest_init(&d);
    if (height > 0)
        digest_add(&d, a->blocks[height - 1].id.b, DIGEST_SIZE);
    digest_add(&d, batch->b, DIGEST_SIZE);
    return digest_final(&d);
}

/* Takes over batch. */
static void block_add(struct machine *m, struct blob *batch, const struct bytes *requests, unsigned count)
{
    struct application *a = &m->app;
    unsigned client;
    uint32_t timestamp;

    if (a->executed == a->cap) {
        a->cap = a->cap == 0 ? 32 : 2 * a->cap;
        a->blocks = mem_resize(a->blocks, a->cap, sizeof a->blocks[0]);
    }
    for (unsigned i = 0; i < count; i++) {
        ASSERT(request_parse(requests[i], &client, &timestamp) == ERR_OK);
        order_request(m, client, timestamp);
        a->last[client]++;
    }
    struct block *b = &a->blocks[a->executed];
    b->batch = batch;
    b->batch_digest = digest_of(blob_bytes(batch));
    b->id = block_id(a, a->executed, &b->batch_digest);
    b->changes = a->last[CLIENT_OF_CHANGES];
    b->closings = a->executed == 0 ? b->changes > 0 : b[-1].closings + (b->changes > b[-1].changes);
    a->executed++;
}

static void execute(void *context, uint64_t sequence, const struct bytes *requests, unsigned count, struct digest *id)
{
    struct machine *m = context;
    struct buf batch = {0};

    order_execute(m, sequence);
    batch_encode(requests, count, &batch);
    block_add(m, blob_new(bytes_of_buf(&batch)), requests, count);
    buf_free(&batch);
    const struct block *b = &m->app.blocks[m->app.executed - 1];
    if (sequence == m->undone_height && !digest_equal(&b->batch_digest, &m->undone_batch))
        MARK(m->world, REEXECUTED_OTHER);
    *id = b->id;
}

static uint32_t closings_at(const struct application *a, uint64_t height)
{
    return height > 0 ? a->blocks[height - 1].closings : 0;
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
    if (m->app.blocks[m->app.executed - 1].closings > closings_at(&m->app, sequence))
        MARK(m->world, EPOCH_CLOSE_UNDONE);
    m->undone_height = sequence + 1;
    m->undone_batch = m->app.blocks[sequence].batch_digest;
    blocks_truncate(m, sequence);
}

/* [id, length of batch, batch, certificate] */
static struct blob *block_encode(const struct block *b, struct bytes certificate)
{
    struct buf out = {0};
    uint8_t length[8];

    be64_put(length, b->batch->len);
    buf_add(&out, b->id.b, DIGEST_SIZE);
    buf_add(&out, length, sizeof length);
    buf_add(&out, b->batch->data, b->batch->len);
    buf_add(&out, certificate.data, certificate.len);
    struct blob *blob = blob_new(bytes_of_buf(&out));
    buf_free(&out);
    return blob;
}

bool block_decode(struct bytes in, struct digest *id, struct bytes *batch, struct bytes *certificate)
{
    if (in.len < DIGEST_SIZE + 8)
        return false;
    uint64_t len = be64_get(in.data + DIGEST_SIZE);
    if (len > in.len - DIGEST_SIZE - 8)
        return false;
    *id = digest_from(bytes_of(in.data, DIGEST_SIZE));
    *batch = bytes_of(in.data + DIGEST_SIZE + 8, (size_t)len);
    *certificate = bytes_of(batch->data + len, in.len - DIGEST_SIZE - 8 - (size_t)len);
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
    const struct block *b = &m->app.blocks[sequence - 1];
    m->app.decided = sequence;
    mark_decided(m, b);
    struct blob *blob = block_encode(b, certificate);
    effects_append(effects, sequence, blob);
    blob_drop(blob);
}

static bool closes(void *context, uint64_t sequence)
{
    const struct machine *m = context;
    return closings_at(&m->app, sequence) > closings_at(&m->app, sequence - 1);
}

uint32_t application_closings(const struct machine *m)
{
    return closings_at(&m->app, m->app.decided);
}

struct pbft_app application_callbacks(struct machine *m)
{
    return (struct pbft_app){m, check_request, check_batch, execute, undo, decide, closes};
}

void application_load(struct machine *m)
{
    struct bytes *requests = mem_array(PBFT_BATCH_MAX, sizeof requests[0]);
    struct bytes batch, certificate;
    struct digest id;
    unsigned count;

    for (uint64_t i = 0; i < m->disk.ledger_count; i++) {
        ASSERT(block_decode(blob_bytes(m->disk.ledger[i]), &id, &batch, &certificate));
        ASSERT(batch_decode(batch, requests, &count) == ERR_OK);
        block_add(m, blob_new(batch), requests, count);
    }
    m->app.decided = m->app.executed;
    mem_free(requests);
}

void application_free(struct application *a)
{
    while (a->executed > 0)
        blob_drop(a->blocks[--a->executed].batch);
    mem_free(a->blocks);
    memset(a, 0, sizeof *a);
}

/* ---- catching up: ['F', height wanted] and ['B', height, length, block, length, block...] */

enum { BLOCKS_MAX = 8 };

void application_poll(struct world *w, const struct event *e)
{
    struct machine *m = &w->machines[e->machine];
    uint8_t ask[9] = {'F'};

    if (!m->up || e->serial != m->life)
        return;
    m->app.polling = false;
    if (!machine_behind(m) || w->plan.replicas == 1)
        return;
    uint64_t v = draw_value(&w->draw, draw_id(DRAW_POLL, m->index, m->app.polls++));
    unsigned other = (unsigned)(v % (w->plan.replicas - 1));
    other += other >= m->replica;
    if (m->app.hinted)
        other = m->app.hinted_by;
    m->app.hinted = false;
    be64_put(ask + 1, m->app.decided + 1);
    struct blob *message = blob_new(bytes_of(ask, sizeof ask));
    network_send(m, other, message);
    blob_drop(message);
    machine_look(m);
}

static void serve(struct machine *m, unsigned to, uint64_t height)
{
    struct buf out = {0};
    uint8_t head[9] = {'B'};

    be64_put(head + 1, height);
    buf_add(&out, head, sizeof head);
    for (uint64_t h = height; h > 0 && h <= m->disk.ledger_count && h < height + BLOCKS_MAX; h++) {
        uint8_t length[8];
        be64_put(length, m->disk.ledger[h - 1]->len);
        buf_add(&out, length, sizeof length);
        buf_add(&out, m->disk.ledger[h - 1]->data, m->disk.ledger[h - 1]->len);
    }
    struct blob *message = blob_new(bytes_of_buf(&out));
    buf_free(&out);
    if (message->len > sizeof head)
        network_send(m, to, message);
    blob_drop(message);
}

/* The next block, checked like a stranger's: id recomputed, certificate verified. */
static bool block_check(struct machine *m, struct bytes block, struct bytes *batch)
{
    const struct members *members = &machine_epoch(m)->members;
    struct voters voters = epoch_voters(machine_epoch(m));
    struct vote expected = {members->federation_id, members->membership_epoch, 0, m->app.decided + 1, {{0}}};
    struct bytes certificate;
    struct digest id;

    if (!block_decode(block, &id, batch, &certificate))
        return false;
    struct digest digest = digest_of(*batch);
    struct digest computed = block_id(&m->app, m->app.decided, &digest);
    expected.block_id = id;
    return digest_equal(&computed, &id) &&
           certificate_verify(certificate, &expected, &voters, NULL, NULL, NULL) == ERR_OK;
}

static void block_apply(struct machine *m, struct bytes block, struct bytes batch, struct effects *effects)
{
    struct bytes *requests = mem_array(PBFT_BATCH_MAX, sizeof requests[0]);
    struct application *a = &m->app;
    unsigned count;

    if (a->executed > a->decided)
        MARK(m->world, CATCH_UP_SPECULATIVE);
    blocks_truncate(m, a->decided);
    ASSERT(batch_decode(batch, requests, &count) == ERR_OK);
    block_add(m, blob_new(batch), requests, count);
    a->decided = a->executed;
    struct blob *blob = blob_new(block);
    effects_append(effects, a->decided, blob);
    blob_drop(blob);
    mem_free(requests);
}

static void mark_catch_up(struct machine *m, unsigned applied, bool in_view_change)
{
    struct world *w = m->world;

    MARK(w, CATCH_UP);
    if (applied >= 4)
        MARK(w, CATCH_UP_LONG);
    if (in_view_change)
        MARK(w, CATCH_UP_VIEW_CHANGE);
    if (m->wiped)
        MARK(w, CATCH_UP_AFTER_WIPE);
}

static void advance(struct machine *m, struct effects *effects)
{
    const struct application *a = &m->app;
    if (m->pbft != NULL)
        pbft_advance(m->pbft, machine_now(m), a->decided, &a->blocks[a->decided - 1].id, effects);
}

static void receive_blocks(struct machine *m, uint64_t height, struct bytes in)
{
    struct effects effects = {0};
    bool each = m->app.polls % 2 == 0, in_view_change = m->pbft != NULL && pbft_status(m->pbft).in_view_change;
    unsigned applied = 0, epoch = m->epoch;

    for (; in.len >= 8 && application_closings(m) == epoch; height++) {
        uint64_t len = be64_get(in.data);
        if (len > in.len - 8)
            break;
        struct bytes block = bytes_of(in.data + 8, (size_t)len), batch;
        in = bytes_of(block.data + len, in.len - 8 - (size_t)len);
        if (height <= m->app.decided)
            continue;
        if (height > m->app.decided + 1 || !block_check(m, block, &batch)) {
            MARK(m->world, BAD_BLOCK);
            break;
        }
        block_apply(m, block, batch, &effects);
        applied++;
        if (application_closings(m) > epoch)
            MARK(m->world, EPOCH_CLOSED_CATCH_UP);
        if (each)
            advance(m, &effects);
    }
    if (applied > 0)
        advance(m, &effects);
    if (applied > 0)
        mark_catch_up(m, applied, in_view_change);
    disk_settle(m, &effects);
    machine_look(m);
    if (m->epoch > epoch && m->up)
        receive_blocks(m, height, in);
}

void application_receive(struct machine *m, unsigned from, struct bytes message)
{
    if (message.len == 9 && message.data[0] == 'F')
        serve(m, from, be64_get(message.data + 1));
    else if (message.len == 9 && message.data[0] == 'H')
        epoch_hint(m, from, be64_get(message.data + 1));
    else if (message.len > 9 && message.data[0] == 'B')
        receive_blocks(m, be64_get(message.data + 1), bytes_of(message.data + 9, message.len - 9));
}
