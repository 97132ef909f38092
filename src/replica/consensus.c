#include "base/mutate.h"
#include "replica/internal.h"

/* The machines of PBFT, one after the other. */

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
    struct pbft_app app = chain_app(r);
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
}

void consensus_start(struct replica *r)
{
    size_t begin = r->out->count;

    if (r->consensus.pbft == NULL)
        return;
    pbft_start(r->consensus.pbft, r->now_ns, r->out);
    pbft_hold(r->consensus.pbft, r->now_ns, r->held, r->out);
    replica_translate(r, begin);
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
    replica_translate(r, begin);
}

void consensus_hold(struct replica *r)
{
    size_t begin = r->out->count;

    if (r->consensus.pbft == NULL || !r->started)
        return;
    pbft_hold(r->consensus.pbft, r->now_ns, r->held, r->out);
    replica_translate(r, begin);
}

void consensus_recovered(struct replica *r)
{
    r->consensus.recovering = false;
}
