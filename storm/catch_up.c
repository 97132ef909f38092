#include <string.h>

#include "transfer/messages.h"
#include "storm/application.h"
#include "storm/world.h"

/* How a machine that is behind comes up again: by blocks with their certificates, ['F', height wanted] and ['B',
 * height, length, block, length, block...] (no block: all of that is gone here), or, when too far behind or the blocks
 * are gone, by a state transfer (transfer/transfer.h). The proof of a state is [membership epoch, id before, digest of
 * the batch, certificate]; who votes in a membership epoch is known as soon as somebody has decided the block that
 * opens it. */

enum { BLOCKS_MAX = 8, BLOCKS_HEAD = 9, PROOF_HEAD = 8 + 2 * DIGEST_SIZE };

/* ---- what others give is checked like a stranger's */

static enum err check_certificate(const struct epoch *e, uint64_t height, const struct digest *id,
                                  struct bytes certificate)
{
    struct voters voters = epoch_voters(e);
    struct vote expected = {e->members.federation_id, e->members.membership_epoch, 0, height, *id};

    return certificate_verify(certificate, &expected, &voters, NULL, NULL, NULL);
}

enum err catch_up_check(struct machine *m, uint64_t height, struct bytes proof, const struct digest *root,
                        struct digest *id, const struct epoch **epoch)
{
    if (proof.len < PROOF_HEAD)
        return ERR_TRUNCATED;
    *epoch = epoch_named(m->world, be64_get(proof.data));
    struct digest parent = digest_from(bytes_of(proof.data + 8, DIGEST_SIZE));
    struct digest batch = digest_from(bytes_of(proof.data + 8 + DIGEST_SIZE, DIGEST_SIZE));
    if (*epoch == NULL)
        return ERR_AGAIN;
    *id = header_id(&parent, &batch, root);
    return check_certificate(*epoch, height, id, bytes_of(proof.data + PROOF_HEAD, proof.len - PROOF_HEAD));
}

/* What can be offered to others: states at checkpoints, that is at multiples of the interval and where a membership
 * epoch ends. */
void catch_up_keep(struct machine *m, uint64_t height, struct bytes certificate)
{
    const struct block *b = application_block(&m->app, height);
    bool closes = application_closes(&m->app, height);
    struct buf proof = {0};
    uint8_t epoch[8];

    if (height % m->world->plan.interval != 0 && !closes)
        return;
    m->app.kept = height;
    be64_put(epoch, m->world->epochs[0].members.membership_epoch + application_closings(m) - closes);
    buf_add(&proof, epoch, sizeof epoch);
    buf_add(&proof, b->parent.b, DIGEST_SIZE);
    buf_add(&proof, b->batch_digest.b, DIGEST_SIZE);
    buf_add(&proof, certificate.data, certificate.len);
    ASSERT(transfer_keep(m->transfer, height, bytes_of_buf(&proof), bytes_of(b->state, STATE_SIZE)) == ERR_OK);
    buf_free(&proof);
}

/* ---- transfer */

static enum err transfer_check(void *context, uint64_t height, struct bytes proof, const struct digest *root)
{
    const struct epoch *epoch;
    struct digest id;

    return catch_up_check(context, height, proof, root, &id, &epoch);
}

static void advance(struct machine *m, struct effects *effects)
{
    struct digest id = application_id(&m->app, m->app.decided);
    if (m->pbft != NULL)
        pbft_advance(m->pbft, machine_now(m), m->app.decided, &id, effects);
    diverged_caught_up(m, effects);
}

static void mark_transfer(struct machine *m)
{
    struct world *w = m->world;

    MARK(w, TRANSFER);
    if (m->pbft != NULL && pbft_status(m->pbft).in_view_change)
        MARK(w, TRANSFER_VIEW_CHANGE);
    if (m->app.executed > m->app.decided)
        MARK(w, TRANSFER_SPECULATIVE);
    if (m->wiped)
        MARK(w, TRANSFER_AFTER_WIPE);
}

static enum err transfer_install(void *context, uint64_t height, struct bytes proof, struct bytes state,
                                 struct effects *effects)
{
    struct machine *m = context;
    struct digest root = chunks_root(state, m->world->plan.chunk), id;
    const struct epoch *epoch;

    if (height <= m->app.decided)
        return ERR_STALE;
    enum err err = catch_up_check(m, height, proof, &root, &id, &epoch);
    transfer_installed(m, height, err, &id);
    if (err != ERR_OK || m->world->checker != NULL)
        return err;
    mark_transfer(m);
    struct blob *snapshot = snapshot_encode(&(struct snapshot){height, proof, state});
    application_restart(m, height, &id, state);
    effects_install(effects, height, snapshot);
    blob_drop(snapshot);
    ASSERT(transfer_keep(m->transfer, height, proof, state) == ERR_OK);
    m->app.kept = height;
    m->app.installed = epoch;
    return ERR_OK;
}

/* What the transfer machine asked for; then, if it has installed a state, the replica goes on from there. */
static void settle_transfer(struct machine *m, struct effects *effects)
{
    const struct epoch *epoch = m->app.installed;

    for (size_t i = 0; i < effects->count; i++) {
        if (effects->items[i].kind == EFFECT_SEND)
            effects->items[i].to += TO_REPLICA;
    }
    m->app.installed = NULL;
    if (epoch != NULL && epoch == machine_epoch(m))
        advance(m, effects);
    disk_settle(m, effects);
    if (epoch != NULL && m->up)
        epoch_jump(m, (unsigned)(epoch - m->world->epochs));
    machine_look(m);
}

struct transfer *catch_up_transfer(struct machine *m)
{
    struct world *w = m->world;
    struct transfer_config config = {
        .peers = REPLICAS_MAX,
        .self = m->replica,
        .chunk_size = w->plan.chunk,
        .timeout_ns = w->plan.resend,
        .timer = PBFT_TIMER_TRANSFER,
    };
    struct transfer_app app = {m, transfer_check, transfer_install};

    return transfer_new(&config, &app);
}

static void transfer_from_others(struct machine *m)
{
    unsigned peers[REPLICAS_MAX], count = 0;
    struct effects effects = {0};

    for (unsigned i = 0; i < m->world->plan.replicas; i++) {
        if (i != m->replica)
            peers[count++] = i;
    }
    m->app.tried = m->app.decided + 1;
    transfer_begin(m->transfer, machine_now(m), m->app.decided, peers, count, &effects);
    settle_transfer(m, &effects);
}

void catch_up_timer(struct machine *m)
{
    struct effects effects = {0};

    transfer_timer(m->transfer, machine_now(m), &effects);
    settle_transfer(m, &effects);
}

/* ---- asking */

/* Who seems to know more, or any other: who hints all the time need not answer. But not those who gave us bad blocks,
 * as long as there are others. */
static unsigned whom_to_ask(struct machine *m)
{
    struct world *w = m->world;
    uint64_t v = draw_value(&w->draw, draw_id(DRAW_POLL, m->index, m->app.polls++));
    uint64_t others = ((UINT64_C(1) << w->plan.replicas) - 1) & ~(UINT64_C(1) << m->replica);
    unsigned peer = m->app.hinted && (v >> 32) % 2 == 0 ? m->app.hinted_by : (unsigned)(v % w->plan.replicas);

    if ((m->shunned & others) == others)
        m->shunned = 0;
    while (peer == m->replica || m->shunned >> peer & 1)
        peer = (peer + 1) % w->plan.replicas;
    return peer;
}

static void ask_for_blocks(struct machine *m, unsigned peer)
{
    uint8_t ask[BLOCKS_HEAD] = {'F'};

    be64_put(ask + 1, m->app.decided + 1);
    struct blob *message = blob_new(bytes_of(ask, sizeof ask));
    network_send(m, peer, message);
    blob_drop(message);
}

void catch_up_poll(struct world *w, const struct event *e)
{
    struct machine *m = &w->machines[e->machine];

    if (!m->up || e->serial != m->life)
        return;
    m->app.polling = false;
    if (!machine_behind(m) || w->plan.replicas == 1)
        return;
    bool tried = m->app.tried == m->app.decided + 1; /* nobody had a later state */
    uint64_t known = m->pbft != NULL ? pbft_status(m->pbft).known_decided : m->app.decided;
    if (transfer_running(m->transfer)) {
        machine_look(m);
    } else if (!tried && known >= m->app.decided + w->plan.transfer_gap) {
        transfer_from_others(m);
    } else {
        ask_for_blocks(m, whom_to_ask(m));
        m->app.hinted = false;
        machine_look(m);
    }
}

/* ---- blocks */

static void serve(struct machine *m, unsigned to, uint64_t height)
{
    struct buf out = {0};
    uint8_t head[BLOCKS_HEAD] = {'B'};
    uint64_t base = m->disk.ledger_base, end = base + m->disk.ledger_count;
    bool gone = height <= base || (height <= m->app.kept && height + m->world->plan.retention <= end);

    if (height == 0 || height > end)
        return;
    be64_put(head + 1, height);
    buf_add(&out, head, sizeof head);
    for (uint64_t h = height; !gone && h <= end && h < height + BLOCKS_MAX; h++) {
        uint8_t length[8];
        const struct blob *block = m->disk.ledger[h - base - 1];
        be64_put(length, block->len);
        buf_add(&out, length, sizeof length);
        buf_add(&out, block->data, block->len);
    }
    struct blob *message = blob_new(bytes_of_buf(&out));
    buf_free(&out);
    network_send(m, to, message);
    blob_drop(message);
}

/* The next block: id recomputed, certificate verified. */
static bool block_check(struct machine *m, struct bytes block, struct stored_block *b)
{
    if (!block_decode(block, b))
        return false;
    struct digest digest = digest_of(b->batch), parent = application_id(&m->app, m->app.decided);
    struct digest computed = header_id(&parent, &digest, &b->root);
    return digest_equal(&computed, &b->id) &&
           check_certificate(machine_epoch(m), m->app.decided + 1, &b->id, b->certificate) == ERR_OK;
}

static void block_apply(struct machine *m, struct bytes block, const struct stored_block *b, struct effects *effects)
{
    struct bytes *requests = mem_array(PBFT_BATCH_MAX, sizeof requests[0]);
    struct application *a = &m->app;
    unsigned count;

    if (a->executed > a->decided)
        MARK(m->world, CATCH_UP_SPECULATIVE);
    application_undo(m, a->decided);
    ASSERT(batch_decode(b->batch, requests, &count) == ERR_OK);
    application_add(m, blob_new(b->batch), requests, count);
    a->decided = a->executed;
    struct digest id = application_id(a, a->decided);
    if (!digest_equal(&id, &b->id))
        world_fail(m->world, "4 equal roots", "machine %u comes to another state at %llu", m->index,
                   (unsigned long long)a->decided);
    struct blob *blob = blob_new(block);
    effects_append(effects, a->decided, blob);
    blob_drop(blob);
    catch_up_keep(m, a->decided, b->certificate);
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

static void refuse_block(struct machine *m, unsigned from)
{
    MARK(m->world, BAD_BLOCK);
    m->shunned |= UINT64_C(1) << from;
    transfer_blamed(m, from);
}

/* The next block in `in`, if it is one. False: nothing more to be had from there. */
static bool take_block(struct machine *m, unsigned from, uint64_t height, struct bytes *in, struct effects *effects)
{
    struct stored_block block;
    uint64_t len = be64_get(in->data);

    if (len > in->len - 8) {
        refuse_block(m, from);
        return false;
    }
    struct bytes bytes = bytes_of(in->data + 8, (size_t)len);
    *in = bytes_of(bytes.data + len, in->len - 8 - (size_t)len);
    if (height <= m->app.decided)
        return true;
    if (!block_check(m, bytes, &block)) {
        refuse_block(m, from);
        return false;
    }
    block_apply(m, bytes, &block, effects);
    return true;
}

static void receive_blocks(struct machine *m, unsigned from, uint64_t height, struct bytes in)
{
    struct effects effects = {0};
    bool in_view_change = m->pbft != NULL && pbft_status(m->pbft).in_view_change;
    uint64_t before = m->app.decided;
    unsigned epoch = m->epoch;

    for (; in.len >= 8 && height <= m->app.decided + 1 && application_closings(m) == epoch; height++) {
        uint64_t decided = m->app.decided;
        if (!take_block(m, from, height, &in, &effects))
            break;
        if (m->app.decided == decided)
            continue;
        if (application_closings(m) > epoch)
            MARK(m->world, EPOCH_CLOSED_CATCH_UP);
        advance(m, &effects);
    }
    if (m->app.decided > before)
        mark_catch_up(m, (unsigned)(m->app.decided - before), in_view_change);
    disk_settle(m, &effects);
    machine_look(m);
    if (m->epoch > epoch && m->up)
        receive_blocks(m, from, height, in);
    else if (m->app.decided >= before + BLOCKS_MAX && m->up && machine_behind(m))
        ask_for_blocks(m, from); /* there is more where these come from */
}

static void receive_transfer(struct machine *m, unsigned from, struct bytes message)
{
    struct effects effects = {0};

    if (transfer_receive(m->transfer, machine_now(m), from, message, &effects) == ERR_LIMIT)
        MARK(m->world, TRANSFER_LIMIT);
    settle_transfer(m, &effects);
}

void catch_up_receive(struct machine *m, unsigned from, struct bytes message)
{
    if (transfer_owns(message)) {
        receive_transfer(m, from, message);
        return;
    }
    if (message.len < BLOCKS_HEAD)
        return;
    uint64_t height = be64_get(message.data + 1);
    struct bytes rest = bytes_of(message.data + BLOCKS_HEAD, message.len - BLOCKS_HEAD);
    if (message.data[0] == 'F' && rest.len == 0)
        serve(m, from, height);
    else if (message.data[0] == 'H' && rest.len == 0)
        epoch_hint(m, from, height);
    else if (message.data[0] == 'B' && rest.len > 0)
        receive_blocks(m, from, height, rest);
    else if (message.data[0] == 'B' && height == m->app.decided + 1) {
        MARK(m->world, BLOCKS_GONE);
        transfer_from_others(m);
    }
}
