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
    unsigned n = p->members.n;

    p->ring = (unsigned)(p->config.window + p->config.checkpoint_interval);
    p->slots = mem_array(p->ring, sizeof p->slots[0]);
    p->votes = mem_array((size_t)p->ring * n, 2 * sizeof p->votes[0]);
    for (unsigned i = 0; i < p->ring; i++) {
        p->slots[i].prepares = &p->votes[(size_t)2 * i * n];
        p->slots[i].commits = &p->votes[((size_t)2 * i + 1) * n];
    }
    p->checkpoints_kept = (unsigned)(p->config.window / p->config.checkpoint_interval) + CHECKPOINTS_SPARE;
    p->peers = mem_array(n, sizeof p->peers[0]);
    p->marks = mem_array((size_t)n * p->checkpoints_kept, sizeof p->marks[0]);
    for (unsigned i = 0; i < n; i++)
        p->peers[i].checkpoints = &p->marks[(size_t)i * p->checkpoints_kept];
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
    p->base = p->stable = (struct stable){sequence, *block_id, NULL};
    p->decided = p->executed = sequence;
    p->decided_id = *block_id;
    p->active = true;
    p->recovering = config->recovering;
    p->occasion = 1;
    p->timeout_ns = config->view_timeout_ns;
    return p;
}

void pbft_free(struct pbft *p)
{
    if (p == NULL)
        return;
    for (unsigned i = 0; i < p->ring; i++)
        slot_clear(&p->slots[i], p->members.n);
    for (unsigned i = 0; i < p->members.n; i++)
        blob_drop(p->peers[i].view_change);
    for (size_t i = 0; i < p->record_count; i++)
        blob_drop(p->records[i]);
    blob_drop(p->stable.signatures);
    blob_drop(p->proven.signatures);
    blob_drop(p->new_view);
    blob_drop(p->short_view);
    pool_fini(&p->pool);
    mem_free(p->records);
    mem_free(p->filed);
    mem_free(p->slots);
    mem_free(p->votes);
    mem_free(p->marks);
    mem_free(p->peers);
    mem_free(p->own_forms);
    buf_free(&p->record);
    key_wipe(&p->config.key);
    mem_free(p);
}

void pbft_begin_at(struct pbft *p, uint64_t sequence, const struct digest *block_id)
{
    ASSERT(!p->started && !p->restored && sequence <= p->decided);
    p->base = p->stable = (struct stable){sequence, *block_id, NULL};
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
    p->progress = false;
}

void pbft_start(struct pbft *p, int64_t now_ns, struct effects *effects)
{
    ASSERT(!p->started);
    step_begin(p, now_ns, effects);
    records_apply(p);
    p->started = true;
    if (!p->restored) {
        record_snapshot(p);
        if (MUTATE(OLD_EPOCH_KEPT, false, p->base.sequence > 0))
            effects_forget(p->out, p->base.sequence);
    }
    MUTATE(CHECKPOINT_NOT_SIGNED_AGAIN, (void)0, checkpoint_vote_again(p));
    resend_all(p);
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
    [MESSAGE_PRE_PREPARE] = receive_pre_prepare,
    [MESSAGE_PREPARE] = receive_prepare,
    [MESSAGE_COMMIT] = receive_commit,
    [MESSAGE_CHECKPOINT] = receive_checkpoint,
    [MESSAGE_VIEW_CHANGE] = receive_view_change,
    [MESSAGE_NEW_VIEW] = receive_new_view,
    [MESSAGE_FETCH] = receive_fetch,
    [MESSAGE_BATCH] = receive_batch,
    [MESSAGE_STATUS] = receive_status,
    [MESSAGE_STABLE] = receive_stable,
    [MESSAGE_QUERY] = receive_query,
    [MESSAGE_REPORT] = receive_report,
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
    if (timer > PBFT_TIMER_RESEND || !p->timers[timer].armed)
        return;
    step_begin(p, now_ns, effects);
    if (MUTATE(TIMER_BEFORE_ITS_TIME, false, now_ns < p->timers[timer].at_ns)) {
        effects_timer_set(effects, timer, p->timers[timer].at_ns);
        p->out = NULL;
        return;
    }
    p->timers[timer].armed = false;
    if (timer == PBFT_TIMER_VIEW && p->view < VIEW_MAX)
        view_change_start(p, (MUTATE(LEAVES_BELOW_FLOOR, true, p->view > p->floor) ? p->view : p->floor) + 1);
    else if (timer == PBFT_TIMER_BATCH)
        p->batch_due = true;
    else if (timer == PBFT_TIMER_RESEND)
        resend_all(p);
    p->fruitless += timer == PBFT_TIMER_RESEND;
    normal_run(p);
}

/* The pool is full: what can be proposed takes the place of the youngest that cannot yet. Else a client could shut out
 * all others with requests whose time never comes. */
static bool make_room(struct pbft *p, struct bytes request)
{
    if (MUTATE(PBFT_POOL_NO_ROOM, true, request_judge(p, request) != ERR_OK))
        return false;
    for (int32_t at = p->pool.last; at >= 0; at = p->pool.entries[at].previous) {
        const struct pool_entry *e = &p->pool.entries[at];
        if (e->sequence != 0 || request_judge(p, blob_bytes(e->request)) == ERR_OK)
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
    if (err == ERR_OK && p->pool_asked == p->occasion && !p->pool_ready) {
        /* The others were asked already. */
        err = request_judge(p, blob_bytes(request));
        p->pool_ready = err == ERR_OK;
        p->pool_oldest = p->pool.entries[p->pool.last].digest;
        if (refused_for_good(p, err))
            pool_drop(&p->pool, p->pool.last);
        else
            err = ERR_OK;
    }
    normal_run(p);
    return err == ERR_DUPLICATE ? ERR_OK : err;
}

void pbft_expect(struct pbft *p, int64_t now_ns, bool expecting, struct effects *effects)
{
    ASSERT(p->started);
    step_begin(p, now_ns, effects);
    p->expecting = expecting;
    normal_run(p);
}

void pbft_poke(struct pbft *p, int64_t now_ns, struct effects *effects)
{
    ASSERT(p->started);
    step_begin(p, now_ns, effects);
    p->occasion += MUTATE(POKE_IS_NO_OCCASION, 0, 1);
    normal_run(p);
}

void pbft_undo(struct pbft *p)
{
    ASSERT(p->started);
    normal_undo(p);
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
    const struct digest *block_id = &block->block_id;

    ASSERT(p->started);
    if (sequence <= p->decided)
        return;
    step_begin(p, now_ns, effects);
    uint64_t last = MUTATE(LEARNED_KEEPS_SPECULATION, sequence, p->executed);
    for (uint64_t n = p->decided + 1; n <= sequence || n <= last; n++) {
        struct slot *s = log_find(p, n);
        if (s == NULL && n > p->executed)
            break;
        if (s != NULL)
            s->has_block = false;
    }
    struct slot *s = log_slot(p, sequence);
    if (s != NULL) {
        s->has_block = true;
        s->block_id = *block_id;
        MUTATE(LEARNED_NOT_RECORDED, (void)0, record_decided(p, sequence, block_id));
    }
    p->decided = sequence;
    p->executed = MUTATE(LEARNED_KEEPS_EXECUTED, p->executed > sequence ? p->executed : sequence, sequence);
    p->decided_id = *block_id;
    p->diverged = MUTATE(LEARNED_STAYS_DIVERGED, p->diverged, false);
    closing_set(p, block->closes);
    if (p->closing != 0)
        effects_note(p->out, "pbft.closed", sequence, p->view);
    p->progress = true;
    p->occasion++;
    MUTATE(LEARNED_KEEPS_MARKS, (void)0, pool_release(&p->pool, 0));
    MUTATE(LEARNED_SIGNS_NO_CHECKPOINT, (void)0, checkpoint_vote(p, sequence, block_id));
    checkpoint_adopt(p);
    normal_run(p);
}

/* ---- looking in */

struct pbft_status pbft_status(const struct pbft *p)
{
    unsigned primary = members_primary(&p->members, p->view);

    return (struct pbft_status){
        .view = p->view,
        .in_view_change = !p->active,
        .is_primary = p->active && primary == p->config.self,
        .primary = primary,
        .executed = p->executed,
        .decided = p->decided,
        .stable = p->stable.sequence,
        .known_decided = known_decided(p),
        .view_changes = p->views_entered,
        .pending = p->pool.count,
        .recovering = p->recovering,
        .listening = is_mute(p),
        .closed = p->closing != 0 && p->closing == p->decided,
    };
}

uint64_t pbft_known_decided(const struct pbft *p)
{
    return known_decided(p);
}

bool pbft_take_evidence(struct pbft *p, struct buf *first, struct buf *second, unsigned *replica)
{
    for (unsigned i = 0; p->evidence_count > 0 && i < p->members.n; i++) {
        struct claim *pair = p->peers[i].evidence;
        if (pair[0].says.type == 0)
            continue;
        claim_encode(&p->members, &pair[0], first);
        claim_encode(&p->members, &pair[1], second);
        *replica = i;
        memset(pair, 0, sizeof p->peers[i].evidence);
        p->evidence_count--;
        return true;
    }
    return false;
}
