#include "pbft/pbft.h"

#include <string.h>

#include "pbft/internal.h"
#include "pbft/quorum.h"

/* ---- life */

static void members_init(struct members *m, const struct pbft_config *config, const struct claim_forms *forms)
{
    m->federation_id = config->federation_id;
    m->membership_epoch = config->membership_epoch;
    m->n = config->n;
    m->f = config->f;
    m->quorum = config->quorum;
    m->verify_cache = config->verify_cache;
    for (unsigned i = 0; i < m->n; i++) {
        m->keys[i] = config->keys[i];
        m->fingerprints[i] = key_fingerprint(&config->keys[i]);
    }
    members_prepare(m, forms);
}

static void config_check(const struct pbft_config *c)
{
    ASSERT(c->n > 0 && c->n <= PBFT_REPLICAS_MAX && c->self < c->n);
    ASSERT(quorum_check(c->n, c->f, c->quorum, NULL) == ERR_OK);
    ASSERT(c->batch_max > 0 && c->batch_max <= PBFT_BATCH_MAX && c->pipeline > 0 && c->pending_max > 0);
    ASSERT(c->checkpoint_interval > 0 && c->window >= 2 * c->checkpoint_interval && c->window <= PBFT_WINDOW_MAX);
    ASSERT(c->view_timeout_ns > 0 && c->view_timeout_max_ns >= c->view_timeout_ns && c->resend_ns > 0);
    ASSERT(memcmp(c->keys[c->self].b, c->key.public.b, KEY_PUBLIC_SIZE) == 0);
}

/* A NEW-VIEW holds up to quorum * window proofs of quorum signatures each: with many replicas the window is made so
 * narrow that it still is a message. The same for all replicas of one configuration. */
static void window_fit(struct pbft_config *c)
{
    uint64_t proof = (uint64_t)c->quorum * (SIGNATURE_SIZE + 6) + 128;
    uint64_t fits = PBFT_MESSAGE_SIZE_MAX / 8 * 7 / (c->quorum * proof);

    if (c->window > fits)
        c->window = fits;
    if (c->checkpoint_interval > c->window / 2)
        c->checkpoint_interval = c->window / 2;
}

static void memory_take(struct pbft *p)
{
    log_init(p);
    p->peers = mem_array(p->members.n, sizeof p->peers[0]);
    checkpoint_init(p);
    pool_init(&p->pool, p->config.pending_max);
}

struct pbft *pbft_new(const struct pbft_config *config, const struct pbft_app *app, uint64_t sequence,
                      const struct digest *block_id)
{
    config_check(config);
    struct pbft *p = mem_alloc(sizeof *p);
    p->config = *config;
    window_fit(&p->config);
    p->app = *app;
    if (config->claim_forms == NULL) {
        p->own_forms = mem_alloc(sizeof *p->own_forms);
        claim_forms_init(p->own_forms);
    }
    members_init(&p->members, config, p->own_forms != NULL ? p->own_forms : config->claim_forms);
    memory_take(p);
    checkpoint_begin_at(p, sequence, block_id);
    executions_init(p, sequence, block_id);
    recovery_init(p);
    timers_init(p);
    return p;
}

void pbft_free(struct pbft *p)
{
    if (p == NULL)
        return;
    log_fini(p);
    view_fini(p);
    checkpoint_fini(p);
    record_read_fini(p);
    record_written_fini(p);
    pool_fini(&p->pool);
    mem_free(p->peers);
    mem_free(p->own_forms);
    key_wipe(&p->config.key);
    mem_free(p);
}

void pbft_begin_at(struct pbft *p, uint64_t sequence, const struct digest *block_id)
{
    ASSERT(!p->started && !p->read.restored && sequence <= p->executions.decided);
    checkpoint_begin_at(p, sequence, block_id);
}

void pbft_inherit(struct pbft *p, const struct pbft *old)
{
    ASSERT(!p->started);
    for (int32_t at = old->pool.first; at >= 0; at = old->pool.entries[at].next) {
        if (MUTATE(INHERITS_NOTHING, ERR_LIMIT, pool_add(&p->pool, old->pool.entries[at].request)) != ERR_OK)
            return; /* only a smaller pool refuses */
    }
}

/* ---- steps: each ends with normal_run() */

static void step_begin(struct pbft *p, int64_t now_ns, struct effects *effects)
{
    p->now_ns = now_ns;
    p->out = effects;
    executions_step(p);
}

void pbft_start(struct pbft *p, int64_t now_ns, struct effects *effects)
{
    ASSERT(!p->started);
    step_begin(p, now_ns, effects);
    record_read_all(p);
    p->started = true;
    if (!p->read.restored) {
        record_snapshot(p);
        if (MUTATE(OLD_EPOCH_KEPT, false, p->checkpoints.base.sequence > 0))
            effects_forget(p->out, p->checkpoints.base.sequence);
    }
    MUTATE(CHECKPOINT_NOT_SIGNED_AGAIN, (void)0, checkpoint_vote_again(p));
    retransmit_all(p, true);
    normal_run(p);
}

bool pbft_owns(struct bytes message)
{
    return message.len >= 2 && message.data[0] >> 5 == 4 && message.data[1] >= 1 && message.data[1] <= 15;
}

bool pbft_membership_epoch(struct bytes message, uint64_t *epoch)
{
    return pbft_owns(message) && message_membership_epoch(message, epoch);
}

static enum err (*const receivers[MESSAGE_TYPES_END])(struct pbft *p, struct bytes message) = {
    [MESSAGE_PRE_PREPARE] = normal_receive_pre_prepare,
    [MESSAGE_PREPARE] = normal_receive_prepare,
    [MESSAGE_COMMIT] = normal_receive_commit,
    [MESSAGE_CHECKPOINT] = checkpoint_receive,
    [MESSAGE_VIEW_CHANGE] = view_change_receive,
    [MESSAGE_NEW_VIEW] = view_change_receive_new_view,
    [MESSAGE_FETCH] = retransmit_receive_fetch,
    [MESSAGE_BATCH] = retransmit_receive_batch,
    [MESSAGE_STATUS] = status_receive,
    [MESSAGE_STABLE] = checkpoint_receive_stable,
    [MESSAGE_QUERY] = recovery_receive_query,
    [MESSAGE_REPORT] = recovery_receive_report,
};

enum err pbft_receive(struct pbft *p, int64_t now_ns, struct blob *message, struct effects *effects)
{
    struct bytes bytes = blob_bytes(message);
    enum err err = ERR_UNKNOWN;

    ASSERT(p->started);
    if (!pbft_owns(bytes))
        return ERR_TYPE;
    if (bytes.len > PBFT_MESSAGE_SIZE_MAX)
        return ERR_LIMIT;
    step_begin(p, now_ns, effects);
    if (bytes.data[1] < MESSAGE_TYPES_END && receivers[bytes.data[1]] != NULL)
        err = receivers[bytes.data[1]](p, bytes);
    normal_run(p);
    return err;
}

void pbft_timer(struct pbft *p, int64_t now_ns, uint32_t timer, struct effects *effects)
{
    ASSERT(p->started);
    if (timer > PBFT_TIMER_RESEND || !p->timers.of[timer].armed)
        return;
    step_begin(p, now_ns, effects);
    if (!timers_fire(p, timer))
        return;
    if (timer == PBFT_TIMER_VIEW && p->view.number < VIEW_MAX)
        view_change_start(p, view_change_next(p));
    else if (timer == PBFT_TIMER_BATCH)
        normal_batch_due(p, true);
    if (timer == PBFT_TIMER_RESEND) {
        retransmit_all(p, false);
        timers_asked(p);
    }
    normal_run(p);
}

/* The pool is full: what can be proposed takes the place of the youngest that cannot yet. Else a client could shut out
 * all others with requests whose time never comes. */
static bool make_room(struct pbft *p, struct bytes request)
{
    if (MUTATE(PBFT_POOL_NO_ROOM, true, normal_judge_request(p, request) != ERR_OK))
        return false;
    for (int32_t at = p->pool.last; at >= 0; at = p->pool.entries[at].previous) {
        const struct pool_entry *e = &p->pool.entries[at];
        if (e->sequence != 0 || normal_judge_request(p, blob_bytes(e->request)) == ERR_OK)
            continue;
        pool_drop(&p->pool, at);
        return true;
    }
    return false;
}

enum err pbft_request(struct pbft *p, int64_t now_ns, struct blob *request, struct effects *effects)
{
    ASSERT(p->started);
    if (request->len > BATCH_SIZE_MAX)
        return ERR_LIMIT;
    step_begin(p, now_ns, effects);
    enum err err = pool_add(&p->pool, request);
    if (err == ERR_LIMIT && make_room(p, blob_bytes(request)))
        err = pool_add(&p->pool, request);
    if (err == ERR_OK)
        err = normal_requested(p);
    normal_run(p);
    return err == ERR_DUPLICATE ? ERR_OK : err;
}

void pbft_expect(struct pbft *p, int64_t now_ns, bool expecting, struct effects *effects)
{
    ASSERT(p->started);
    step_begin(p, now_ns, effects);
    normal_expect(p, expecting);
    normal_run(p);
}

void pbft_poke(struct pbft *p, int64_t now_ns, struct effects *effects)
{
    ASSERT(p->started);
    step_begin(p, now_ns, effects);
    MUTATE(POKE_IS_NO_OCCASION, (void)0, executions_occasion(p));
    normal_run(p);
}

void pbft_undo(struct pbft *p)
{
    ASSERT(p->started);
    executions_undo(p);
}

void pbft_hold(struct pbft *p, int64_t now_ns, bool held, struct effects *effects)
{
    ASSERT(p->started);
    if (p->held == held)
        return;
    p->held = held;
    step_begin(p, now_ns, effects);
    normal_run(p);
}

void pbft_advance(struct pbft *p, int64_t now_ns, uint64_t sequence, const struct pbft_result *block,
                  struct effects *effects)
{
    ASSERT(p->started);
    if (sequence <= p->executions.decided)
        return;
    step_begin(p, now_ns, effects);
    executions_learn(p, sequence, block);
    MUTATE(LEARNED_KEEPS_MARKS, (void)0, pool_release(&p->pool, 0));
    MUTATE(LEARNED_SIGNS_NO_CHECKPOINT, (void)0, checkpoint_vote(p, sequence, &block->block_id));
    checkpoint_adopt(p);
    normal_run(p);
}

/* ---- looking in */

struct pbft_status pbft_status(const struct pbft *p)
{
    unsigned primary = members_primary(&p->members, p->view.number);

    return (struct pbft_status){
        .view = p->view.number,
        .in_view_change = !view_is_active(&p->view),
        .is_primary = view_is_active(&p->view) && primary == p->config.self,
        .primary = primary,
        .executed = p->executions.executed,
        .decided = p->executions.decided,
        .stable = p->checkpoints.stable.sequence,
        .known_decided = peers_known_decided(p),
        .view_changes = p->view.entered,
        .pending = p->pool.count,
        .recovering = recovery_is_on(&p->recovery),
        .listening = recovery_is_mute(p),
        .closed = p->executions.closing != 0 && p->executions.closing == p->executions.decided,
    };
}

uint64_t pbft_known_decided(const struct pbft *p)
{
    return peers_known_decided(p);
}

bool pbft_take_evidence(struct pbft *p, struct buf *first, struct buf *second, unsigned *replica)
{
    struct claim pair[2];
    int of = peers_take_evidence(p, pair);

    if (of < 0)
        return false;
    claim_encode(&p->members, &pair[0], first);
    claim_encode(&p->members, &pair[1], second);
    *replica = (unsigned)of;
    return true;
}
