#include "base/mutate.h"
#include "replica/internal.h"

/* How the replica calls PBFT, and what PBFT asks of it. */

static enum err judge(void *context, uint64_t sequence, const struct bytes *requests, unsigned count)
{
    struct replica *r = context;
    return r->app.judge(r->app.context, sequence, requests, count);
}

static void execute(void *context, uint64_t sequence, const struct bytes *requests, unsigned count,
                    struct pbft_result *out)
{
    struct replica *r = context;
    r->app.execute(r->app.context, sequence, requests, count, out);
}

static void undo(void *context, uint64_t sequence)
{
    struct replica *r = context;
    r->app.undo(r->app.context, sequence);
}

static void decide(void *context, uint64_t sequence, const struct digest *block_id, struct bytes certificate,
                   struct effects *effects)
{
    struct replica *r = context;

    ASSERT(effects == r->out);
    chain_decide(r, sequence, block_id, certificate);
}

/* ---- effects */

void consensus_broadcast(struct replica *r, struct blob *message)
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

static void translate(struct replica *r, struct effect *e)
{
    if (is_broadcast(e)) {
        consensus_broadcast(r, e->blob);
        blob_drop(e->blob);
        return;
    }
    address(r, e);
    effects_put(r->out, e);
}

/* PBFT wrote its effects to our list from `begin` on: its replicas become peers, a broadcast one effect for each of
 * them, so that whoever carries it out need not know who voted when it was made. Before old records go, the application
 * files anew what it needs of them. */
static void settle(struct replica *r, size_t begin)
{
    struct effects *scratch = &r->consensus.scratch;
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
            translate(r, e);
        else if (e->number > forget)
            forget = e->number;
    }
    scratch->count = 0;
    scratch->writes = 0;
    if (forget > 0) {
        r->app.compact(r->app.context, forget);
        effects_forget(r->out, forget);
    }
}

static void take_evidence(struct replica *r)
{
    struct consensus *c = &r->consensus;
    struct buf first = {0}, second = {0};
    unsigned replica;

    while (pbft_take_evidence(c->pbft, &first, &second, &replica)) {
        r->app.accuse(r->app.context, c->peers[replica], bytes_of_buf(&first), bytes_of_buf(&second));
        buf_clear(&first);
        buf_clear(&second);
    }
    buf_free(&first);
    buf_free(&second);
}

static void done(struct replica *r, size_t begin)
{
    settle(r, begin);
    take_evidence(r);
}

/* ---- the machine of a membership epoch */

/* Of each membership epoch another one. */
static struct digest recovery_nonce(const struct replica *r)
{
    struct digest_context c;
    uint8_t epoch[8];

    be64_put(epoch, r->consensus.membership_epoch);
    digest_init(&c);
    digest_add(&c, r->config.pbft.nonce.b, DIGEST_SIZE);
    digest_add(&c, epoch, sizeof epoch);
    return digest_final(&c);
}

void consensus_make(struct replica *r)
{
    struct consensus *c = &r->consensus;
    const struct replica_voters *v = &r->chain.voters;

    ASSERT(c->pbft == NULL && v->set.count <= PBFT_REPLICAS_MAX);
    c->membership_epoch = v->set.membership_epoch;
    c->count = v->set.count;
    for (unsigned i = 0; i < c->count; i++)
        c->peers[i] = v->peers[i];
    if (v->self < 0)
        return;
    struct pbft_app app = {r, judge, execute, undo, decide};
    struct pbft_config config = r->config.pbft;
    config.membership_epoch = c->membership_epoch;
    config.n = v->set.count;
    config.f = v->set.max_byzantine;
    config.quorum = v->set.quorum;
    config.self = (unsigned)v->self;
    for (unsigned i = 0; i < c->count; i++)
        config.keys[i] = v->set.keys[i];
    config.key = *v->key;
    config.recovering = c->recovering;
    config.nonce = recovery_nonce(r);
    c->pbft = pbft_new(&config, &app, r->chain.height, &r->chain.id);
    pbft_begin_at(c->pbft, r->chain.base_height, &r->chain.base_id);
    key_wipe(&config.key);
}

void consensus_init(struct replica *r)
{
    r->consensus.recovering = r->config.pbft.recovering;
}

void consensus_free(struct replica *r)
{
    pbft_free(r->consensus.pbft);
    effects_free(&r->consensus.scratch);
}

void consensus_start(struct replica *r)
{
    size_t begin = r->out->count;

    if (r->consensus.pbft == NULL)
        return;
    pbft_start(r->consensus.pbft, r->now_ns, r->out);
    pbft_hold(r->consensus.pbft, r->now_ns, r->held, r->out);
    done(r, begin);
}

void consensus_follow(struct replica *r)
{
    struct consensus *c = &r->consensus;

    while (c->membership_epoch != r->chain.voters.set.membership_epoch) {
        struct pbft *old = c->pbft;
        for (uint32_t timer = 0; timer <= PBFT_TIMER_RESEND && old != NULL; timer++)
            effects_timer_stop(r->out, timer);
        effects_note(r->out, "replica.membership", r->chain.voters.set.membership_epoch, r->chain.voters.set.count);
        c->pbft = NULL;
        consensus_make(r);
        if (MUTATE(REPLICA_INHERITS_NOTHING, false, c->pbft != NULL && old != NULL))
            pbft_inherit(c->pbft, old);
        pbft_free(old);
        consensus_start(r); /* where one is a quorum, the new machine may close its membership epoch at once */
    }
}

void consensus_undo(struct replica *r)
{
    if (r->consensus.pbft != NULL)
        pbft_undo(r->consensus.pbft);
}

void consensus_advance(struct replica *r)
{
    struct consensus *c = &r->consensus;
    size_t begin = r->out->count;

    if (c->pbft == NULL || c->membership_epoch != r->chain.voters.set.membership_epoch)
        return;
    /* Behind a block that closes it the membership epoch has another machine already. */
    struct pbft_result block = {.block_id = r->chain.id, .closes = false};
    pbft_advance(c->pbft, r->now_ns, r->chain.height, &block, r->out);
    done(r, begin);
}

enum err consensus_receive(struct replica *r, struct blob *message)
{
    size_t begin = r->out->count;

    if (r->consensus.pbft == NULL)
        return ERR_STATE;
    enum err err = pbft_receive(r->consensus.pbft, r->now_ns, message, r->out);
    done(r, begin);
    return err;
}

enum err consensus_request(struct replica *r, struct blob *request)
{
    size_t begin = r->out->count;

    if (r->consensus.pbft == NULL)
        return ERR_STATE;
    enum err err = pbft_request(r->consensus.pbft, r->now_ns, request, r->out);
    done(r, begin);
    return err;
}

void consensus_timer(struct replica *r, uint32_t timer)
{
    size_t begin = r->out->count;

    pbft_timer(r->consensus.pbft, r->now_ns, timer, r->out);
    done(r, begin);
}

void consensus_expect(struct replica *r, bool expecting)
{
    size_t begin = r->out->count;

    pbft_expect(r->consensus.pbft, r->now_ns, expecting, r->out);
    done(r, begin);
}

void consensus_poke(struct replica *r)
{
    size_t begin = r->out->count;

    pbft_poke(r->consensus.pbft, r->now_ns, r->out);
    done(r, begin);
}

void consensus_hold(struct replica *r)
{
    size_t begin = r->out->count;

    if (r->consensus.pbft == NULL || !r->started)
        return;
    pbft_hold(r->consensus.pbft, r->now_ns, r->held, r->out);
    done(r, begin);
}

void consensus_recovered(struct replica *r)
{
    r->consensus.recovering = false;
}
