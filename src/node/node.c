/* One node's life: from its files to a running machine, and what the machine asks for. */
#define _GNU_SOURCE

#include "node/node.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/pool.h"
#include "crypto/key_file.h"
#include "fed/messages.h"
#include "node/log.h"
#include "node/parts.h"
#include "node/store_check.h"

#include <sodium.h>

enum { PROGRAM_SIZE_MAX = 256 << 20 };

/* ---- the machine's steps */

void node_fail(struct node *n, enum err err)
{
    if (n->failed == ERR_OK)
        n->failed = err;
    loop_stop(n->loop);
}

static void tell_transport(struct node *n);

static void carry(struct node *n)
{
    outbox_carry(&n->outbox, &n->effects);
    tell_transport(n);
}

/* A trace with a gap is worth nothing: it ends where it cannot be written. */
static void trace_step(struct node *n, const struct fed_event *event, enum err err)
{
    struct digest effects = trace_effects(&n->effects);

    if (trace_file_step(n->trace, fed_state(n->fed)->schema, event, err, &effects) == ERR_OK)
        return;
    log_line(LOG_ERROR, "trace", "file=%s reason=\"it cannot be written, and ends here\"", n->config->trace);
    trace_file_close(n->trace);
    n->trace = NULL;
}

static enum err step(struct node *n, struct fed_event *event)
{
    event->now_ns = loop_now(n->loop);
    enum err err = fed_step(n->fed, event, &n->effects);
    if (n->trace != NULL)
        trace_step(n, event, err);
    carry(n);
    return err;
}

/* ---- what it asks for */

static void write_down(struct node *n, enum store_kind kind, uint64_t serial, uint64_t number, struct blob *blob)
{
    gauges_asked(&n->gauges, serial, loop_now(n->loop));
    store_write(n->store, kind, serial, number, blob);
}

static void do_persist(void *context, uint64_t serial, uint64_t number, struct blob *record)
{
    write_down(context, STORE_RECORD, serial, number, record);
}

static void do_append(void *context, uint64_t serial, uint64_t height, struct blob *block)
{
    write_down(context, STORE_BLOCK, serial, height, block);
}

static void do_snapshot(void *context, uint64_t serial, uint64_t height, struct blob *snapshot)
{
    write_down(context, STORE_SNAPSHOT, serial, height, snapshot);
}

static void do_forget(void *context, uint64_t number)
{
    struct node *n = context;

    store_forget(n->store, n->outbox.durable, number);
}

static void do_send(void *context, const struct effect *e)
{
    static const enum transport_stream streams[] = {[MESSAGE_CONSENSUS] = TRANSPORT_CONSENSUS,
                                                    [MESSAGE_ENTRIES] = TRANSPORT_ENTRIES,
                                                    [MESSAGE_BULK] = TRANSPORT_BULK};
    struct node *n = context;
    const struct federation_state *s = fed_state(n->fed);

    ASSERT(e->to >= 0);
    if ((unsigned)e->to >= s->member_count || e->to == fed_member(n->fed))
        return;
    /* what does not go out is sent again by the machine */
    (void)transport_send(n->transport, &state_member(s, (unsigned)e->to)->fingerprint,
                         streams[message_purpose(blob_bytes(e->blob))], e->blob);
}

static void do_timer_set(void *context, uint32_t timer, int64_t at_ns)
{
    struct node *n = context;

    ASSERT(timer < FED_TIMER_END);
    gauges_timer_set(&n->gauges, timer, at_ns, loop_now(n->loop));
    loop_timer_set(n->loop, &n->timers[timer].timer, at_ns);
}

static void do_timer_stop(void *context, uint32_t timer)
{
    struct node *n = context;

    ASSERT(timer < FED_TIMER_END);
    gauges_timer_stop(&n->gauges, timer);
    loop_timer_stop(n->loop, &n->timers[timer].timer);
}

static void do_job(void *context, struct effect_body *body)
{
    struct node *n = context;
    struct job *job = job_hold(job_of(body));
    const struct claim_work work = job->kind == JOB_RECOUNT ? site_disclosed(&n->site) : site_own(&n->site);
    struct work *w = work_new(job);

    w->hidden = !job_instances(job, &work);
    ASSERT(!w->hidden || job->kind == JOB_RECOUNT);
    w->averaged = averaged_new(&n->replicates, job);
    job->cycle.pool = jobs_pool(n->jobs);
    work_initial(job, &n->site.works[n->index], n->scenario.epoch_start);
    jobs_submit(n->jobs, w);
}

static void do_anchor(void *context, uint64_t epoch, struct effect_body *body)
{
    struct node *n = context;
    const struct epoch_outcome *outcome = fed_outcome_of(body);

    gauges_epoch_ended(&n->gauges, outcome->anchored);
    log_line(LOG_INFO, "epoch", "epoch=%llu anchored=%d participants=%u", (unsigned long long)epoch,
             (int)outcome->anchored, outcome->update_count);
}

static void do_recovered(void *context)
{
    struct node *n = context;

    n->recovering = false;
    enum err err = store_flag_set(n->store, STORE_RECOVERING, 0, &n->diag);
    if (err != ERR_OK)
        node_fail(n, err);
    log_line(LOG_INFO, "recovered", "height=%llu", (unsigned long long)fed_state(n->fed)->height);
}

static void do_note(void *context, const char *name, uint64_t number, uint64_t other)
{
    (void)context;
    log_line(LOG_DEBUG, name, "number=%llu other=%llu", (unsigned long long)number, (unsigned long long)other);
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

/* ---- what happens to it */

static void timer_rings(void *context)
{
    struct node_timer *t = context;
    struct fed_event event = {.kind = FED_EVENT_TIMER, .timer = t->number};

    gauges_timer_stop(&t->node->gauges, t->number);
    (void)step(t->node, &event);
}

/* Writes are told one by one: what waits for one of them may depend on which came behind it (driver/outbox.h). */
static void store_has_news(void *context, uint32_t events)
{
    struct node *n = context;
    uint64_t durable = n->outbox.durable;
    enum err err = store_finished(n->store, &durable, &n->diag);

    (void)events;
    while (n->outbox.durable < durable) {
        gauges_durable(&n->gauges, n->outbox.durable + 1, loop_now(n->loop));
        outbox_durable(&n->outbox, n->outbox.durable + 1);
    }
    if (err != ERR_OK) {
        node_fail(n, err);
        return;
    }
    while (n->told < n->outbox.durable) {
        struct fed_event event = {.kind = FED_EVENT_DURABLE, .number = n->outbox.durable};

        n->told = n->outbox.durable;
        err = step(n, &event);
        ASSERT(err == ERR_OK);
    }
}

static void job_done(void *context, struct work *w)
{
    struct node *n = context;
    struct fed_event event = work_event(w);

    gauges_job_done(&n->gauges);
    averaged_keep(w->averaged, &n->replicates);
    (void)step(n, &event);
    work_free(w);
}

static void message_came(void *context, const struct digest *peer, struct blob *blob)
{
    struct node *n = context;
    int member = state_find(fed_state(n->fed), peer);
    struct fed_event event = {.kind = FED_EVENT_MESSAGE, .from = (unsigned)member, .blob = blob};

    if (member < 0)
        return; /* it was one when it came */
    n->messages++;
    enum err err = step(n, &event);
    if (err != ERR_OK) {
        n->refused++;
        log_line(LOG_DEBUG, "refused", "message=%s from=%s reason=\"%s\"", message_name(blob_bytes(blob)),
                 state_member(fed_state(n->fed), (unsigned)member)->card.name, err_text(err));
    }
}

static const char *name_of(const struct node *n, const struct digest *peer)
{
    int member = state_find(fed_state(n->fed), peer);

    return member >= 0 ? state_member(fed_state(n->fed), (unsigned)member)->card.name : "?";
}

static void peer_connected(void *context, const struct digest *peer)
{
    ((struct node *)context)->refusals = 0;
    log_line(LOG_INFO, "connected", "peer=%s", name_of(context, peer));
}

static void peer_disconnected(void *context, const struct digest *peer, const char *why)
{
    log_line(LOG_INFO, "disconnected", "peer=%s reason=\"%s\"", name_of(context, peer), why);
}

static void peer_refused(void *context, const struct digest *peer, const char *why)
{
    struct node *n = context;

    gauges_refused(&n->gauges, why);
    log_line(LOG_WARNING, "refused", "peer=%s reason=\"%s\"", peer != NULL ? name_of(n, peer) : "?", why);
    if (peer == NULL || digest_is_zero(&n->next_key.fingerprint) || ++n->refusals < fed_state(n->fed)->member_count)
        return;
    /* they may have agreed on the rotation while this node was away: it must show the other key to hear of that */
    n->refusals = 0;
    n->shows_next_key = !n->shows_next_key;
    loop_after(n->loop, &n->rekeyed);
}

static bool peer_allowed(void *context, const struct digest *fingerprint)
{
    const struct node *n = context;

    return state_find(fed_state(n->fed), fingerprint) >= 0;
}

static const struct transport_actions transport_actions = {
    .message = message_came,
    .connected = peer_connected,
    .disconnected = peer_disconnected,
    .allowed = peer_allowed,
    .refused = peer_refused,
};

/* ---- whom it knows */

/* The log has another key of this node's than the one that it is known by: from now on it is known by that one. */
static bool takes_next_key(struct node *n)
{
    if (digest_is_zero(&n->next_key.fingerprint) || state_find(fed_state(n->fed), &n->next_key.fingerprint) < 0)
        return false;
    key_wipe(&n->key);
    n->key = n->next_key;
    key_wipe(&n->next_key);
    n->shows_next_key = false;
    log_line(LOG_INFO, "rotated", "key=%s", n->config->next_key);
    return true;
}

/* The configuration says it, or else the list that came with the genesis document. */
static const char *address_of(const struct node *n, const char *name)
{
    const char *address = node_config_address(n->config, name);
    const struct members_row *row = address == NULL ? members_find(&n->addresses, name) : NULL;

    return row != NULL && row->address[0] != '\0' ? row->address : address;
}

/* Where the members are, as often as these change: addresses are the configuration's, keys those of the log. */
static void tell_transport(struct node *n)
{
    const struct federation_state *s = fed_state(n->fed);

    if (n->transport == NULL || (s->member_count == n->members && s->membership_epoch + 1 == n->membership))
        return;
    n->members = s->member_count;
    n->membership = s->membership_epoch + 1; /* 0: never told */
    if (takes_next_key(n)) {
        loop_after(n->loop, &n->rekeyed); /* connections are not ended in the middle of a message */
        return;
    }
    for (unsigned i = 0; i < s->member_count; i++) {
        const struct member *m = state_member(s, i);
        const char *address = address_of(n, m->card.name);

        if (address != NULL && (int)i != fed_member(n->fed))
            transport_peer(n->transport, &m->fingerprint, address);
    }
    transport_members_changed(n->transport);
}

/* ---- how it begins */

static enum err read_files(struct node *n, struct diag *diag)
{
    const struct node_config *c = n->config;
    int index;
    enum err err = scenario_load(c->scenario, &n->scenario, diag);

    if (err != ERR_OK)
        return err;
    index = scenario_find_node(&n->scenario, c->node);
    if (index < 0)
        return diag_set(diag, ERR_UNKNOWN, "%s: there is no node \"%s\"", c->scenario, c->node);
    n->index = (unsigned)index;
    err = file_read(c->genesis, GENESIS_SIZE_MAX, &n->genesis, diag);
    if (err != ERR_OK)
        return err;
    n->federation_id = digest_of(bytes_of_buf(&n->genesis));
    if (c->members != NULL)
        err = members_load(c->members, &n->addresses, diag);
    if (err == ERR_OK)
        err = key_file_read_secret(c->key, c->passphrase, &n->key, diag);
    if (err == ERR_OK && c->next_key != NULL)
        err = key_file_read_secret(c->next_key, c->passphrase, &n->next_key, diag);
    return err == ERR_OK ? site_open(&n->scenario, n->index, n->scenario.seed, &n->site, diag) : err;
}

/* A store that is not there and was there once means that the disk was lost. */
static enum err open_store(struct node *n, struct diag *diag)
{
    uint64_t recovering = 0;
    enum err err = store_open(n->config->store, &n->federation_id, false, &n->store, diag);

    if (err != ERR_OK)
        return err;
    if (store_is_new(n->store))
        log_line(LOG_WARNING, "recovering", "store=%s reason=\"it was not there; the others are asked first\"",
                 n->config->store);
    store_keep(n->store, n->config->keep_blocks);
    err = store_flag(n->store, STORE_RECOVERING, &recovering, diag);
    n->recovering = recovering != 0;
    return err;
}

static uint64_t microseconds(void)
{
    struct timespec t = {0};

    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* The seed of a real node's draws is a secret of its own; that of a rehearsal on real processes is the scenario's. */
static uint64_t draws_of(const struct node *n)
{
    struct secret_key simulated;
    bool is_simulated;
    struct digest d;

    key_simulated(n->scenario.seed, n->config->node, &simulated);
    is_simulated = digest_equal(&simulated.fingerprint, &n->key.fingerprint);
    key_wipe(&simulated);
    if (is_simulated)
        return scenario_draws(n->scenario.seed, n->index);
    key_derive(&n->key, "prismfed-draws-v1", &d);
    return be64_get(d.b);
}

struct restoring {
    struct node *node;
    struct trace_life *life;
};

static enum err restore_record(void *context, struct bytes record)
{
    struct restoring *r = context;
    struct trace_life *life = r->life;

    if (r->node->trace != NULL) {
        life->records = mem_resize(life->records, life->record_count + 1, sizeof(struct blob *));
        life->records[life->record_count++] = blob_new(record);
    }
    return fed_restore(r->node->fed, record);
}

static enum err restore(struct node *n, struct trace_life *life, struct diag *diag)
{
    struct restoring context = {n, life};
    enum err err = store_records(n->store, restore_record, &context, diag);

    if (err != ERR_OK)
        return diag_prefix(diag, err, "%s", n->config->store);
    err = fed_restored(n->fed);
    if (err != ERR_OK)
        return diag_set(diag, err, "%s: some of the node's own records are lost", n->config->store);
    life->height = fed_state(n->fed)->height;
    return n->trace == NULL || trace_file_life(n->trace, life) == ERR_OK
               ? ERR_OK
               : diag_set(diag, ERR_IO, "%s: the trace cannot be written", n->config->trace);
}

static enum err open_machine(struct node *n, struct diag *diag)
{
    struct fed_config config = {
        .key = n->key,
        .next_key = n->next_key,
        .seed = draws_of(n),
        .last_epoch = n->config->last_epoch,
        .partial_ledger = n->config->keep_blocks > 0,
        .recovering = n->recovering,
        .sequence_floor = n->recovering ? microseconds() : 0,
    };
    enum err err;

    randombytes_buf(config.nonce.b, sizeof config.nonce.b);
    scenario_machine(&n->scenario, &config);
    err = fed_new(bytes_of_buf(&n->genesis), &config, store_ledger(n->store), &n->fed, diag);
    key_wipe(&config.key);
    key_wipe(&config.next_key);
    if (err != ERR_OK)
        return err;
    struct trace_life life = {n->federation_id, n->key.fingerprint, .config = config};
    err = restore(n, &life, diag);
    trace_life_fini(&life);
    if (err != ERR_OK)
        return err;
    if (fed_member(n->fed) < 0)
        log_line(LOG_WARNING, "stranger",
                 "key=%s reason=\"it is no member's yet; the node waits until the log has it\"", n->config->key);
    (void)takes_next_key(n);
    err = site_check(&n->site, fed_state(n->fed),
                     fed_member(n->fed) >= 0 ? state_member(fed_state(n->fed), (unsigned)fed_member(n->fed)) : NULL,
                     diag);
    return err == ERR_OK ? ERR_OK : diag_prefix(diag, err, "%s", n->config->scenario);
}

/* What this node runs, for its evidence: the bytes of the program. Zero where they cannot be read. */
static struct digest software_of_self(void)
{
    struct buf program = {0};
    struct digest d = {{0}};

    if (file_read("/proc/self/exe", PROGRAM_SIZE_MAX, &program, NULL) == ERR_OK)
        d = digest_of(bytes_of_buf(&program));
    buf_free(&program);
    return d;
}

static enum err open_transport(struct node *n, struct diag *diag)
{
    const struct transport_config config = {
        .loop = n->loop,
        .key = n->shows_next_key ? &n->next_key : &n->key,
        .listen = n->config->listen[0] != '\0' ? n->config->listen : NULL,
        .federation_id = n->federation_id,
        .software = software_of_self(),
        .actions = &transport_actions,
        .context = n,
    };

    return transport_new(&config, &n->transport, diag);
}

/* All connections anew, with the key that the others know now. */
static void rekey(void *context)
{
    struct node *n = context;
    enum err err;

    transport_free(n->transport);
    n->transport = NULL;
    err = open_transport(n, &n->diag);
    if (err != ERR_OK) {
        node_fail(n, err);
        return;
    }
    n->membership = 0;
    tell_transport(n);
}

static enum err open_network(struct node *n, struct diag *diag)
{
    enum err err = open_transport(n, diag);

    n->rekeyed = (struct loop_task){.run = rekey, .context = n};
    if (err == ERR_OK && n->config->control != NULL)
        err = control_new(n->loop, n->config->control, node_answer, n, &n->control, diag);
    if (err == ERR_OK)
        err = operations_open(n, diag);
    return err;
}

static void told_to_stop(void *context, uint32_t events)
{
    (void)events;
    loop_stop(((struct node *)context)->loop);
}

static enum err open_loop(struct node *n, struct diag *diag)
{
    unsigned threads = pool_threads(n->config->threads);
    enum err err = loop_new(&n->loop, diag);

    if (err != ERR_OK)
        return err;
    for (uint32_t i = 0; i < FED_TIMER_END; i++)
        n->timers[i] = (struct node_timer){{.rings = timer_rings, .context = &n->timers[i]}, n, i};
    n->signals = (struct loop_watch){told_to_stop, n, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    if (n->signals.fd < 0)
        return diag_set(diag, ERR_IO, "eventfd: %s", strerror(errno));
    n->durable = (struct loop_watch){store_has_news, n, store_fd(n->store)};
    err = loop_watch(n->loop, &n->signals, EPOLLIN);
    if (err == ERR_OK)
        err = loop_watch(n->loop, &n->durable, EPOLLIN);
    if (err != ERR_OK)
        return diag_set(diag, err, "epoll: %s", strerror(errno));
    return jobs_new(n->loop, threads, job_done, n, &n->jobs, diag);
}

enum err node_create(const struct node_config *config, struct diag *diag)
{
    struct node *n = mem_alloc(sizeof *n);
    enum err err;

    n->config = config;
    n->signals.fd = -1;
    outbox_init(&n->outbox, &actions, n);
    err = read_files(n, diag);
    gauges_init(&n->gauges, (int64_t)n->scenario.view_timeout_ns);
    if (err == ERR_OK)
        err = store_open(config->store, &n->federation_id, true, &n->store, diag);
    if (err == ERR_OK && !store_is_new(n->store))
        err = diag_set(diag, ERR_STATE, "%s: there is one already; prismfed node run goes on with it", config->store);
    node_close(n);
    return err;
}

enum err node_open(const struct node_config *config, struct node **out, struct diag *diag)
{
    struct node *n = mem_alloc(sizeof *n);
    enum err err;

    n->config = config;
    n->signals.fd = -1;
    outbox_init(&n->outbox, &actions, n);
    err = read_files(n, diag);
    if (err == ERR_OK)
        err = open_store(n, diag);
    if (err == ERR_OK && config->trace != NULL)
        err = trace_file_open(config->trace, &n->trace, diag);
    if (err == ERR_OK)
        err = open_machine(n, diag);
    if (err == ERR_OK)
        err = open_loop(n, diag);
    if (err == ERR_OK)
        err = open_network(n, diag);
    if (err != ERR_OK) {
        node_close(n);
        store_advise(config->store, diag);
        return err;
    }
    *out = n;
    return ERR_OK;
}

/* ---- what its operator wants */

enum err node_leave(struct node *n)
{
    struct fed_event event = {.kind = FED_EVENT_LEAVE};

    return step(n, &event);
}

enum err node_sign_off(struct node *n, struct bytes body)
{
    struct blob *blob = blob_new(body);
    struct fed_event event = {.kind = FED_EVENT_SIGN_OFF, .blob = blob};
    enum err err = step(n, &event);

    blob_drop(blob);
    return err;
}

/* ---- how it runs and ends */

enum err node_run(struct node *n, struct diag *diag)
{
    struct fed_event event = {.kind = FED_EVENT_START};
    enum err err;

    log_line(LOG_INFO, "started", "node=%s height=%llu epoch=%llu", n->config->node,
             (unsigned long long)fed_state(n->fed)->height, (unsigned long long)fed_state(n->fed)->epoch);
    (void)step(n, &event);
    tell_transport(n);
    err = n->failed == ERR_OK ? loop_run(n->loop, &n->diag) : ERR_OK;
    if (n->failed != ERR_OK)
        err = n->failed;
    if (err != ERR_OK)
        *diag = n->diag;
    log_line(err == ERR_OK ? LOG_INFO : LOG_ERROR, "stopped", "node=%s reason=\"%s\"", n->config->node,
             err == ERR_OK ? "it was told to" : n->diag.text);
    return err;
}

void node_stop(struct node *n)
{
    uint64_t one = 1;
    ssize_t ignored = write(n->signals.fd, &one, sizeof one);

    (void)ignored; /* it was told already */
}

void node_close(struct node *n)
{
    if (n == NULL)
        return;
    http_free(n->http);
    control_free(n->control);
    transport_free(n->transport);
    jobs_free(n->jobs);
    fed_free(n->fed);
    trace_file_close(n->trace);
    effects_free(&n->effects);
    outbox_fini(&n->outbox);
    if (n->loop != NULL && n->store != NULL)
        loop_unwatch(n->loop, &n->durable);
    store_close(n->store);
    if (n->signals.fd >= 0)
        close(n->signals.fd);
    loop_free(n->loop);
    replicates_free(&n->replicates);
    site_close(&n->site);
    scenario_fini(&n->scenario);
    members_fini(&n->addresses);
    buf_free(&n->genesis);
    key_wipe(&n->key);
    key_wipe(&n->next_key);
    mem_free(n);
}
