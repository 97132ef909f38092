#include "base/mutate.h"
#include "replica/internal.h"

/* The parts of a replica, made and wired; and how the replica calls PBFT. */

enum err replica_new(const struct replica_config *config, const struct replica_app *app,
                     const struct ledger_store *store, const struct digest *genesis_id, struct replica **out,
                     struct diag *diag)
{
    struct replica *r = mem_alloc(sizeof *r);

    ASSERT(config->peers > 0 && (config->self < config->peers || config->self == REPLICA_UNKNOWN) &&
           config->poll_ns > 0 && config->transfer_ns > 0 && config->state_gap > 0 && config->writes_in_flight > 0);
    ASSERT(config->recent <= REPLICA_RECENT);
    ASSERT(config->pbft.membership_epoch > 0);
    r->config = *config;
    r->app = *app;
    r->store = store;
    chain_init(r, genesis_id);
    consensus_init(r);
    sync_init(r);
    backfill_init(r);
    states_init(r);
    enum err err = states_load(r, genesis_id, diag);
    if (err == ERR_OK)
        err = chain_load(r, diag);
    if (err == ERR_OK)
        err = states_reached(r, diag);
    if (err != ERR_OK) {
        replica_free(r);
        return err;
    }
    consensus_make(r);
    *out = r;
    return ERR_OK;
}

void replica_free(struct replica *r)
{
    if (r == NULL)
        return;
    consensus_free(r);
    chain_free(r);
    sync_free(r);
    states_free(r);
    effects_free(&r->scratch);
    mem_free(r);
}

enum err replica_restore(struct replica *r, struct bytes record)
{
    ASSERT(!r->started);
    return r->consensus.pbft != NULL ? pbft_restore(r->consensus.pbft, record) : ERR_STATE;
}

enum err replica_restored(const struct replica *r)
{
    return r->consensus.pbft != NULL ? pbft_restored(r->consensus.pbft) : ERR_OK;
}

/* ---- effects */

void replica_broadcast(struct replica *r, struct blob *message)
{
    const struct consensus *c = &r->consensus;

    for (unsigned i = 0; i < c->count; i++) {
        if (c->peers[i] != r->config.self)
            effects_send_replica(r->out, c->membership_epoch, (int32_t)c->peers[i], message);
    }
}

static bool is_broadcast(const struct effect *e)
{
    return e->kind == EFFECT_SEND && e->to == PEER_OTHERS;
}

static void address(const struct replica *r, struct effect *e)
{
    if (e->kind != EFFECT_SEND)
        return;
    e->to = (int32_t)r->consensus.peers[e->to];
    e->number = 0;
}

static void put(struct replica *r, struct effect *e)
{
    if (is_broadcast(e)) {
        replica_broadcast(r, e->blob);
        blob_drop(e->blob);
        return;
    }
    address(r, e);
    effects_put(r->out, e);
}

static void take_evidence(struct replica *r)
{
    const struct consensus *c = &r->consensus;
    struct buf first = {0}, second = {0};
    unsigned replica;

    while (c->pbft != NULL && pbft_take_evidence(c->pbft, &first, &second, &replica)) {
        r->app.accuse(r->app.context, c->peers[replica], bytes_of_buf(&first), bytes_of_buf(&second));
        buf_clear(&first);
        buf_clear(&second);
    }
    buf_free(&first);
    buf_free(&second);
}

void replica_translate(struct replica *r, size_t begin)
{
    struct effects *scratch = &r->scratch;
    uint64_t forget = 0;

    for (; begin < r->out->count; begin++) { /* they stay in their places */
        struct effect *e = &r->out->items[begin];
        if (is_broadcast(e) || e->kind == EFFECT_FORGET)
            break;
        address(r, e);
    }
    for (size_t i = begin; i < r->out->count; i++)
        effects_put(scratch, &r->out->items[i]);
    r->out->count = begin;
    r->out->writes -= scratch->writes;
    for (size_t i = 0; i < scratch->count; i++) {
        struct effect *e = &scratch->items[i];
        if (e->kind != EFFECT_FORGET)
            put(r, e);
        else if (e->number > forget)
            forget = e->number;
    }
    scratch->count = 0;
    scratch->writes = 0;
    if (forget > 0) {
        r->app.compact(r->app.context, forget);
        effects_forget(r->out, forget);
    }
    take_evidence(r);
}

/* ---- steps */

void replica_begin(struct replica *r, int64_t now_ns, struct effects *effects)
{
    ASSERT(r->out == NULL && now_ns >= r->now_ns);
    r->now_ns = now_ns;
    r->out = effects;
    r->writes_before = effects->writes;
}

uint64_t replica_written(const struct replica *r)
{
    return r->out == NULL ? r->written : r->written + r->out->writes - r->writes_before;
}

bool replica_outruns_disk(const struct replica *r)
{
    return replica_written(r) - r->durable >= MUTATE(REPLICA_OUTRUNS_ITS_DISK, UINT64_MAX, r->config.writes_in_flight);
}

void replica_end(struct replica *r)
{
    if (!r->held && replica_outruns_disk(r)) {
        r->held = true;
        consensus_hold(r);
    }
    if (r->started)
        sync_arm(r);
    r->written = replica_written(r);
    r->out = NULL;
}

/* What a call may have led to. */
static void settle(struct replica *r)
{
    consensus_follow(r);
    sync_push(r);
}

void replica_durable(struct replica *r, uint64_t serial)
{
    ASSERT(serial >= r->durable && serial <= r->written);
    r->durable = serial;
    if (!r->held || r->written - r->durable > r->config.writes_in_flight / 2) /* half of it is enough to go on with */
        return;
    r->held = false;
    consensus_hold(r);
    sync_poll(r);
    settle(r);
}

void replica_start(struct replica *r, bool probe)
{
    ASSERT(!r->started);
    r->started = true;
    states_start(r);
    consensus_start(r);
    sync_start(r, probe);
    settle(r);
}

bool replica_owns(struct bytes message)
{
    return pbft_owns(message) || transfer_owns(message) ||
           (message.len >= 2 && message.data[0] >> 5 == 4 && message.data[1] >= REPLICA_FETCH &&
            message.data[1] <= REPLICA_STATUS);
}

/* The message of another machine than PBFT's present one: a key that is not known here, or no longer. */
static bool is_strange(const struct replica *r, enum err err)
{
    return r->consensus.pbft == NULL || err == ERR_MISMATCH || err == ERR_UNKNOWN;
}

enum err replica_receive(struct replica *r, unsigned from, struct blob *message)
{
    struct bytes bytes = blob_bytes(message);
    size_t begin = r->out->count;
    enum err err = ERR_STATE;

    ASSERT(r->started);
    if (from >= r->config.peers)
        return ERR_UNKNOWN;
    if (transfer_owns(bytes)) {
        err = sync_receive_state(r, from, bytes);
    } else if (!pbft_owns(bytes)) {
        err = sync_receive(r, from, bytes);
    } else {
        if (r->consensus.pbft != NULL)
            err = pbft_receive(r->consensus.pbft, r->now_ns, message, r->out);
        replica_translate(r, begin);
        if (is_strange(r, err))
            sync_hear(r, from, bytes);
    }
    settle(r);
    return err;
}

enum err replica_timer(struct replica *r, uint32_t timer)
{
    size_t begin = r->out->count;

    ASSERT(r->started);
    if (timer == REPLICA_TIMER_POLL) {
        sync_poll(r);
    } else if (timer == REPLICA_TIMER_TRANSFER) {
        sync_transfer_timer(r);
    } else if (timer <= PBFT_TIMER_RESEND && r->consensus.pbft != NULL) {
        pbft_timer(r->consensus.pbft, r->now_ns, timer, r->out);
        replica_translate(r, begin);
    } else {
        return ERR_UNKNOWN;
    }
    settle(r);
    return ERR_OK;
}

enum err replica_request(struct replica *r, struct blob *request)
{
    size_t begin = r->out->count;

    if (r->consensus.pbft == NULL)
        return ERR_STATE;
    enum err err = pbft_request(r->consensus.pbft, r->now_ns, request, r->out);
    replica_translate(r, begin);
    settle(r);
    return err;
}

void replica_expect(struct replica *r, bool expecting)
{
    size_t begin = r->out->count;

    pbft_expect(r->consensus.pbft, r->now_ns, expecting, r->out);
    replica_translate(r, begin);
    settle(r);
}

void replica_poke(struct replica *r)
{
    size_t begin = r->out->count;

    pbft_poke(r->consensus.pbft, r->now_ns, r->out);
    replica_translate(r, begin);
    settle(r);
}

void replica_recovered(struct replica *r)
{
    consensus_recovered(r);
}

void replica_be(struct replica *r, unsigned self)
{
    ASSERT(self < r->config.peers);
    r->config.self = self;
}

void replica_meet(struct replica *r, unsigned peers)
{
    ASSERT(peers <= r->config.peers);
    sync_meet(r, peers);
}

/* ---- looking in */

bool replica_votes(const struct replica *r)
{
    return r->consensus.pbft != NULL;
}

bool replica_level(const struct replica *r)
{
    return r->sync.state == SYNC_LEVEL || r->sync.state == SYNC_BACKFILL;
}

uint64_t replica_heard(const struct replica *r)
{
    return r->sync.heard;
}

uint64_t replica_height(const struct replica *r)
{
    return r->chain.height;
}

uint64_t replica_membership_epoch(const struct replica *r)
{
    return r->chain.voters.set.membership_epoch;
}

bool replica_transferring(const struct replica *r)
{
    return r->sync.state == SYNC_TRANSFERRING;
}

bool replica_restarted(const struct replica *r)
{
    return r->chain.restarted;
}

struct pbft_status replica_status(const struct replica *r)
{
    return r->consensus.pbft != NULL ? pbft_status(r->consensus.pbft) : (struct pbft_status){0};
}

const struct pbft *replica_pbft(const struct replica *r)
{
    return r->consensus.pbft;
}
