#include "federation.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fed/messages.h"

enum event_kind { MESSAGE, TIMER, CYCLE, SCORE, RECOUNT, FAULT };

struct event {
    enum event_kind kind;
    unsigned node, from, life;
    uint32_t timer;
    uint64_t turn, number;
    struct blob *blob;
    struct cycle_result *cycle;
    uint64_t *costs;
    unsigned count;
    fault *act;
};

static void breach(struct federation *f, const char *fmt, ...) PRINTF_LIKE(2, 3);
static void breach(struct federation *f, const char *fmt, ...)
{
    va_list args;

    if (f->breach[0] != '\0')
        return;
    va_start(args, fmt);
    vsnprintf(f->breach, sizeof f->breach, fmt, args);
    va_end(args);
}

static void event_free(struct event *e)
{
    blob_drop(e->blob);
    mem_free(e->cycle);
    mem_free(e->costs);
    mem_free(e);
}

static struct event *push(struct federation *f, int64_t at_ns, enum event_kind kind, unsigned node)
{
    struct event *e = mem_alloc(sizeof *e);

    e->kind = kind;
    e->node = node;
    e->life = f->nodes[node].life;
    heap_push(&f->queue, at_ns, e);
    return e;
}

struct federation_options federation_usual(unsigned validators, unsigned participants, uint64_t seed)
{
    unsigned faults = (validators - 1) / 3;

    return (struct federation_options){
        .validators = validators,
        .participants = participants,
        .quorum = (validators + faults + 2) / 2,
        .seed = seed,
        .last_epoch = 3,
        .delay_min_ns = 5 * MILLISECOND,
        .delay_max_ns = 40 * MILLISECOND,
        .collect_ns = 4 * SECOND,
        .score_ns = 4 * SECOND,
        .tolerance_ns = 500 * MILLISECOND,
    };
}

struct member_card federation_card(const struct federation *f, unsigned node)
{
    bool core = node < f->options.validators;
    struct member_card m = {
        .role = core ? ROLE_CORE : ROLE_EDGE,
        .site = core ? SITE_LOCAL : SITE_EDGE,
        .stake = 100,
        .key = f->nodes[node].key.public,
    };

    snprintf(m.name, sizeof m.name, "node-%u", node);
    snprintf(m.region, sizeof m.region, "region-%u", node);
    return m;
}

static void make_genesis(struct federation *f)
{
    const struct federation_options *o = &f->options;
    struct genesis *g = mem_alloc(sizeof *g);

    snprintf(g->name, sizeof g->name, "test");
    g->simulated = true;
    g->epoch_start = 1;
    g->max_byzantine = (o->validators - 1) / 3;
    g->quorum = o->quorum;
    policy_default(&g->policy);
    g->policy.collect_deadline_ns = (uint64_t)o->collect_ns;
    g->policy.score_deadline_ns = (uint64_t)o->score_ns;
    g->policy.close_tolerance_ns = (uint64_t)o->tolerance_ns;
    g->policy.min_participants = 1;
    g->policy.evaluations = 3;
    g->policy.iteration_limit = 100;
    g->policy.spot_checks = o->spot_checks;
    g->policy.checkpoint_interval = 4;
    g->policy.window = 16;
    g->policy.shards = o->shards;
    g->schema = *workload_schema();
    genome_default(&g->schema, &g->incumbent);
    g->member_count = o->validators + o->participants;
    for (unsigned i = 0; i < g->member_count; i++)
        g->members[i] = federation_card(f, i);
    genesis_encode(g, &f->genesis);
    mem_free(g);
}

static const struct outbox_actions actions;

void federation_init(struct federation *f, const struct federation_options *options)
{
    struct workload_spec spec = {.family = "queen", .instances = 1, .size_min = 4, .size_max = 5};
    struct diag diag = {{0}};

    *f = (struct federation){.options = *options, .trace_node = -1};
    f->count = options->validators + options->participants + options->newcomers;
    ASSERT(f->count <= NODES_MAX);
    key_library_init();
    f->verify_cache = verify_cache_new(1 << 14);
    prng_stream(&f->network, options->seed, "network", 0);
    for (unsigned i = 0; i < f->count; i++) {
        char name[16];
        snprintf(name, sizeof name, "node-%u", i);
        key_simulated(options->seed, name, &f->nodes[i].key);
    }
    make_genesis(f);
    for (unsigned i = 0; i < f->count; i++) {
        struct node *n = &f->nodes[i];
        char label[16];
        snprintf(label, sizeof label, "work-%u", i);
        disk_init(&n->disk, NULL);
        n->federation = f;
        n->index = i;
        outbox_init(&n->outbox, &actions, n);
        n->clock_percent = 100;
        n->cycle_ns = 100 * MILLISECOND;
        enum err err = workload_build(&spec, options->seed, label, &n->work, &diag);
        ASSERT(err == ERR_OK);
    }
    spec = (struct workload_spec){.family = "random", .instances = options->shards, .size_min = 20, .size_max = 24};
    for (unsigned i = 0; i < options->shards; i++) {
        enum err err = workload_build_shard(&spec, options->seed, i, &f->shards[i], &diag);
        ASSERT(err == ERR_OK);
    }
}

void federation_start(struct federation *f)
{
    for (unsigned i = 0; i < f->count - f->options.newcomers; i++) {
        if (!f->nodes[i].played)
            node_start(f, i);
    }
}

void federation_at(struct federation *f, int64_t at_ns, fault *act, unsigned node)
{
    push(f, at_ns, FAULT, node)->act = act;
}

/* One byte changed, or an end cut off. */
static void send_garbled(struct federation *f, unsigned to, const struct blob *message)
{
    struct buf bytes = {0};
    size_t at = prng_below(&f->network, message->len);

    buf_add(&bytes, message->data, message->len);
    bytes.data[at] ^= (uint8_t)(1 + prng_below(&f->network, 255));
    if (prng_below(&f->network, 8) == 0)
        bytes.len = at;
    struct event *e = push(f, f->now_ns + f->options.delay_max_ns, MESSAGE, to);
    e->from = (unsigned)prng_below(&f->network, f->count);
    e->blob = blob_new(bytes_of_buf(&bytes));
    buf_free(&bytes);
}

void federation_send(struct federation *f, unsigned from, unsigned to, struct blob *message)
{
    const struct federation_options *o = &f->options;
    bool lost = prng_below(&f->network, 1000) < o->loss_permille;
    unsigned copies = prng_below(&f->network, 1000) < o->duplicate_permille ? 2 : 1;

    f->messages++;
    if (f->watch != NULL)
        f->watch(f, from, to, blob_bytes(message));
    for (unsigned i = 0; i < copies && !lost && !f->nodes[from].cut_off && !f->nodes[from].mute; i++) {
        uint64_t spread = prng_below(&f->network, (uint64_t)(o->delay_max_ns - o->delay_min_ns) + 1);
        struct event *e = push(f, f->now_ns + o->delay_min_ns + (int64_t)spread, MESSAGE, to);
        e->from = from;
        e->blob = blob_hold(message);
        if (prng_below(&f->network, 1000) < o->garble_permille)
            send_garbled(f, to, message);
    }
    blob_drop(message);
}

/* ---- invariants */

static struct digest record_entry_id(struct bytes record)
{
    struct cbor_reader r;

    cbor_reader_init(&r, record);
    cbor_expect_array(&r, 2);
    uint64_t type = cbor_get_uint(&r);
    struct bytes entry = type == 32 ? cbor_get_bytes(&r) : (struct bytes){0};
    return entry.data != NULL ? envelope_id(entry) : (struct digest){{0}};
}

static bool is_durable(const struct node *n, const struct digest *id)
{
    for (unsigned i = 0; i < n->disk.count; i++) {
        struct digest record = record_entry_id(blob_bytes(n->disk.records[i].blob));
        if (digest_equal(&record, id))
            return true;
    }
    return false;
}

/* One envelope for each sequence number, durable before it leaves. */
static void check_entry_sent(struct federation *f, unsigned node, struct bytes message)
{
    struct bytes entry;
    struct envelope envelope;
    struct cose_sign1 cose;

    if (message_entry_decode(message, &entry) != ERR_OK || envelope_parse(entry, &envelope, &cose) != ERR_OK)
        return;
    struct digest id = envelope_id(entry);
    if (!is_durable(&f->nodes[node], &id))
        breach(f, "node %u sent its entry %llu before it was durable", node, (unsigned long long)envelope.sequence);
    for (unsigned i = 0; i < f->signed_count; i++) {
        const struct signed_entry *s = &f->signed_entries[i];
        if (s->node != node || s->sequence != envelope.sequence)
            continue;
        if (!digest_equal(&s->id, &id))
            breach(f, "node %u signed two entries %llu", node, (unsigned long long)envelope.sequence);
        return;
    }
    if (f->signed_count == f->signed_cap) {
        f->signed_cap = f->signed_cap > 0 ? 2 * f->signed_cap : 64;
        f->signed_entries = mem_resize(f->signed_entries, f->signed_cap, sizeof *f->signed_entries);
    }
    f->signed_entries[f->signed_count++] = (struct signed_entry){node, envelope.sequence, id};
}

static void check_block(struct federation *f, unsigned node, uint64_t height, struct blob *bytes)
{
    struct block block = {0};

    ASSERT(height < HEIGHTS_MAX);
    if (block_decode(bytes, &block) != ERR_OK || block.header.height != height) {
        breach(f, "node %u appends a block %llu that is none", node, (unsigned long long)height);
        return;
    }
    struct digest id = block_id(&block.header);
    if (height > f->top) {
        f->top = height;
        f->block_ids[height] = id;
        f->state_roots[height] = block.header.state_root;
    }
    if (!digest_equal(&f->block_ids[height], &id))
        breach(f, "node %u has another block %llu", node, (unsigned long long)height);
    block_fini(&block);
}

/* ---- effects */

static const struct instance *own_of(void *context, const struct member *member, unsigned *count)
{
    struct federation *f = context;

    for (unsigned i = 0; i < f->count; i++) {
        if (!digest_equal(&f->nodes[i].key.fingerprint, &member->fingerprint))
            continue;
        *count = f->nodes[i].work.count;
        return f->nodes[i].work.instances;
    }
    return NULL;
}

static const struct instance *shard_of(void *context, unsigned shard)
{
    struct federation *f = context;

    return &f->shards[shard];
}

static void do_cycle(struct node *n, struct job *job)
{
    struct federation *f = n->federation;
    struct cycle_result *result = mem_alloc(sizeof *result);

    job_drop(n->last_cycle);
    n->last_cycle = job_hold(job);
    cycle_run(&job->cycle, result);
    for (unsigned i = 0; n->inflates && i < result->count; i++)
        result->best[i].cost = 7 + i;
    struct event *e = push(f, f->now_ns + n->cycle_ns + (int64_t)result->iterations * MILLISECOND, CYCLE, n->index);
    e->number = job->number;
    e->cycle = result;
}

static void do_score(struct node *n, struct job *job)
{
    struct federation *f = n->federation;
    unsigned count = job->candidate_count;
    uint64_t *costs = mem_array(count, sizeof *costs);
    uint64_t iterations = cycle_score(&job->cycle, job->candidates, count, costs);

    for (unsigned i = 0; n->inverts && i < count; i++)
        costs[i] = costs[i] < 1000000 ? 1000000 - costs[i] : 0;
    struct event *e = push(f, f->now_ns + 50 * MILLISECOND + (int64_t)iterations * MILLISECOND / 10, SCORE, n->index);
    e->number = job->number;
    e->costs = costs;
    e->count = count;
}

static bool is_hidden(const struct federation *f, const struct member *site)
{
    for (unsigned i = 0; i < f->count; i++) {
        if (digest_equal(&f->nodes[i].key.fingerprint, &site->fingerprint))
            return f->nodes[i].hidden;
    }
    return false;
}

static void do_recount(struct node *n, struct job *job)
{
    struct federation *f = n->federation;
    struct event *e = push(f, f->now_ns + 50 * MILLISECOND, RECOUNT, n->index);
    uint64_t cost;

    e->number = job->number;
    if (n->slanders)
        cost = job->claimed + 1;
    else if (!is_hidden(f, &job->site))
        (void)cycle_score(&job->cycle, job->candidates, 1, &cost);
    else
        return;
    n->recounts++;
    e->costs = mem_array(1, sizeof *e->costs);
    e->costs[0] = cost;
    e->count = 1;
}

static void do_job(void *context, struct effect_body *body)
{
    struct node *n = context;
    struct job *job = job_of(body);
    struct claim_work work = {n->federation, own_of, shard_of};
    bool complete = job_instances(job, &work);

    ASSERT(complete);
    if (job->kind == JOB_CYCLE)
        do_cycle(n, job);
    else if (job->kind == JOB_SCORE)
        do_score(n, job);
    else
        do_recount(n, job);
}

static void do_send(void *context, const struct effect *e)
{
    struct node *n = context;
    struct federation *f = n->federation;

    if (!pbft_owns(blob_bytes(e->blob)))
        check_entry_sent(f, n->index, blob_bytes(e->blob));
    ASSERT(e->to >= 0);
    if ((unsigned)e->to < f->count) /* a test may let members in that have no machine */
        federation_send(f, n->index, (unsigned)e->to, blob_hold(e->blob));
}

/* ---- the disk */

/* What is durable by now. */
static void finish_writes(struct node *n)
{
    struct disk_write w;

    while (disk_finish(&n->disk, n->federation->now_ns, &w) == DISK_DONE) {
        blob_drop(w.blob);
        outbox_durable(&n->outbox, w.serial);
    }
}

static void begin_write(struct node *n, enum disk_kind kind, uint64_t serial, uint64_t number, struct blob *blob)
{
    int64_t done_ns;

    (void)disk_begin(&n->disk, n->federation->now_ns, 0, kind, serial, number, blob, &done_ns);
    finish_writes(n);
    if (outbox_in_flight(&n->outbox) > n->in_flight_max)
        n->in_flight_max = outbox_in_flight(&n->outbox);
}

static void do_persist(void *context, uint64_t serial, uint64_t number, struct blob *record)
{
    begin_write(context, DISK_RECORD, serial, number, record);
}

static void do_append(void *context, uint64_t serial, uint64_t height, struct blob *block)
{
    struct node *n = context;

    check_block(n->federation, n->index, height, block);
    begin_write(n, DISK_BLOCK, serial, height, block);
}

static void do_snapshot(void *context, uint64_t serial, uint64_t height, struct blob *snapshot)
{
    struct node *n = context;

    n->installs += height > n->disk.blocks.top; /* else it is an own one */
    begin_write(n, DISK_SNAPSHOT, serial, height, snapshot);
}

static void do_forget(void *context, uint64_t number)
{
    struct node *n = context;

    disk_forget(&n->disk, number);
}

/* ---- the rest */

/* The node's clock runs clock_percent as fast as true time. */
static int64_t node_time(const struct federation *f, const struct node *n)
{
    return f->now_ns / 100 * n->clock_percent;
}

static void do_timer_stop(void *context, uint32_t timer)
{
    struct node *n = context;

    ASSERT(timer < FED_TIMER_END);
    n->timer_turn[timer]++;
    n->timers[timer] = STOPPED;
}

static void do_timer_set(void *context, uint32_t timer, int64_t at_ns)
{
    struct node *n = context;
    struct federation *f = n->federation;
    int64_t true_ns = (at_ns / n->clock_percent + 1) * 100;

    do_timer_stop(n, timer);
    n->timers[timer] = true_ns;
    struct event *event = push(f, true_ns > f->now_ns ? true_ns : f->now_ns, TIMER, n->index);
    event->timer = timer;
    event->turn = n->timer_turn[timer];
}

static void do_anchor(void *context, uint64_t epoch, struct effect_body *outcome)
{
    struct node *n = context;
    const struct epoch_outcome *o = fed_outcome_of(outcome);

    if (o->epoch != epoch)
        breach(n->federation, "node %u anchors epoch %llu with the outcome of %llu", n->index,
               (unsigned long long)epoch, (unsigned long long)o->epoch);
    for (unsigned i = 0; i < o->update_count; i++) {
        if (o->updates[i].staleness > n->federation->most_stale[o->updates[i].member])
            n->federation->most_stale[o->updates[i].member] = o->updates[i].staleness;
    }
    n->anchors++;
    n->anchored_ns = n->federation->now_ns;
}

static void do_recovered(void *context)
{
    struct node *n = context;

    n->recovering = false;
}

static void do_note(void *context, const char *name, uint64_t number, uint64_t other)
{
    struct node *n = context;

    if (n->federation->trace_node == (int)n->index)
        buf_printf(&n->federation->trace, "%s %llu %llu\n", name, (unsigned long long)number,
                   (unsigned long long)other);
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

/* A crash may come behind any of the effects. */
static void perform_all(struct federation *f, unsigned node, struct effects *effects)
{
    struct node *n = &f->nodes[node];
    bool crashes = n->crash_after > 0 && n->crash_after <= effects->count;

    if (crashes)
        effects_cut(effects, n->crash_after);
    else if (n->crash_after > 0)
        n->crash_after -= (unsigned)effects->count;
    outbox_carry(&n->outbox, effects);
    effects_free(effects);
    if (!crashes)
        return;
    node_crash(f, node);
    federation_at(f, f->now_ns + n->back_after_ns, node_start, node);
}

/* The machine hears what has become durable. */
static void tell_durable(struct federation *f, unsigned node)
{
    struct node *n = &f->nodes[node];

    while (n->fed != NULL && n->told < n->outbox.durable) {
        struct fed_event event = {.kind = FED_EVENT_DURABLE, .now_ns = node_time(f, n), .number = n->outbox.durable};
        struct effects effects = {0};

        n->told = n->outbox.durable;
        n->errors[fed_step(n->fed, &event, &effects)]++;
        perform_all(f, node, &effects);
    }
}

void node_disk_stops(struct federation *f, unsigned node)
{
    disk_stick(&f->nodes[node].disk, true);
}

void node_disk_goes_on(struct federation *f, unsigned node)
{
    struct node *n = &f->nodes[node];

    disk_stick(&n->disk, false);
    finish_writes(n);
    tell_durable(f, node);
}

static void step(struct federation *f, unsigned node, struct fed_event *event)
{
    struct node *n = &f->nodes[node];
    struct effects effects = {0};

    event->now_ns = node_time(f, n);
    f->steps++;
    n->errors[fed_step(n->fed, event, &effects)]++;
    perform_all(f, node, &effects);
    tell_durable(f, node);
}

/* ---- faults */

void node_crash(struct federation *f, unsigned node)
{
    struct node *n = &f->nodes[node];

    fed_free(n->fed);
    n->fed = NULL;
    outbox_reset(&n->outbox);
    n->told = 0;
    disk_crash(&n->disk, f->now_ns);
    n->life++;
    n->crash_after = 0;
}

static struct digest start_nonce(const struct federation *f, unsigned node)
{
    uint8_t bytes[16];

    be64_put(bytes, node);
    be64_put(bytes + 8, f->nodes[node].life);
    return digest_of(bytes_of(bytes, sizeof bytes));
}

struct fed_config federation_config(const struct federation *f, unsigned node)
{
    return (struct fed_config){
        .key = f->nodes[node].key,
        .seed = f->options.seed + node,
        .view_timeout_ns = 1 * SECOND,
        .view_timeout_max_ns = 16 * SECOND,
        .batch_delay_ns = 20 * MILLISECOND,
        .resend_ns = 300 * MILLISECOND,
        .submit_ns = 600 * MILLISECOND,
        .submit_max_ns = 4 * SECOND,
        .poll_ns = 1 * SECOND,
        .pipeline = 4,
        .last_epoch = f->options.last_epoch,
        .verify_cache = f->verify_cache,
        .recovering = f->nodes[node].recovering,
        .nonce = start_nonce(f, node),
        .sequence_floor = f->nodes[node].recovering ? (uint64_t)f->now_ns / 1000 : 0,
    };
}

void node_start(struct federation *f, unsigned node)
{
    struct node *n = &f->nodes[node];
    struct diag diag = {{0}};
    struct fed_config config = federation_config(f, node);

    if (n->fed != NULL)
        return;
    n->restarts++;
    if (n->crash_spread > 0 && f->now_ns < f->calm_ns)
        n->crash_after = 1 + (unsigned)prng_below(&f->network, n->crash_spread);
    if (fed_new(bytes_of_buf(&f->genesis), &config, &n->disk.ledger, &n->fed, &diag) != ERR_OK) {
        breach(f, "node %u does not start: %s", node, diag.text);
        return;
    }
    for (unsigned i = 0; i < n->disk.count; i++) {
        if (fed_restore(n->fed, blob_bytes(n->disk.records[i].blob)) != ERR_OK)
            breach(f, "node %u does not take its own record %u", node, i);
    }
    if (fed_restored(n->fed) != ERR_OK)
        breach(f, "node %u misses a record of its own", node);
    for (unsigned i = 0; i < FED_TIMER_END; i++)
        n->timers[i] = STOPPED;
    step(f, node, &(struct fed_event){.kind = FED_EVENT_START});
}

void node_wipe(struct federation *f, unsigned node)
{
    struct node *n = &f->nodes[node];

    if (n->fed != NULL)
        node_crash(f, node);
    disk_wipe(&n->disk);
    n->recovering = true;
    node_start(f, node);
}

void node_cut_off(struct federation *f, unsigned node)
{
    f->nodes[node].cut_off = true;
}

void node_silence(struct federation *f, unsigned node)
{
    f->nodes[node].mute = true;
}

void node_reconnect(struct federation *f, unsigned node)
{
    f->nodes[node].mute = false;
    f->nodes[node].cut_off = false;
}

void node_tell(struct federation *f, unsigned node, enum fed_event_kind kind, struct blob *blob)
{
    if (f->nodes[node].fed != NULL)
        step(f, node, &(struct fed_event){.kind = kind, .blob = blob});
}

/* ---- running */

static void deliver(struct federation *f, struct event *e)
{
    struct node *n = &f->nodes[e->node];
    struct fed_event event = {.from = e->from,
                              .blob = e->blob,
                              .timer = e->timer,
                              .epoch = e->number,
                              .number = e->number,
                              .cycle = e->cycle,
                              .costs = e->costs,
                              .count = e->count};

    if (e->kind == FAULT) {
        e->act(f, e->node);
        return;
    }
    if (n->fed == NULL || (e->kind != MESSAGE && e->life != n->life))
        return;
    switch (e->kind) {
    case MESSAGE:
        event.kind = FED_EVENT_MESSAGE;
        if (n->cut_off)
            return;
        break;
    case TIMER:
        event.kind = FED_EVENT_TIMER;
        if (e->turn != n->timer_turn[e->timer])
            return;
        n->timers[e->timer] = STOPPED;
        break;
    case CYCLE:
        event.kind = FED_EVENT_CYCLE_DONE;
        break;
    case RECOUNT:
        event.kind = FED_EVENT_RECOUNT_DONE;
        break;
    default:
        event.kind = FED_EVENT_SCORE_DONE;
        break;
    }
    step(f, e->node, &event);
}

bool federation_run(struct federation *f, int64_t until_ns)
{
    int64_t at_ns;
    void *event;

    while (f->breach[0] == '\0' && heap_peek(&f->queue, &at_ns, &event) && at_ns <= until_ns) {
        heap_pop(&f->queue, &at_ns, &event);
        f->now_ns = at_ns > f->now_ns ? at_ns : f->now_ns;
        deliver(f, event);
        event_free(event);
    }
    return f->queue.count == 0;
}

void federation_fini(struct federation *f)
{
    int64_t at_ns;
    void *event;

    while (heap_pop(&f->queue, &at_ns, &event))
        event_free(event);
    heap_free(&f->queue);
    for (unsigned i = 0; i < f->count; i++) {
        struct node *n = &f->nodes[i];
        fed_free(n->fed);
        outbox_fini(&n->outbox);
        job_drop(n->last_cycle);
        disk_fini(&n->disk);
        workload_fini(&n->work);
    }
    for (unsigned i = 0; i < f->options.shards; i++)
        instance_fini(&f->shards[i]);
    verify_cache_free(f->verify_cache);
    buf_free(&f->genesis);
    buf_free(&f->trace);
    mem_free(f->signed_entries);
}

/* A participant that rests does not ask for what is decided after the last epoch. */
bool federation_agrees(const struct federation *f)
{
    bool agrees = federation_state(f) != NULL;

    for (unsigned i = 0; agrees && i < f->count; i++) {
        if (f->nodes[i].fed == NULL)
            continue;
        const struct federation_state *s = fed_state(f->nodes[i].fed);
        struct digest root = state_root(s);
        agrees = s->epoch > f->options.last_epoch && digest_equal(&root, &f->state_roots[s->height]) &&
                 (s->height == f->top || i >= f->options.validators);
    }
    return agrees;
}

const struct federation_state *federation_state(const struct federation *f)
{
    for (unsigned i = 0; i < f->count; i++) {
        if (f->nodes[i].fed != NULL)
            return fed_state(f->nodes[i].fed);
    }
    return NULL;
}
