/* A running node: what its machine asks for, and what it hears. */
#include "node/node.h"

#include <unistd.h>

#include "fed/messages.h"
#include "node/log.h"
#include "node/parts.h"
#include "node/protocol.h"

/* ---- the machine's steps */

void node_fail(struct node *n, enum err err)
{
    if (n->failed == ERR_OK)
        n->failed = err;
    loop_stop(n->loop);
}

/* What comes in the same pass of the loop is not heard any more. */
static void follow_protocol(struct node *n)
{
    enum err err = n->failed == ERR_OK ? protocol_check(fed_state(n->fed), &n->diag) : ERR_OK;

    if (err != ERR_OK)
        node_fail(n, err);
}

static void carry(struct node *n)
{
    outbox_carry(&n->outbox, &n->effects);
    contacts_follow(&n->contacts);
    follow_protocol(n);
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
    if (n->failed != ERR_OK)
        return n->failed;
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
    if (n->visit.folder != NULL) {
        visit_leave(n, e->blob);
        return;
    }
    if ((unsigned)e->to >= s->member_count || e->to == fed_member(n->fed))
        return;
    /* what does not go out is sent again by the machine */
    (void)transport_send(n->contacts.transport, &state_member(s, (unsigned)e->to)->fingerprint,
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
    sinking_wake(n->sinking, epoch);
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

const struct outbox_actions node_asks = {
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

void node_timer_rings(void *context)
{
    struct node_timer *t = context;
    struct fed_event event = {.kind = FED_EVENT_TIMER, .timer = t->number};

    gauges_timer_stop(&t->node->gauges, t->number);
    (void)step(t->node, &event);
}

/* Writes are told one by one: what waits for one of them may depend on which came behind it (driver/outbox.h). */
void node_store_has_news(void *context, uint32_t events)
{
    struct node *n = context;
    uint64_t durable = n->outbox.durable;
    enum err err = store_finished(n->store, &durable, &n->diag);

    (void)events;
    while (n->outbox.durable < durable) {
        gauges_durable(&n->gauges, n->outbox.durable + 1, loop_now(n->loop));
        outbox_durable(&n->outbox, n->outbox.durable + 1);
    }
    if (n->control != NULL)
        control_durable(n->control, n->outbox.durable);
    if (err != ERR_OK) {
        node_fail(n, err);
        return;
    }
    while (n->failed == ERR_OK && n->told < n->outbox.durable) { /* a machine that has failed takes no step */
        struct fed_event event = {.kind = FED_EVENT_DURABLE, .number = n->outbox.durable};

        n->told = n->outbox.durable;
        err = step(n, &event);
        ASSERT(err == ERR_OK);
    }
}

void node_job_done(void *context, struct work *w)
{
    struct node *n = context;
    struct fed_event event = work_event(w);

    gauges_job_done(&n->gauges);
    averaged_keep(w->averaged, &n->replicates);
    (void)step(n, &event);
    work_free(w);
}

enum err node_hear(struct node *n, unsigned from, struct blob *blob)
{
    struct fed_event event = {.kind = FED_EVENT_MESSAGE, .from = from, .blob = blob};

    n->messages++;
    enum err err = step(n, &event);
    if (err != ERR_OK) {
        n->refused++;
        log_line(LOG_DEBUG, "refused", "message=%s from=%s reason=\"%s\"", message_name(blob_bytes(blob)),
                 state_member(fed_state(n->fed), from)->card.name, err_text(err));
    }
    return err;
}

static void message_came(void *context, const struct digest *peer, struct blob *blob)
{
    struct node *n = context;
    int member = state_find(fed_state(n->fed), peer);

    if (member >= 0) /* it was one when it came */
        (void)node_hear(n, (unsigned)member, blob);
}

static void peer_connected(void *context, const struct digest *peer)
{
    struct node *n = context;

    contacts_connected(&n->contacts);
    log_line(LOG_INFO, "connected", "peer=%s", contacts_name(&n->contacts, peer));
}

static void peer_disconnected(void *context, const struct digest *peer, const char *why)
{
    const struct node *n = context;

    log_line(LOG_INFO, "disconnected", "peer=%s reason=\"%s\"", contacts_name(&n->contacts, peer), why);
}

static void peer_refused(void *context, const struct digest *peer, const char *why)
{
    struct node *n = context;

    gauges_refused(&n->gauges, why);
    log_line(LOG_WARNING, "refused", "peer=%s reason=\"%s\"", peer != NULL ? contacts_name(&n->contacts, peer) : "?",
             why);
    contacts_refused(&n->contacts, peer);
}

static bool peer_allowed(void *context, const struct digest *fingerprint)
{
    const struct node *n = context;

    return state_find(fed_state(n->fed), fingerprint) >= 0;
}

const struct transport_actions node_hears = {
    .message = message_came,
    .connected = peer_connected,
    .disconnected = peer_disconnected,
    .allowed = peer_allowed,
    .refused = peer_refused,
};

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
    contacts_follow(&n->contacts);
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
    contacts_free(&n->contacts);
    programs_stop(n->site.programs); /* nobody waits for a long run, nor for a queue */
    jobs_free(n->jobs);
    fed_free(n->fed);
    trace_file_close(n->trace);
    effects_free(&n->effects);
    outbox_fini(&n->outbox);
    if (n->loop != NULL && n->store != NULL)
        loop_unwatch(n->loop, &n->durable);
    store_close(n->store);
    sinking_stop(n->sinking); /* it reads what is durable now */
    if (n->signals.fd >= 0)
        close(n->signals.fd);
    loop_free(n->loop);
    replicates_free(&n->replicates);
    site_close(&n->site);
    scenario_fini(&n->scenario);
    buf_free(&n->genesis);
    mem_free(n);
}
