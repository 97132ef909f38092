#include "storm/application.h"

#include <string.h>

#include "merkle/chunks.h"
#include "storm/world.h"
#include "transfer/messages.h"

/* A chain of hashes over what clients put into registers. A request is [client, timestamp, operation]; it is executed
 * when its timestamp is the client's next. The id of a block is the digest of [id before, digest of its batch, root
 * over the chunks of the state after it, its place among the membership epochs]. */

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

static enum err judge_timestamp(uint32_t last, uint32_t timestamp)
{
    return timestamp <= last ? ERR_STALE : timestamp == last + 1 ? ERR_OK : ERR_AGAIN;
}

static enum err judge_request(struct machine *m, struct bytes request)
{
    unsigned client;
    uint32_t timestamp;
    enum err err = request_parse(request, &client, &timestamp);

    if (err == ERR_OK &&
        (m->unsure || (m->lie == LIE_CENSOR && client == 0 && pbft_status(machine_pbft(m)).is_primary)))
        err = ERR_AGAIN;
    if (err == ERR_OK)
        err = judge_timestamp(m->app.last[client], timestamp);
    if (err == ERR_AGAIN)
        MARK(m->world, REQUEST_AGAIN);
    else if (err == ERR_STALE)
        MARK(m->world, REQUEST_STALE);
    return err;
}

static enum err judge_batch(struct machine *m, uint64_t sequence, const struct bytes *requests, unsigned count)
{
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
            err = judge_timestamp(last[client], timestamp);
        if (err != ERR_OK)
            return err == ERR_AGAIN ? ERR_STATE : err;
        last[client]++;
    }
    judged_batch(m, sequence, requests, count);
    return ERR_OK;
}

static enum err judge(void *context, uint64_t sequence, const struct bytes *requests, unsigned count)
{
    return sequence == 0 ? judge_request(context, requests[0]) : judge_batch(context, sequence, requests, count);
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

struct executed_block *application_block(struct application *a, uint64_t height)
{
    ASSERT(height > a->base && height <= a->executed);
    return &a->blocks[height - a->base - 1];
}

uint32_t application_durable_of(const struct machine *m, unsigned client)
{
    const struct application *a = &m->app;
    uint64_t height = m->disk.blocks.top;
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

uint64_t place_put(const struct place *place)
{
    return place->epoch << 1 | place->closes;
}

struct place place_take(uint64_t number)
{
    return (struct place){number >> 1, number & 1};
}

struct digest header_id(const struct digest *parent, const struct digest *batch, const struct digest *root,
                        const struct place *place)
{
    struct digest_context d;
    uint8_t number[8];

    be64_put(number, place_put(place));
    digest_init(&d);
    digest_add(&d, number, sizeof number);
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
    struct executed_block *b = &a->blocks[held];
    a->executed++;
    a->closings += a->last[CLIENT_OF_CHANGES] > changes;
    state_put(a, b->state);
    b->batch = batch;
    b->batch_digest = digest_of(blob_bytes(batch));
    b->root = root_of(m->world, a->executed, b->state);
    b->parent = parent;
    b->changes = a->last[CLIENT_OF_CHANGES];
    b->closings = a->closings;
    struct place place = application_place(m, a->executed);
    b->id = header_id(&parent, &b->batch_digest, &b->root, &place);
}

/* Once at every sixth height or so. */
static bool comes_out_wrong(struct machine *m, uint64_t sequence)
{
    bool wrong = m->lie == LIE_ROTTEN && (sequence + m->world->draw.seed) % 6 == 0 && m->rotten_height < sequence;

    if (wrong)
        m->rotten_height = sequence;
    return wrong;
}

static void execute(void *context, uint64_t sequence, const struct bytes *requests, unsigned count,
                    struct pbft_result *out)
{
    struct machine *m = context;
    struct buf batch = {0};

    order_execute(m, sequence);
    batch_encode(requests, count, &batch);
    application_add(m, blob_new(bytes_of_buf(&batch)), requests, count);
    buf_free(&batch);
    struct executed_block *b = application_block(&m->app, sequence);
    if (comes_out_wrong(m, sequence))
        b->id.b[0] ^= 1;
    if (sequence == m->undone_height && !digest_equal(&b->batch_digest, &m->undone_batch))
        MARK(m->world, REEXECUTED_OTHER);
    out->block_id = b->id;
    out->closes = application_closes(&m->app, sequence);
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

struct place application_place(const struct machine *m, uint64_t height)
{
    const struct application *a = &m->app;
    uint64_t first = m->world->epochs[0].members.membership_epoch;

    return (struct place){first + closings_at(a, height - 1), application_closes(a, height)};
}

/* [height, place, parent, root, length of batch, batch, certificate] */
enum { BLOCK_HEAD = 3 * 8 + 2 * DIGEST_SIZE };

static struct blob *stored_block_encode(const struct executed_block *b, uint64_t height, const struct place *place,
                                        struct bytes certificate)
{
    uint8_t head[BLOCK_HEAD];
    struct buf out = {0};

    be64_put(head, height);
    be64_put(head + 8, place_put(place));
    memcpy(head + 16, b->parent.b, DIGEST_SIZE);
    memcpy(head + 16 + DIGEST_SIZE, b->root.b, DIGEST_SIZE);
    be64_put(head + 16 + 2 * DIGEST_SIZE, b->batch->len);
    buf_add(&out, head, sizeof head);
    buf_add(&out, b->batch->data, b->batch->len);
    buf_add(&out, certificate.data, certificate.len);
    struct blob *blob = blob_new(bytes_of_buf(&out));
    buf_free(&out);
    return blob;
}

enum err stored_block_decode(struct bytes in, struct stored_block *out)
{
    if (in.len < BLOCK_HEAD)
        return ERR_TRUNCATED;
    uint64_t len = be64_get(in.data + 16 + 2 * DIGEST_SIZE);
    if (len > in.len - BLOCK_HEAD)
        return ERR_TRUNCATED;
    out->height = be64_get(in.data);
    out->place = place_take(be64_get(in.data + 8));
    out->parent = digest_from(bytes_of(in.data + 16, DIGEST_SIZE));
    out->root = digest_from(bytes_of(in.data + 16 + DIGEST_SIZE, DIGEST_SIZE));
    out->batch = bytes_of(in.data + BLOCK_HEAD, (size_t)len);
    out->certificate = bytes_of(out->batch.data + len, in.len - BLOCK_HEAD - (size_t)len);
    out->batch_digest = digest_of(out->batch);
    out->id = header_id(&out->parent, &out->batch_digest, &out->root, &out->place);
    return ERR_OK;
}

static void mark_decided(struct machine *m, const struct executed_block *b)
{
    struct world *w = m->world;
    uint64_t view = pbft_status(machine_pbft(m)).view;

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

/* ---- what the replica asks */

/* Who votes in a membership epoch is what its number says. */
struct digest application_voters_digest(uint64_t membership_epoch)
{
    struct digest d = {{0}};

    be64_put(d.b, membership_epoch);
    return d;
}

static void describe(const struct stored_block *b, struct replica_block *out)
{
    *out = (struct replica_block){
        .height = b->height,
        .membership_epoch = b->place.epoch,
        .id = b->id,
        .parent = b->parent,
        .next_voters = application_voters_digest(b->place.epoch + b->place.closes),
        .certificate = b->certificate,
    };
}

static struct blob *decide(void *context, struct bytes certificate, struct replica_block *out)
{
    struct machine *m = context;
    uint64_t height = m->app.decided + 1;

    order_decide(m);
    const struct executed_block *b = application_block(&m->app, height);
    struct stored_block stored = {.id = b->id,
                                  .parent = b->parent,
                                  .height = height,
                                  .place = application_place(m, height),
                                  .certificate = certificate};
    m->app.decided = height;
    mark_decided(m, b);
    describe(&stored, out);
    return stored_block_encode(b, height, &stored.place, certificate);
}

bool application_closes(const struct application *a, uint64_t height)
{
    return closings_at(a, height) > closings_at(a, height - 1);
}

static enum err open_block(void *context, struct blob *block, struct replica_block *out)
{
    struct machine *m = context;
    struct bytes requests[PBFT_BATCH_MAX];
    unsigned count;
    enum err err = stored_block_decode(blob_bytes(block), &m->opened);

    if (err == ERR_OK)
        err = batch_decode(m->opened.batch, requests, &count);
    if (err == ERR_OK)
        describe(&m->opened, out);
    return err;
}

static void mark_apply(struct machine *m, const struct stored_block *b)
{
    if (m->live == NULL)
        return; /* of its own disk */
    if (m->before.executed > m->before.decided)
        MARK(m->world, CATCH_UP_SPECULATIVE);
    if (b->place.closes)
        MARK(m->world, EPOCH_CLOSED_CATCH_UP);
}

static enum err apply(void *context, struct blob *block)
{
    struct machine *m = context;
    struct application *a = &m->app;
    const struct stored_block *b = &m->opened;
    struct bytes requests[PBFT_BATCH_MAX];
    unsigned count;

    (void)block;
    mark_apply(m, b);
    order_execute(m, a->decided + 1);
    enum err err = batch_decode(b->batch, requests, &count);
    ASSERT(err == ERR_OK);
    application_add(m, blob_new(b->batch), requests, count);
    a->decided = a->executed;
    struct digest id = application_id(a, a->decided);
    if (!digest_equal(&id, &b->id))
        world_fail(m->world, "4 equal roots", "machine %u comes to another state at %llu", m->index,
                   (unsigned long long)a->decided);
    diverged_caught_up(m);
    return ERR_OK;
}

static void advanced(void *context, const struct replica_block *block, struct blob *bytes, bool is_last)
{
    struct machine *m = context;

    (void)bytes;
    bool votes = machine_epoch(m)->number_of[m->replica] >= 0;
    if (votes && (is_last || block->height % m->world->plan.interval == 0))
        m->app.kept = block->height;
    if (is_last)
        epoch_enter(m);
}

static enum err voters(void *context, uint64_t membership_epoch, struct replica_voters *out)
{
    return epoch_voters_of(context, membership_epoch, out);
}

static struct blob *snapshot(void *context, const struct replica_block *block, struct blob *bytes)
{
    struct machine *m = context;
    struct buf proof = {0}, state = {0};

    (void)bytes;
    state_give(m, block->height, block->certificate, &proof, &state);
    struct blob *given = snapshot_encode(&(struct snapshot){block->height, bytes_of_buf(&proof), bytes_of_buf(&state)});
    buf_free(&proof);
    buf_free(&state);
    return given;
}

static enum err check(void *context, uint64_t height, struct bytes proof, const struct digest *root)
{
    struct state_origin origin;
    return state_check(context, height, proof, root, &origin);
}

static enum err install(void *context, uint64_t height, struct bytes proof, struct bytes state,
                        struct replica_point *out)
{
    return state_install(context, height, proof, state, out);
}

static enum replica_interest interest(void *context)
{
    (void)context;
    return REPLICA_FOLLOWS;
}

static bool follows(void *context, unsigned peer)
{
    const struct machine *m = context;
    return peer < m->world->plan.replicas && machine_epoch(m)->number_of[peer] < 0;
}

static void accuse(void *context, unsigned peer, struct bytes first, struct bytes second)
{
    evidence_taken(context, peer, first, second);
}

/* Nothing but pbft's records is filed here. */
static void compact(void *context, uint64_t number)
{
    (void)context, (void)number;
}

struct replica_app application_callbacks(struct machine *m)
{
    return (struct replica_app){
        .context = m,
        .judge = judge,
        .execute = execute,
        .undo = undo,
        .decide = decide,
        .open = open_block,
        .apply = apply,
        .advanced = advanced,
        .voters = voters,
        .snapshot = snapshot,
        .check = check,
        .install = install,
        .interest = interest,
        .follows = follows,
        .accuse = accuse,
        .compact = compact,
    };
}

uint32_t application_closings(const struct machine *m)
{
    return closings_at(&m->app, m->app.decided);
}

void application_free(struct application *a)
{
    while (a->executed > a->base)
        pop(a);
    mem_free(a->blocks);
    memset(a, 0, sizeof *a);
}
