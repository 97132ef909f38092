#include "sim/node.h"

#include <inttypes.h>

#include "base/dmath.h"
#include "sim/liar.h"
#include "sim/rehearsal.h"

enum { PPM = 1000000 };

/* A cycle's or a score's least time: the program starts and reads its instances. The longer it is, the more of the
 * sites' work can run beside each other on real processors before a result is needed. */
static const int64_t work_setup_ns = 100000000;

static const int64_t liar_looks_again_ns = 50000000;

/* speed 1.0: a thousand iterations a millisecond */
static const double iteration_ns = 1000.0;

void node_init(struct sim_node *n, struct rehearsal *r, unsigned index)
{
    const struct scenario_node *s = &r->scenario->nodes[index];
    struct prng prng;

    *n = (struct sim_node){.index = index, .member = -1, .name = s->card.name, .speed = s->speed, .slow_ppm = PPM};
    key_simulated(r->options.seed, n->name, &n->key);
    prng_stream(&prng, r->options.seed, "node", index);
    n->draws = prng_next(&prng);
    disk_init(&n->disk, r->options.room);
}

static void queue_clear(struct sim_node *n)
{
    for (size_t i = n->head; i < n->count; i++) {
        blob_drop(n->queue[i].effect.blob);
        work_free(n->queue[i].work);
    }
    n->head = 0;
    n->count = 0;
}

void node_fini(struct sim_node *n)
{
    fed_free(n->fed);
    effects_free(&n->effects);
    queue_clear(n);
    mem_free(n->queue);
    disk_fini(&n->disk);
    mem_free(n->kept);
    key_wipe(&n->key);
    key_wipe(&n->next_key);
}

/* A real node draws it. */
static struct digest start_nonce(const struct sim_node *n)
{
    uint8_t bytes[16];

    be64_put(bytes, n->draws);
    be64_put(bytes + 8, n->life);
    return digest_of(bytes_of(bytes, sizeof bytes));
}

static void node_config(const struct sim_node *n, const struct rehearsal *r, struct fed_config *out)
{
    const struct scenario *s = r->scenario;

    *out = (struct fed_config){
        .self = (unsigned)n->member,
        .key = n->key,
        .next_key = n->next_key,
        .seed = n->draws,
        .view_timeout_ns = (int64_t)s->view_timeout_ns,
        .view_timeout_max_ns = 16 * (int64_t)s->view_timeout_ns,
        .batch_delay_ns = s->batch_delay_ns,
        .resend_ns = (int64_t)s->view_timeout_ns / 3,
        .submit_ns = s->submit_ns,
        .submit_max_ns = s->submit_max_ns,
        .poll_ns = s->submit_ns,
        .pipeline = 4,
        .checkpoint_interval = 16,
        .window = 64,
        .last_epoch = r->last_epoch,
        .verify_cache = r->verdicts,
        .recovering = n->recovering,
        .nonce = start_nonce(n),
        .sequence_floor = n->recovering ? (uint64_t)r->now_ns / 1000 : 0,
    };
}

const struct secret_key *node_key(const struct sim_node *n)
{
    bool rotated = n->up && !digest_is_zero(&n->next_key.fingerprint) &&
                   state_find(fed_state(n->fed), &n->next_key.fingerprint) >= 0;
    return rotated ? &n->next_key : &n->key;
}

enum err node_start(struct sim_node *n, struct rehearsal *r, struct diag *diag)
{
    struct fed_event event = {.kind = FED_EVENT_START};
    struct fed_config config;
    enum err err;

    ASSERT(!n->up && n->member >= 0);
    node_config(n, r, &config);
    err = fed_new(bytes_of_buf(&r->genesis), &config, &n->disk.ledger, &n->fed, diag);
    key_wipe(&config.key);
    key_wipe(&config.next_key);
    if (err != ERR_OK)
        return err;
    for (size_t i = 0; i < n->disk.count; i++) {
        err = fed_restore(n->fed, blob_bytes(n->disk.records[i].blob));
        if (err != ERR_OK) {
            fed_free(n->fed);
            n->fed = NULL;
            return diag_set(diag, err, "%s: record %zu of its own is refused: %s", n->name, i, err_text(err));
        }
    }
    err = fed_restored(n->fed);
    if (err != ERR_OK) {
        fed_free(n->fed);
        n->fed = NULL;
        return diag_set(diag, err, "%s: some of its own records are lost", n->name);
    }
    n->up = true;
    n->life++;
    n->height = 0; /* what it comes back with is looked at like any other block */
    n->durable_ns = r->now_ns;
    r->ended_unknown = true;
    node_step(n, r, &event);
    return ERR_OK;
}

void node_stop(struct sim_node *n, struct rehearsal *r)
{
    ASSERT(n->up);
    n->up = false;
    n->life++;
    fed_free(n->fed);
    n->fed = NULL;
    queue_clear(n);
    disk_crash(&n->disk, r->now_ns);
    r->ended_unknown = true;
}

/* ---- effects */

static void plan_own(const struct sim_node *n, struct rehearsal *r, int64_t at_ns, struct happening *h)
{
    h->node = n->index;
    h->life = n->life;
    rehearsal_plan(r, at_ns, h);
}

static void send_one(struct sim_node *n, struct rehearsal *r, unsigned member, struct blob *blob, struct blob *forged)
{
    unsigned to;

    if (member >= r->members || (int)member == n->member)
        return;
    to = r->node_of[member];
    rehearsal_send(r, n, to, forged != NULL && member % 2 == 1 ? forged : blob);
}

static void send(struct sim_node *n, struct rehearsal *r, int32_t to, struct blob *blob)
{
    const struct federation_state *s = fed_state(n->fed);
    struct blob *forged;

    if (liar_withholds(n->lie, blob_bytes(blob)))
        return;
    if (!n->lied)
        check_signing(&r->checkers, n, blob_bytes(blob), r->now_ns);
    forged = liar_double(n->lie, node_key(n), blob_bytes(blob));
    if (to >= 0)
        send_one(n, r, (unsigned)to, blob, forged);
    for (unsigned member = 0; to < 0 && member < s->member_count; member++) {
        if (to == PEER_OTHERS || state_replica(s, member) >= 0)
            send_one(n, r, member, blob, forged);
    }
    blob_drop(forged);
}

static void timer_set(struct sim_node *n, struct rehearsal *r, uint32_t timer, int64_t at_ns)
{
    ASSERT(timer < FED_TIMER_END);
    plan_own(n, r, at_ns > r->now_ns ? at_ns : r->now_ns,
             &(struct happening){.kind = HAPPEN_TIMER, .timer = timer, .arming = ++n->armed[timer]});
}

static void work_begin(struct sim_node *n, struct rehearsal *r, struct work *w)
{
    if (w->hidden) {
        plan_own(n, r, r->now_ns, &(struct happening){.kind = HAPPEN_WORK_DONE, .work = w});
        return;
    }
    w->memo = memo_new(r->options.journal, r->jobs++);
    for (unsigned i = 0; i < w->job.instance_count; i++)
        w->job.instances[i] = memo_instance(w->memo, w->job.instances[i]);
    if (!memo_is_dropped(w->memo))
        workers_submit(r->workers, w);
    plan_own(n, r, r->now_ns + work_setup_ns, &(struct happening){.kind = HAPPEN_WORK_DUE, .work = w});
}

static void perform(struct sim_node *n, struct rehearsal *r, struct waiting *w)
{
    const struct effect *e = &w->effect;

    switch (e->kind) {
    case EFFECT_PERSIST:
        disk_put_record(&n->disk, e->number, e->blob);
        break;
    case EFFECT_INSTALL:
        disk_put_snapshot(&n->disk, e->number, e->blob);
        break;
    case EFFECT_APPEND:
        disk_put_block(&n->disk, e->number, blob_bytes(e->blob));
        break;
    case EFFECT_FORGET:
        disk_forget(&n->disk, e->number);
        break;
    case EFFECT_SEND:
        send(n, r, e->to, e->blob);
        break;
    case EFFECT_TIMER_SET:
        timer_set(n, r, e->timer, e->at_ns);
        break;
    case EFFECT_TIMER_STOP:
        n->armed[e->timer]++;
        break;
    case EFFECT_CYCLE:
    case EFFECT_SCORE:
    case EFFECT_RECOUNT:
        work_begin(n, r, w->work);
        break;
    case EFFECT_ANCHOR:
        trace_line(r->trace, r->now_ns, n->name, "anchor epoch %" PRIu64, e->number);
        break;
    case EFFECT_RECOVERED:
        n->recovering = false;
        rehearsal_faults_changed(r);
        break;
    case EFFECT_NOTE:
        trace_line(r->trace, r->now_ns, n->name, "%s %" PRIu64 " %" PRIu64, e->name, e->number, e->other);
        break;
    }
}

/* ---- whose instances a job has */

static const struct instance *own_of(void *context, const struct member *member, unsigned *count)
{
    const struct rehearsal *r = context;
    const struct sim_node *n = &r->nodes[scenario_find_node(r->scenario, member->card.name)];

    *count = n->workload->count;
    return n->workload->instances;
}

static const struct instance *disclosed_of(void *context, const struct member *member, unsigned *count)
{
    const struct rehearsal *r = context;
    int node = scenario_find_node(r->scenario, member->card.name);

    return scenario_discloses(r->scenario, (unsigned)node) ? own_of(context, member, count) : NULL;
}

static const struct instance *shard_of(void *context, unsigned shard)
{
    const struct rehearsal *r = context;

    return &r->shards[shard];
}

static const struct instance *disclosed_shard_of(void *context, unsigned shard)
{
    const struct rehearsal *r = context;

    return r->scenario->shared.program == NULL ? &r->shards[shard] : NULL;
}

/* false: it is a claim about work that is not disclosed. */
static bool job_capture(const struct sim_node *n, const struct rehearsal *r, const struct effect *e,
                        struct cycle_job *job)
{
    void *context = (void *)(uintptr_t)r;
    const struct claim_work own = {context, own_of, shard_of};
    const struct claim_work disclosed = {context, disclosed_of, disclosed_shard_of};
    struct claim_shards shards;
    unsigned member = fed_job(n->fed, e->kind, e->number, job, &shards);

    job->schema = scenario_schema(r->scenario); /* the machine's own goes with it when the node crashes */
    return claim_instances(e->kind == EFFECT_RECOUNT ? &disclosed : &own, &fed_state(n->fed)->members[member], &shards,
                           job);
}

/* What the machine asks for, as it stands at the end of the step that asks. */
static struct work *work_capture(const struct sim_node *n, const struct rehearsal *r, const struct effect *e)
{
    const struct candidate *candidates = NULL;
    unsigned count = 1;
    struct work *w;

    switch (e->kind) {
    case EFFECT_CYCLE:
        w = work_new(WORK_CYCLE, e->number, 0);
        break;
    case EFFECT_SCORE:
        candidates = fed_candidates(n->fed, &count);
        w = work_new(WORK_SCORE, e->number, count);
        for (unsigned i = 0; i < count; i++)
            w->candidates[i] = candidates[i].genome;
        break;
    case EFFECT_RECOUNT:
        w = work_new(WORK_RECOUNT, e->number, 1);
        w->candidates[0] = fed_claim(n->fed, e->number)->genome;
        w->claimed = fed_claim(n->fed, e->number)->cost;
        break;
    default:
        return NULL;
    }
    w->hidden = !job_capture(n, r, e, &w->job);
    ASSERT(!w->hidden || w->kind == WORK_RECOUNT);
    return w;
}

/* ---- the queue */

static void enqueue(struct sim_node *n, struct rehearsal *r, struct effect *e)
{
    struct waiting w = {.effect = *e, .work = work_capture(n, r, e)};

    if (e->kind == EFFECT_PERSIST || e->kind == EFFECT_APPEND || e->kind == EFFECT_INSTALL)
        n->durable_ns = disk_sync_ns(&n->disk, r->now_ns, r->scenario->disk_ns);
    w.ready_ns = n->durable_ns > r->now_ns ? n->durable_ns : r->now_ns;
#ifdef MUTANT_SIM_SENDS_EARLY
    if (e->kind == EFFECT_SEND)
        send(n, r, e->to, e->blob);
#endif
    if (w.ready_ns > r->now_ns && (n->count == n->head || n->queue[n->count - 1].ready_ns < w.ready_ns))
        plan_own(n, r, w.ready_ns, &(struct happening){.kind = HAPPEN_DURABLE});
    if (n->count == n->cap) {
        n->cap = n->cap > 0 ? 2 * n->cap : 64;
        n->queue = mem_resize(n->queue, n->cap, sizeof *n->queue);
    }
    n->queue[n->count++] = w;
    e->blob = NULL; /* the holding has moved */
}

void node_flush(struct sim_node *n, struct rehearsal *r)
{
    while (n->head < n->count && n->queue[n->head].ready_ns <= r->now_ns) {
        struct waiting w = n->queue[n->head++];

        perform(n, r, &w);
        blob_drop(w.effect.blob);
    }
    if (n->head == n->count) {
        n->head = 0;
        n->count = 0;
    }
}

void node_step(struct sim_node *n, struct rehearsal *r, struct fed_event *event)
{
    enum err err;

    ASSERT(n->up);
    event->now_ns = r->now_ns;
    effects_clear(&n->effects);
    err = fed_step(n->fed, event, &n->effects);
    r->steps++;
    if (err != ERR_OK)
        trace_line(r->trace, r->now_ns, n->name, "refused: %s", err_text(err));
    for (size_t i = 0; i < n->effects.count; i++)
        enqueue(n, r, &n->effects.items[i]);
    node_flush(n, r);
    rehearsal_observe(r, n);
}

/* ---- work */

void node_work_due(struct sim_node *n, struct rehearsal *r, struct work *w)
{
    int64_t takes_ns;

    if (!memo_is_dropped(w->memo))
        workers_wait(r->workers, w);
    memo_taken(w->memo);
    if (memo_is_dropped(w->memo)) {
        work_free(w); /* the run ends here: its journal says why */
        return;
    }
    takes_ns = dmath_muldiv((int64_t)((double)w->iterations * iteration_ns / n->speed), n->slow_ppm, PPM);
    plan_own(n, r, r->now_ns + takes_ns, &(struct happening){.kind = HAPPEN_WORK_DONE, .work = w});
}

/* A liar who repeats others looks again from time to time, and comes out with something of its own while it is still
 * early enough to count. */
static bool holds_back(const struct sim_node *n, struct rehearsal *r, struct work *w)
{
    const struct federation_state *s = fed_state(n->fed);
    struct liar liar = {.lie = n->lie, .state = s, .self = (unsigned)n->member};
    bool scoring = w->kind == WORK_SCORE;
    uint64_t deadline_ns = scoring ? s->policy.score_deadline_ns : s->policy.collect_deadline_ns;

    if (w->kind == WORK_RECOUNT || s->epoch != w->number || !liar_waits(&liar, scoring) ||
        w->held_back_ns >= (int64_t)deadline_ns / 4)
        return false;
    w->held_back_ns += liar_looks_again_ns;
    plan_own(n, r, r->now_ns + liar_looks_again_ns, &(struct happening){.kind = HAPPEN_WORK_DONE, .work = w});
    return true;
}

static void lie_about(struct sim_node *n, const struct rehearsal *r, struct work *w)
{
    bool is_friend[MEMBERS_MAX] = {false};
    struct liar liar = {n->lie, fed_state(n->fed), (unsigned)n->member, is_friend, &n->kept};

    for (unsigned i = 0; i < r->scenario->node_count; i++) {
        if (r->nodes[i].lie == n->lie && r->nodes[i].member >= 0)
            is_friend[r->nodes[i].member] = true;
    }
    if (w->kind == WORK_RECOUNT)
        w->hidden = !liar_recount(n->lie, w->claimed, !w->hidden, w->costs);
    else if (w->kind == WORK_SCORE)
        liar_costs(&liar, w->costs, w->candidate_count);
    else
        liar_claims(&liar, &w->result);
}

void node_work_done(struct sim_node *n, struct rehearsal *r, struct work *w)
{
    static const char *const names[] = {[WORK_CYCLE] = "cycle", [WORK_SCORE] = "score", [WORK_RECOUNT] = "recount"};
    struct fed_event event = {.epoch = w->number, .number = w->number};

    if (holds_back(n, r, w))
        return;
    r->iterations += w->iterations;
    r->evaluations += w->kind == WORK_CYCLE ? w->result.evaluations : w->hidden ? 0 : w->candidate_count;
    lie_about(n, r, w);
    if (w->kind == WORK_CYCLE) {
        event.kind = FED_EVENT_CYCLE_DONE;
        event.cycle = &w->result;
    } else {
        event.kind = w->kind == WORK_SCORE ? FED_EVENT_SCORE_DONE : FED_EVENT_RECOUNT_DONE;
        event.costs = w->hidden ? NULL : w->costs;
        event.count = w->candidate_count;
    }
    trace_line(r->trace, r->now_ns, n->name, "work %s %s %" PRIu64 " iterations %" PRIu64, names[w->kind],
               w->kind == WORK_RECOUNT ? "number" : "epoch", w->number, w->iterations);
    node_step(n, r, &event);
    work_free(w);
}
