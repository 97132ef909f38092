#include "federation.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fed/messages.h"

/* What the agenda has of the federation's own: finished work, and what the test does at a time. */
enum federation_event { EVENT_CYCLE = EVENT_OWN, EVENT_SCORE, EVENT_RECOUNT, EVENT_ACT };

struct own {
    uint64_t number;            /* of the job */
    struct cycle_result *cycle; /* owned, like costs */
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

static struct own *push(struct federation *f, int64_t at_ns, enum federation_event kind, unsigned node)
{
    struct own *own = mem_alloc(sizeof *own);

    hosts_add(&f->hosts, at_ns, (int)kind, node)->own = own;
    return own;
}

static void drop(struct event *e)
{
    struct own *own = e->own;

    mem_free(own->cycle);
    mem_free(own->costs);
    mem_free(own);
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
        .work = claim_work_digest(f->nodes[node].work.instances, f->nodes[node].work.count),
    };

    snprintf(m.name, sizeof m.name, "node-%u", node);
    snprintf(m.region, sizeof m.region, "region-%u", node);
    return m;
}

static void make_genesis(struct federation *f)
{
    const struct federation_options *o = &f->options;
    struct genesis *g = mem_alloc(sizeof *g);
    struct buf shards = {0};

    for (unsigned i = 0; i < o->shards; i++)
        buf_add(&shards, f->shards[i].hash.b, DIGEST_SIZE);
    g->shards = bytes_of_buf(&shards);
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
    g->members = mem_array(g->member_count, sizeof g->members[0]);
    for (unsigned i = 0; i < g->member_count; i++)
        g->members[i] = federation_card(f, i);
    genesis_encode(g, &f->genesis);
    buf_free(&shards);
    genesis_fini(g);
    mem_free(g);
}

static const struct host_runs runs;

void federation_init(struct federation *f, const struct federation_options *options)
{
    struct workload_spec spec = {.family = "queen", .instances = 1, .size_min = 4, .size_max = 5};
    struct diag diag = {{0}};

    *f = (struct federation){.options = *options, .trace_node = -1};
    f->count = options->validators + options->participants + options->newcomers;
    ASSERT(f->count <= NODES_MAX);
    key_library_init();
    f->verify_cache = verify_cache_new(1 << 14);
    hosts_init(&f->hosts, f->count, &runs, options->seed);
    hosts_set_traits(&f->hosts, &(struct link_traits){
                                    .latency_ns = options->delay_min_ns,
                                    .jitter_ns = options->delay_max_ns - options->delay_min_ns,
                                    .loss_ppm = options->loss_permille * (PPM / 1000),
                                    .duplicate_ppm = options->duplicate_permille * (PPM / 1000),
                                });
    for (unsigned i = 0; i < f->count; i++) {
        char name[16];
        snprintf(name, sizeof name, "node-%u", i);
        key_simulated(options->seed, name, &f->nodes[i].key);
    }
    for (unsigned i = 0; i < f->count; i++) {
        struct node *n = &f->nodes[i];
        char label[16];
        snprintf(label, sizeof label, "work-%u", i);
        host_init(&f->hosts, i, &n->host);
        n->federation = f;
        n->index = i;
        n->cycle_ns = 100 * MILLISECOND;
        enum err err = workload_build(&spec, options->seed, label, &n->work, &diag);
        ASSERT(err == ERR_OK);
    }
    spec = (struct workload_spec){.family = "random", .instances = options->shards, .size_min = 20, .size_max = 24};
    for (unsigned i = 0; i < options->shards; i++) {
        enum err err = workload_build_shard(&spec, options->seed, i, &f->shards[i], &diag);
        ASSERT(err == ERR_OK);
    }
    make_genesis(f);
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
    push(f, at_ns, EVENT_ACT, node)->act = act;
}

/* One byte changed, or an end cut off. */
static void send_garbled(struct federation *f, unsigned to, const struct blob *message)
{
    struct buf bytes = {0};
    size_t at = prng_below(&f->hosts.prng, message->len);

    buf_add(&bytes, message->data, message->len);
    bytes.data[at] ^= (uint8_t)(1 + prng_below(&f->hosts.prng, 255));
    if (prng_below(&f->hosts.prng, 8) == 0)
        bytes.len = at;
    struct event *e = hosts_add(&f->hosts, federation_now(f) + f->options.delay_max_ns, EVENT_MESSAGE, to);
    e->from = (unsigned)prng_below(&f->hosts.prng, f->count);
    e->blob = blob_new(bytes_of_buf(&bytes));
    buf_free(&bytes);
}

void federation_send(struct federation *f, unsigned from, unsigned to, struct blob *message)
{
    f->messages++;
    if (f->watch != NULL)
        f->watch(f, from, to, blob_bytes(message));
    if (host_send(&f->nodes[from].host, to, message) == NETWORK_SENT &&
        prng_below(&f->hosts.prng, 1000) < f->options.garble_permille)
        send_garbled(f, to, message);
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
    for (unsigned i = 0; i < n->host.disk.count; i++) {
        struct digest record = record_entry_id(blob_bytes(n->host.disk.records[i].blob));
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
    struct own *own =
        push(f, federation_now(f) + n->cycle_ns + (int64_t)result->iterations * MILLISECOND, EVENT_CYCLE, n->index);
    own->number = job->number;
    own->cycle = result;
}

static void do_score(struct node *n, struct job *job)
{
    struct federation *f = n->federation;
    unsigned count = job->candidate_count;
    uint64_t *costs = mem_array(count, sizeof *costs);
    uint64_t iterations = cycle_score(&job->cycle, job->candidates, count, costs);

    for (unsigned i = 0; n->inverts && i < count; i++)
        costs[i] = costs[i] < 1000000 ? 1000000 - costs[i] : 0;
    struct own *own =
        push(f, federation_now(f) + 50 * MILLISECOND + (int64_t)iterations * MILLISECOND / 10, EVENT_SCORE, n->index);
    own->number = job->number;
    own->costs = costs;
    own->count = count;
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
    struct own *own = push(f, federation_now(f) + 50 * MILLISECOND, EVENT_RECOUNT, n->index);
    uint64_t cost;

    own->number = job->number;
    if (n->slanders)
        cost = job->claimed + 1;
    else if (!is_hidden(f, &job->site))
        (void)cycle_score(&job->cycle, job->candidates, 1, &cost);
    else
        return;
    n->recounts++;
    own->costs = mem_array(1, sizeof *own->costs);
    own->costs[0] = cost;
    own->count = 1;
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

/* ---- the rest */

static void do_append(void *context, uint64_t serial, uint64_t height, struct blob *block)
{
    struct node *n = context;

    (void)serial;
    check_block(n->federation, n->index, height, block);
}

static void do_snapshot(void *context, uint64_t serial, uint64_t height, struct blob *bytes)
{
    struct node *n = context;

    (void)serial, (void)bytes;
    n->installs += height > n->host.disk.blocks.top; /* else it is an own one */
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
    n->anchored_ns = federation_now(n->federation);
}

static void do_recovered(void *context)
{
    struct node *n = context;

    n->recovering = false;
}

static void do_note(void *context, const char *name, uint64_t number, uint64_t other)
{
    struct node *n = context;
    struct federation *f = n->federation;

    if (f->noted != NULL)
        f->noted(f, n->index, name, number, other);
    if (f->trace_node == (int)n->index)
        buf_printf(&f->trace, "%s %llu %llu\n", name, (unsigned long long)number, (unsigned long long)other);
}

/* ---- steps */

enum err node_step(struct federation *f, unsigned node, struct fed_event *event)
{
    struct node *n = &f->nodes[node];
    struct effects effects = {0};

    event->now_ns = clock_now(&n->host.clock);
    enum err err = fed_step(n->fed, event, &effects);
    n->errors[err]++;
    host_settle(&n->host, &effects);
    return err;
}

static struct federation *federation_of(const struct host *h)
{
    return ((const struct node *)h)->federation; /* a host is its node's first member */
}

static void message(struct host *h, const struct event *e)
{
    (void)node_step(federation_of(h), h->index,
                    &(struct fed_event){.kind = FED_EVENT_MESSAGE, .from = e->from, .blob = e->blob});
}

static void timer(struct host *h, uint32_t number)
{
    (void)node_step(federation_of(h), h->index, &(struct fed_event){.kind = FED_EVENT_TIMER, .timer = number});
}

static void durable(struct host *h, uint64_t serial)
{
    (void)node_step(federation_of(h), h->index, &(struct fed_event){.kind = FED_EVENT_DURABLE, .number = serial});
}

static void happens(struct hosts *all, const struct event *e)
{
    const struct own *own = e->own;
    struct host *h = all->host[e->node];
    struct federation *f = federation_of(h);
    struct fed_event event = {
        .epoch = own->number, .number = own->number, .cycle = own->cycle, .costs = own->costs, .count = own->count};

    if (e->kind == EVENT_ACT)
        own->act(f, e->node);
    if (e->kind == EVENT_ACT || !h->up || e->life != h->life)
        return;
    event.kind = e->kind == EVENT_CYCLE   ? FED_EVENT_CYCLE_DONE
                 : e->kind == EVENT_SCORE ? FED_EVENT_SCORE_DONE
                                          : FED_EVENT_RECOUNT_DONE;
    (void)node_step(f, e->node, &event);
}

static void stop(struct host *h)
{
    struct node *n = (struct node *)h;

    fed_free(n->fed);
    n->fed = NULL;
}

static void died(struct host *h)
{
    const struct node *n = (const struct node *)h;

    federation_at(n->federation, federation_now(n->federation) + n->back_after_ns, node_start, n->index);
}

static const struct host_runs runs = {
    .message = message,
    .timer = timer,
    .durable = durable,
    .stop = stop,
    .died = died,
    .happens = happens,
    .drop = drop,
    .actions =
        {
            .append = do_append,
            .snapshot = do_snapshot,
            .send = do_send,
            .job = do_job,
            .anchor = do_anchor,
            .recovered = do_recovered,
            .note = do_note,
        },
};

/* ---- faults */

void node_dies_after(struct federation *f, unsigned node, size_t effects)
{
    struct host *h = &f->nodes[node].host;

    h->dies = true;
    h->dies_after = effects;
}

void node_clock(struct federation *f, unsigned node, unsigned percent)
{
    clock_change(&f->nodes[node].host.clock, 0, ((int64_t)percent - 100) * (PPM / 100));
}

void node_disk_stops(struct federation *f, unsigned node)
{
    host_disk_stops(&f->nodes[node].host, true);
}

void node_disk_goes_on(struct federation *f, unsigned node)
{
    host_disk_stops(&f->nodes[node].host, false);
}

void node_crash(struct federation *f, unsigned node)
{
    host_crash(&f->nodes[node].host);
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
        .nonce = host_nonce(&f->nodes[node].host),
        .sequence_floor = f->nodes[node].recovering ? (uint64_t)federation_now(f) / 1000 : 0,
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
    if (n->crash_spread > 0 && federation_now(f) < f->calm_ns)
        node_dies_after(f, node, 1 + prng_below(&f->hosts.prng, n->crash_spread));
    if (fed_new(bytes_of_buf(&f->genesis), &config, &n->host.disk.ledger, &n->fed, &diag) != ERR_OK) {
        breach(f, "node %u does not start: %s", node, diag.text);
        return;
    }
    for (unsigned i = 0; i < n->host.disk.count; i++) {
        if (fed_restore(n->fed, blob_bytes(n->host.disk.records[i].blob)) != ERR_OK)
            breach(f, "node %u does not take its own record %u", node, i);
    }
    if (fed_restored(n->fed) != ERR_OK)
        breach(f, "node %u misses a record of its own", node);
    n->host.up = true;
    (void)node_step(f, node, &(struct fed_event){.kind = FED_EVENT_START});
}

void node_wipe(struct federation *f, unsigned node)
{
    struct node *n = &f->nodes[node];

    if (n->fed != NULL)
        node_crash(f, node);
    disk_wipe(&n->host.disk);
    n->recovering = true;
    node_start(f, node);
}

static void cut(struct federation *f, unsigned node, bool in, bool out)
{
    for (unsigned i = 0; i < f->count; i++) {
        if (i == node)
            continue;
        hosts_cut(&f->hosts, i, node, in);
        hosts_cut(&f->hosts, node, i, out);
    }
}

void node_cut_off(struct federation *f, unsigned node)
{
    cut(f, node, true, true);
}

void node_silence(struct federation *f, unsigned node)
{
    cut(f, node, false, true);
}

void node_reconnect(struct federation *f, unsigned node)
{
    cut(f, node, false, false);
}

void node_tell(struct federation *f, unsigned node, enum fed_event_kind kind, struct blob *blob)
{
    if (f->nodes[node].fed != NULL)
        (void)node_step(f, node, &(struct fed_event){.kind = kind, .blob = blob});
}

/* ---- running */

bool federation_run(struct federation *f, int64_t until_ns)
{
    int64_t at_ns;

    while (f->breach[0] == '\0' && agenda_peek(&f->hosts.agenda, &at_ns) && at_ns <= until_ns)
        (void)hosts_step(&f->hosts);
    return !agenda_peek(&f->hosts.agenda, &at_ns);
}

void federation_fini(struct federation *f)
{
    hosts_fini(&f->hosts);
    for (unsigned i = 0; i < f->count; i++) {
        struct node *n = &f->nodes[i];
        job_drop(n->last_cycle);
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
