#include "sim/node.h"

#include <inttypes.h>

#include "base/dmath.h"
#include "base/mutate.h"
#include "sim/equivocate.h"
#include "sim/hostile.h"
#include "sim/liar.h"
#include "sim/rehearsal.h"
#include "world/start.h"

/* A cycle's or a score's least time: the program starts and reads its instances. The longer it is, the more of the
 * sites' work can run beside each other on real processors before a result is needed. */
static const int64_t work_setup_ns = 100000000;

static const int64_t liar_looks_again_ns = 50000000;

/* speed 1.0: a thousand iterations a millisecond */
static const double iteration_ns = 1000.0;

static const struct outbox_actions actions;

void sim_node_init(struct sim_node *n, struct rehearsal *r, unsigned index)
{
    const struct scenario_node *s = &r->scenario->nodes[index];

    *n = (struct sim_node){.rehearsal = r,
                           .index = index,
                           .member = -1,
                           .name = s->card.name,
                           .speed = s->speed,
                           .disk_ppm = PPM,
                           .slow_ppm = PPM};
    key_simulated(r->options.seed, n->name, &n->key);
    n->draws = scenario_draws(r->options.seed, index);
    disk_init(&n->disk, r->options.room);
    if (r->shelf != NULL)
        disk_share(&n->disk, r->shelf);
    outbox_init(&n->outbox, &actions, n);
    clock_init(&n->clock, &r->agenda, index, 0, 0);
}

void sim_node_fini(struct sim_node *n)
{
    fed_free(n->fed);
    blob_drop(n->checked);
    effects_free(&n->effects);
    outbox_fini(&n->outbox);
    disk_fini(&n->disk);
    mem_free(n->kept);
    hostile_free(n->hostile);
    replicates_free(&n->replicates);
    key_wipe(&n->key);
    key_wipe(&n->next_key);
}

static void node_config(const struct sim_node *n, const struct rehearsal *r, struct fed_config *out)
{
    *out = (struct fed_config){
        .key = n->key,
        .next_key = n->next_key,
        .seed = n->draws,
        .last_epoch = r->last_epoch,
        .verify_cache = r->verdicts,
        .executed_cache = r->states,
        .blobs = r->blobs,
        .recovering = n->recovering,
        .nonce = start_nonce(n->draws, n->life),
        .sequence_floor = n->recovering ? (uint64_t)clock_now(&n->clock) / 1000 : 0,
    };
    scenario_machine(r->scenario, out);
}

const struct secret_key *sim_node_key(const struct sim_node *n)
{
    bool rotated = n->up && !digest_is_zero(&n->next_key.fingerprint) &&
                   state_find(fed_state(n->fed), &n->next_key.fingerprint) >= 0;
    return rotated ? &n->next_key : &n->key;
}

enum err sim_node_start(struct sim_node *n, struct rehearsal *r, struct diag *diag)
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
    r->ended_unknown = true;
    sim_node_step(n, r, &event);
    return ERR_OK;
}

void sim_node_stop(struct sim_node *n, struct rehearsal *r)
{
    ASSERT(n->up);
    n->up = false;
    n->life++;
    n->paused_until_ns = 0;
    clock_timers_stop(&n->clock);
    fed_free(n->fed);
    n->fed = NULL;
    operators_crash(r, n->index, n->outbox.durable);
    outbox_reset(&n->outbox);
    n->told = 0;
    disk_crash(&n->disk, r->agenda.now_ns);
    r->ended_unknown = true;
}

/* ---- effects */

/* Ends with the node's life. */
static struct event *plan_own(const struct sim_node *n, int64_t at_ns, int kind)
{
    struct event *e = agenda_add(&n->rehearsal->agenda, at_ns, kind);

    e->node = n->index;
    e->life = n->life;
    return e;
}

static void send_one(struct sim_node *n, struct rehearsal *r, unsigned member, struct blob *blob, struct blob *forged)
{
    unsigned to;

    if (member >= r->members || (int)member == n->member)
        return;
    to = r->node_of[member];
    rehearsal_send(r, n, to, forged != NULL && member % 2 == 1 ? forged : blob);
}

/* Beside what the machine says. */
static void send_hostile(struct sim_node *n, struct rehearsal *r, const struct effect *e)
{
    if (n->hostile == NULL)
        n->hostile = hostile_new(r->options.seed, n->index);
    hostile_keep(n->hostile, e->blob);
    struct blob *message = hostile_message(n->hostile, fed_state(n->fed), (unsigned)n->member, sim_node_key(n));
    if (message == NULL)
        return;
    send_one(n, r, (unsigned)e->to, message, NULL);
    blob_drop(message);
}

/* False: what the machine says goes out. */
static bool send_otherwise(struct sim_node *n, struct rehearsal *r, const struct effect *e)
{
    const struct federation_state *s = fed_state(n->fed);
    int to = (unsigned)e->to < s->member_count ? state_replica(s, (unsigned)e->to) : -1;
    struct blob *message = to >= 0 ? equivocate(s, sim_node_key(n), (unsigned)to, blob_bytes(e->blob)) : NULL;

    if (message == NULL)
        return false;
    send_one(n, r, (unsigned)e->to, message, NULL);
    blob_drop(message);
    return true;
}

static void do_send(void *context, const struct effect *e)
{
    struct sim_node *n = context;
    struct rehearsal *r = n->rehearsal;
    struct blob *forged;

    ASSERT(e->to >= 0);
    if (liar_withholds(n->lie, blob_bytes(e->blob)))
        return;
    if (!n->lied && e->blob != n->checked) { /* a broadcast is one effect for each who gets it, in a row */
        check_signing(&r->checkers, n, blob_bytes(e->blob), r->agenda.now_ns);
        blob_drop(n->checked);
        n->checked = blob_hold(e->blob);
    }
    if (n->lie == LIE_EQUIVOCATE && send_otherwise(n, r, e))
        return;
    forged = liar_double(n->lie, sim_node_key(n), blob_bytes(e->blob));
    send_one(n, r, (unsigned)e->to, e->blob, forged);
    blob_drop(forged);
    if (n->lie == LIE_HOSTILE)
        send_hostile(n, r, e);
}

/* ---- the disk */

/* False: a write has failed. */
static bool finish_writes(struct sim_node *n)
{
    struct disk_write w;
    enum disk_result result;

    while ((result = disk_finish(&n->disk, n->rehearsal->agenda.now_ns, &w)) == DISK_DONE) {
        blob_drop(w.blob);
        outbox_durable(&n->outbox, w.serial);
        n->rehearsal->ended_unknown = true; /* its ledger may be whole now */
    }
    return result != DISK_FAILS;
}

static void begin_write(struct sim_node *n, enum disk_kind kind, uint64_t serial, uint64_t number, struct blob *blob)
{
    struct rehearsal *r = n->rehearsal;
    int64_t done_ns;
    bool opens = disk_begin(&n->disk, r->agenda.now_ns, dmath_muldiv(r->scenario->disk_ns, n->disk_ppm, PPM), kind,
                            serial, number, blob, &done_ns);

    /* a node dies of a write that fails, but not in the middle of a step */
    if ((done_ns <= r->agenda.now_ns && !finish_writes(n)) || (done_ns > r->agenda.now_ns && opens))
        plan_own(n, done_ns, EVENT_DISK);
}

static void do_persist(void *context, uint64_t serial, uint64_t number, struct blob *record)
{
    begin_write(context, DISK_RECORD, serial, number, record);
}

static void do_append(void *context, uint64_t serial, uint64_t height, struct blob *block)
{
    begin_write(context, DISK_BLOCK, serial, height, block);
}

static void do_snapshot(void *context, uint64_t serial, uint64_t height, struct blob *snapshot)
{
    begin_write(context, DISK_SNAPSHOT, serial, height, snapshot);
}

static void do_forget(void *context, uint64_t number)
{
    struct sim_node *n = context;

    disk_forget(&n->disk, number);
}

/* ---- the rest */

static void do_timer_set(void *context, uint32_t timer, int64_t at_ns)
{
    struct sim_node *n = context;

    clock_timer_set(&n->clock, timer, at_ns);
}

static void do_timer_stop(void *context, uint32_t timer)
{
    struct sim_node *n = context;

    clock_timer_stop(&n->clock, timer);
}

static void do_anchor(void *context, uint64_t epoch, struct effect_body *outcome)
{
    struct sim_node *n = context;

    (void)outcome; /* the artifacts are made from the ledger (record/history.h) */
    trace_line(n->rehearsal->trace, n->rehearsal->agenda.now_ns, n->name, "anchor epoch %" PRIu64, epoch);
}

static void do_recovered(void *context)
{
    struct sim_node *n = context;

    n->recovering = false;
    rehearsal_faults_changed(n->rehearsal);
}

static void do_note(void *context, const char *name, uint64_t number, uint64_t other)
{
    struct sim_node *n = context;

    const struct rehearsal_options *o = &n->rehearsal->options;

    trace_line(n->rehearsal->trace, n->rehearsal->agenda.now_ns, n->name, "%s %" PRIu64 " %" PRIu64, name, number,
               other);
    if (o->note != NULL)
        o->note(o->note_context, name);
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

static const char *const job_names[] = {[JOB_CYCLE] = "cycle", [JOB_SCORE] = "score", [JOB_RECOUNT] = "recount"};

static void do_job(void *context, struct effect_body *body)
{
    struct sim_node *n = context;
    struct rehearsal *r = n->rehearsal;
    struct job *job = job_hold(job_of(body));
    const struct claim_work own = {r, own_of, shard_of};
    const struct claim_work disclosed = {r, disclosed_of, disclosed_shard_of};
    struct work *w = work_new(job);

    w->hidden = !job_instances(job, job->kind == JOB_RECOUNT ? &disclosed : &own);
    ASSERT(!w->hidden || job->kind == JOB_RECOUNT);
    if (w->hidden) {
        plan_own(n, r->agenda.now_ns, HAPPEN_WORK_DONE)->own = w;
        return;
    }
    w->journalled = journalled_new(r->options.journal, r->jobs++);
    w->watch = runs_begin(r->options.runs, n->name, job_names[job->kind], job->cycle.epoch, w->journalled);
    for (unsigned i = 0; i < job->cycle.instance_count; i++)
        job->cycle.instances[i] =
            run_watch_instance(w->watch, journalled_instance(w->journalled, job->cycle.instances[i]));
    w->averaged = averaged_new(&n->replicates, job);
    job->cycle.watch = run_watch_of(w->watch);
    job->cycle.pool = r->pool;
    work_initial(job, n->workload, n->work_since > r->scenario->epoch_start ? n->work_since : r->scenario->epoch_start);
    if (!journalled_is_dropped(w->journalled))
        pool_submit(r->pool, &w->task);
    plan_own(n, r->agenda.now_ns + work_setup_ns, HAPPEN_WORK_DUE)->own = w;
}

static const struct outbox_actions actions = {
    .persist = do_persist,
    .append = do_append,
    .snapshot = do_snapshot,
    .forget = do_forget,
    .send = do_send,
    .timer_set = do_timer_set,
    .timer_stop = do_timer_stop,
    .job = do_job,
    .anchor = do_anchor,
    .recovered = do_recovered,
    .note = do_note,
};

/* One step of the machine, and what it asks for. */
static enum err step(struct sim_node *n, struct fed_event *event)
{
    event->now_ns = clock_now(&n->clock);
    enum err err = fed_step(n->fed, event, &n->effects);
    outbox_carry(&n->outbox, &n->effects);
    return err;
}

/* The machine hears what has become durable. */
static void tell_durable(struct sim_node *n)
{
    while (n->up && n->told < n->outbox.durable) {
        struct fed_event event = {.kind = FED_EVENT_DURABLE, .number = n->outbox.durable};

        n->told = n->outbox.durable;
        enum err err = step(n, &event);
        ASSERT(err == ERR_OK);
    }
}

void sim_node_flush(struct sim_node *n, struct rehearsal *r)
{
    if (!finish_writes(n)) {
        trace_line(r->trace, r->agenda.now_ns, n->name, "stops: its disk is full");
        sim_node_stop(n, r);
        rehearsal_faults_changed(r);
        return;
    }
    tell_durable(n);
    rehearsal_observe(r, n);
}

enum err sim_node_step(struct sim_node *n, struct rehearsal *r, struct fed_event *event)
{
    ASSERT(n->up);
    if (event->kind == FED_EVENT_MESSAGE && n->hostile != NULL)
        hostile_keep(n->hostile, event->blob);
    enum err err = step(n, event);
    r->steps++;
    if (err != ERR_OK)
        trace_line(r->trace, r->agenda.now_ns, n->name, "refused: %s", err_text(err));
    tell_durable(n);
    rehearsal_observe(r, n);
    return err;
}

/* ---- work */

/* How long work takes that is begun now and would usually take so long: what a slow_down leaves of it goes on at the
 * usual speed. */
static int64_t takes_ns(const struct sim_node *n, int64_t now_ns, int64_t usual_ns)
{
    int64_t slow_ns = MUTATE(SIM_SLOW_TO_THE_END, INT64_MAX, n->slow_until_ns) - now_ns;
    int64_t done_ns = dmath_muldiv(slow_ns, PPM, n->slow_ppm);

    if (n->slow_ppm == PPM)
        return usual_ns;
    return usual_ns > done_ns ? slow_ns + (usual_ns - done_ns) : dmath_muldiv(usual_ns, n->slow_ppm, PPM);
}

void sim_node_work_due(struct sim_node *n, struct rehearsal *r, struct work *w)
{
    if (!journalled_is_dropped(w->journalled))
        pool_wait(r->pool, &w->task);
    journalled_taken(w->journalled);
    if (journalled_is_dropped(w->journalled)) {
        work_free(w); /* the run ends here: its journal says why */
        return;
    }
    runs_taken(w->watch);
    int64_t usual_ns = (int64_t)((double)w->iterations * iteration_ns / n->speed), now_ns = r->agenda.now_ns;
    plan_own(n, now_ns + takes_ns(n, now_ns, usual_ns), HAPPEN_WORK_DONE)->own = w;
}

/* A liar who repeats others looks again from time to time, and comes out with something of its own while it is still
 * early enough to count. */
static bool holds_back(const struct sim_node *n, struct rehearsal *r, struct work *w)
{
    const struct federation_state *s = fed_state(n->fed);
    struct liar liar = {.lie = n->lie, .state = s, .self = (unsigned)n->member};
    bool scoring = w->job->kind == JOB_SCORE;
    uint64_t deadline_ns = scoring ? s->policy.score_deadline_ns : s->policy.collect_deadline_ns;

    if (w->job->kind == JOB_RECOUNT || s->epoch != w->job->number || !liar_waits(&liar, scoring) ||
        w->held_back_ns >= (int64_t)deadline_ns / 4)
        return false;
    w->held_back_ns += liar_looks_again_ns;
    plan_own(n, r->agenda.now_ns + liar_looks_again_ns, HAPPEN_WORK_DONE)->own = w;
    return true;
}

static void lie_about(struct sim_node *n, const struct rehearsal *r, struct work *w)
{
    bool *is_friend = mem_array(r->members, sizeof *is_friend);
    struct liar liar = {n->lie, fed_state(n->fed), (unsigned)n->member, is_friend, &n->kept};

    for (unsigned i = 0; i < r->scenario->node_count && n->lie != LIE_NONE; i++) {
        if (r->nodes[i].lie == n->lie && r->nodes[i].member >= 0)
            is_friend[r->nodes[i].member] = true;
    }
    if (w->job->kind == JOB_RECOUNT)
        w->hidden = !liar_recount(n->lie, w->job->claimed, !w->hidden, w->costs);
    else if (w->job->kind == JOB_SCORE)
        liar_costs(&liar, w->costs, w->job->candidate_count);
    else
        liar_claims(&liar, &w->result);
    mem_free(is_friend);
}

void sim_node_work_done(struct sim_node *n, struct rehearsal *r, struct work *w)
{
    struct fed_event event;

    if (holds_back(n, r, w))
        return;
    r->iterations += w->iterations;
    r->evaluations += w->job->kind == JOB_CYCLE ? w->result.evaluations : w->hidden ? 0 : w->job->candidate_count;
    averaged_keep(w->averaged, &n->replicates);
    lie_about(n, r, w);
    event = work_event(w);
    trace_line(r->trace, r->agenda.now_ns, n->name, "work %s %s %" PRIu64 " iterations %" PRIu64,
               job_names[w->job->kind], w->job->kind == JOB_RECOUNT ? "number" : "epoch", w->job->number,
               w->iterations);
    sim_node_step(n, r, &event);
    work_free(w);
}
