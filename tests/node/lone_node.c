#include "lone_node.h"

#include <poll.h>
#include <stdio.h>

#define SECOND INT64_C(1000000000)

/* ---- the federation: without an end, or a deadline that would be met */

void lone_federation_init(struct lone_federation *f)
{
    struct genesis *g = mem_alloc(sizeof *g);
    struct federation_state *s = mem_alloc(sizeof *s);

    *f = (struct lone_federation){0};
    key_simulated(1, "lone", &f->key);
    snprintf(g->name, sizeof g->name, "lone");
    g->simulated = true;
    g->epoch_start = 1;
    g->quorum = 1;
    policy_default(&g->policy);
    g->policy.min_participants = 1;
    g->policy.evaluations = 1;
    g->policy.iteration_limit = 1;
    g->policy.migrants = 1;
    g->schema = *workload_schema();
    genome_default(&g->schema, &g->incumbent);
    g->member_count = 1;
    g->members = mem_alloc(sizeof g->members[0]);
    g->members[0] =
        (struct member_card){.name = "node", .region = "r", .role = ROLE_CORE, .stake = 1, .key = f->key.public};
    f->interval = g->policy.checkpoint_interval;
    genesis_encode(g, &f->genesis);
    genesis_fini(g);
    mem_free(g);
    ASSERT(state_genesis(bytes_of_buf(&f->genesis), s, NULL) == ERR_OK);
    f->id = s->federation_id;
    state_free(s);
    mem_free(s);
}

void lone_federation_fini(struct lone_federation *f)
{
    buf_free(&f->genesis);
    key_wipe(&f->key);
}

/* ---- what the machine asks for */

static void do_persist(void *context, uint64_t serial, uint64_t number, struct blob *record)
{
    struct lone_node *n = context;

    store_write(n->store, STORE_RECORD, serial, number, record);
}

static void do_append(void *context, uint64_t serial, uint64_t height, struct blob *block)
{
    struct lone_node *n = context;

    n->block_bytes += block->len;
    store_write(n->store, STORE_BLOCK, serial, height, block);
}

static void do_snapshot(void *context, uint64_t serial, uint64_t height, struct blob *snapshot)
{
    struct lone_node *n = context;

    n->snapshot_bytes += snapshot->len;
    store_write(n->store, STORE_SNAPSHOT, serial, height, snapshot);
}

static void do_forget(void *context, uint64_t number)
{
    struct lone_node *n = context;

    store_forget(n->store, n->outbox.durable, number);
}

static void do_timer_set(void *context, uint32_t timer, int64_t at_ns)
{
    struct lone_node *n = context;

    n->timers[timer] = at_ns > n->now_ns ? at_ns : n->now_ns;
}

static void do_timer_stop(void *context, uint32_t timer)
{
    struct lone_node *n = context;

    n->timers[timer] = 0;
}

static const struct instance *own_of(void *context, const struct member *member, unsigned *count)
{
    const struct lone_node *n = context;

    (void)member;
    *count = n->work.count;
    return n->work.instances;
}

static void do_job(void *context, struct effect_body *body)
{
    struct lone_node *n = context;
    struct claim_work work = {n, own_of, NULL};
    bool complete = job_instances(job_of(body), &work);

    ASSERT(complete && n->job == NULL);
    n->job = job_hold(job_of(body));
}

static const struct outbox_actions actions = {
    .persist = do_persist,
    .append = do_append,
    .snapshot = do_snapshot,
    .forget = do_forget,
    .timer_set = do_timer_set,
    .timer_stop = do_timer_stop,
    .job = do_job,
};

/* ---- driving it */

static void step(struct lone_node *n, struct fed_event event)
{
    event.now_ns = n->now_ns;
    enum err err = fed_step(n->fed, &event, &n->effects);
    ASSERT(err == ERR_OK);
    outbox_carry(&n->outbox, &n->effects);
}

/* Until all is durable. */
static enum err flush(struct lone_node *n, struct diag *diag)
{
    struct pollfd p = {.fd = store_fd(n->store), .events = POLLIN};

    while (outbox_in_flight(&n->outbox) > 0) {
        uint64_t durable;
        enum err err = store_finished(n->store, &durable, diag);
        if (err != ERR_OK)
            return err;
        if (durable == n->told) {
            ASSERT(poll(&p, 1, -1) == 1);
            continue;
        }
        while (n->told < durable) /* one by one: what waits for one write happens before what waits for the next */
            outbox_durable(&n->outbox, ++n->told);
        step(n, (struct fed_event){.kind = FED_EVENT_DURABLE, .number = n->told});
    }
    return ERR_OK;
}

static void answer(struct lone_node *n)
{
    struct job *job = n->job;
    struct cycle_result cycle;
    uint64_t costs[CYCLE_CANDIDATES_MAX];

    n->job = NULL;
    if (job->kind == JOB_CYCLE) {
        cycle_run(&job->cycle, &cycle);
        step(n, (struct fed_event){.kind = FED_EVENT_CYCLE_DONE, .epoch = job->cycle.epoch, .cycle = &cycle});
    } else {
        cycle_score(&job->cycle, job->candidates, job->candidate_count, costs);
        step(n, (struct fed_event){.kind = FED_EVENT_SCORE_DONE,
                                   .epoch = job->cycle.epoch,
                                   .costs = costs,
                                   .count = job->candidate_count});
    }
    job_drop(job);
}

static void expire(struct lone_node *n)
{
    unsigned first = FED_TIMER_END;

    for (unsigned i = 0; i < FED_TIMER_END; i++) {
        if (n->timers[i] > 0 && (first == FED_TIMER_END || n->timers[i] < n->timers[first]))
            first = i;
    }
    ASSERT(first < FED_TIMER_END);
    n->now_ns = n->timers[first];
    n->timers[first] = 0;
    step(n, (struct fed_event){.kind = FED_EVENT_TIMER, .timer = first});
}

uint64_t lone_node_height(const struct lone_node *n)
{
    return fed_state(n->fed)->height;
}

enum err lone_node_decide(struct lone_node *n, uint64_t height, struct diag *diag)
{
    enum err err = flush(n, diag);

    while (err == ERR_OK && lone_node_height(n) < height) {
        if (n->job != NULL)
            answer(n);
        else
            expire(n);
        err = flush(n, diag);
    }
    return err;
}

/* ---- its life */

static enum err new_machine(const struct lone_federation *f, const struct ledger_store *ledger, struct fed **out,
                            struct diag *diag)
{
    struct fed_config config = {
        .key = f->key,
        .view_timeout_ns = SECOND,
        .view_timeout_max_ns = 16 * SECOND,
        .batch_delay_ns = 1,
        .resend_ns = SECOND,
        .submit_ns = SECOND,
        .submit_max_ns = SECOND,
        .poll_ns = SECOND,
        .pipeline = 4,
        .last_epoch = UINT64_MAX,
    };

    return fed_new(bytes_of_buf(&f->genesis), &config, ledger, out, diag);
}

static enum err restore(void *context, struct bytes record)
{
    return fed_restore(context, record);
}

static enum err restore_all(struct lone_node *n, const struct lone_federation *f, bool from_blocks, struct diag *diag)
{
    n->ledger = *store_ledger(n->store);
    if (from_blocks)
        n->ledger.snapshot = NULL;
    enum err err = new_machine(f, &n->ledger, &n->fed, diag);
    if (err == ERR_OK)
        err = store_records(n->store, restore, n->fed, diag);
    return err == ERR_OK ? fed_restored(n->fed) : err;
}

static enum err start(struct lone_node *n, const struct lone_federation *f, const char *path, bool from_blocks,
                      struct diag *diag)
{
    struct workload_spec spec = {.family = "queen", .instances = 1, .size_min = 4, .size_max = 4};
    enum err err;

    *n = (struct lone_node){.now_ns = 1};
    outbox_init(&n->outbox, &actions, n);
    ASSERT(workload_build(&spec, 1, "lone", &n->work, NULL) == ERR_OK);
    err = store_open(path, &f->id, true, &n->store, diag);
    if (err == ERR_OK)
        err = restore_all(n, f, from_blocks, diag);
    if (err == ERR_OK)
        step(n, (struct fed_event){.kind = FED_EVENT_START});
    else
        lone_node_stop(n);
    return err;
}

enum err lone_node_start(struct lone_node *n, const struct lone_federation *f, const char *path, struct diag *diag)
{
    return start(n, f, path, false, diag);
}

enum err lone_node_start_from_blocks(struct lone_node *n, const struct lone_federation *f, const char *path,
                                     struct diag *diag)
{
    return start(n, f, path, true, diag);
}

void lone_node_stop(struct lone_node *n)
{
    fed_free(n->fed);
    store_close(n->store);
    job_drop(n->job);
    effects_free(&n->effects);
    outbox_fini(&n->outbox);
    workload_fini(&n->work);
    *n = (struct lone_node){0};
}
