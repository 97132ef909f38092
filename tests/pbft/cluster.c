#include "cluster_parts.h"

#include <stdio.h>
#include <string.h>

enum event_kind { EVENT_MESSAGE, EVENT_TIMER, EVENT_REQUEST, EVENT_RESTART, EVENT_CATCH_UP };

struct event {
    enum event_kind kind;
    unsigned node;
    unsigned number; /* timer, request */
    unsigned life;
    int64_t at;
    struct blob *message;
};

static void push(struct cluster *c, int64_t at, struct event event)
{
    struct event *e = mem_alloc(sizeof *e);
    *e = event;
    e->at = at;
    heap_push(&c->events, at, e);
}

/* ---- the driver */

static int64_t delay(struct cluster *c)
{
    return c->delay_min + (int64_t)prng_below(&c->prng, (uint64_t)(c->delay_max - c->delay_min + 1));
}

/* When the last byte has left: one message after the other. */
static int64_t leaves(struct cluster *c, unsigned from, unsigned to, size_t size)
{
    int64_t *link = &c->link_free[from][to];

    if (c->bandwidth == 0)
        return c->now;
    *link = (*link > c->now ? *link : c->now) + (int64_t)(size * UINT64_C(1000000000) / c->bandwidth);
    return *link;
}

static void transmit(struct cluster *c, unsigned from, unsigned to, struct blob *message)
{
    if (from == to || to >= c->n || c->cut[from][to])
        return;
    if (c->drop != NULL && c->drop(c, from, to, blob_bytes(message)))
        return;
    if (prng_below(&c->prng, 1000) < c->loss)
        return;
    struct blob *sent =
        c->nodes[from].liar && !c->nodes[from].plain ? cluster_tamper(c, from, to, message) : blob_hold(message);
    if (sent == NULL)
        return;
    unsigned copies = prng_below(&c->prng, 1000) < c->duplicate ? 2 : 1;
    for (unsigned i = 0; i < copies; i++)
        push(c, leaves(c, from, to, sent->len) + delay(c),
             (struct event){.kind = EVENT_MESSAGE, .node = to, .message = blob_hold(sent)});
    blob_drop(sent);
}

static void do_forget(void *context, uint64_t number)
{
    struct cluster_node *node = context;
    size_t kept = 0;

    for (size_t i = 0; i < node->record_count; i++) {
        if (node->records[i].number <= number)
            blob_drop(node->records[i].bytes);
        else
            node->records[kept++] = node->records[i];
    }
    node->record_count = kept;
}

static void do_persist(void *context, uint64_t serial, uint64_t number, struct blob *record)
{
    struct cluster_node *node = context;

    cluster_check_prepared(node, blob_bytes(record));
    if (node->record_count == node->record_cap) {
        node->record_cap = node->record_cap == 0 ? 16 : 2 * node->record_cap;
        node->records = mem_resize(node->records, node->record_cap, sizeof node->records[0]);
    }
    node->records[node->record_count++] = (struct cluster_record){number, blob_hold(record)};
    outbox_durable(&node->outbox, serial);
}

static void do_append(void *context, uint64_t serial, uint64_t height, struct blob *block)
{
    struct cluster_node *node = context;

    if (height != node->ledger_count + 1)
        cluster_fail(node->cluster, "%u appends %llu to %llu", node->index, (unsigned long long)height,
                     (unsigned long long)node->ledger_count);
    if (node->ledger_count == node->ledger_cap) {
        node->ledger_cap = node->ledger_cap == 0 ? 16 : 2 * node->ledger_cap;
        node->ledger = mem_resize(node->ledger, node->ledger_cap, sizeof node->ledger[0]);
    }
    node->ledger[node->ledger_count++] = blob_hold(block);
    outbox_durable(&node->outbox, serial);
}

static void do_send(void *context, const struct effect *e)
{
    struct cluster_node *node = context;
    struct cluster *c = node->cluster;

    cluster_check_sent(c, node, blob_bytes(e->blob));
    for (unsigned to = 0; to < c->n; to++) {
        if (e->to == PEER_OTHERS || e->to == (int32_t)to)
            transmit(c, node->index, to, e->blob);
    }
}

static void do_timer_set(void *context, uint32_t timer, int64_t at_ns)
{
    struct cluster_node *node = context;

    node->timer_at[timer] = at_ns;
    push(node->cluster, at_ns,
         (struct event){.kind = EVENT_TIMER, .node = node->index, .number = timer, .life = node->life});
}

static void do_timer_stop(void *context, uint32_t timer)
{
    struct cluster_node *node = context;

    node->timer_at[timer] = -1;
}

static void do_note(void *context, const char *name, uint64_t number, uint64_t other)
{
    struct cluster_node *node = context;
    struct cluster *c = node->cluster;

    (void)other;
    if (strcmp(name, "pbft.new_view") == 0) {
        c->view_changes++;
        node->views++;
    } else if (strcmp(name, "pbft.equivocation") == 0) {
        c->equivocations++;
        if (!node->liar && !c->nodes[number].liar)
            cluster_fail(c, "%u convicts %llu, which is correct", node->index, (unsigned long long)number);
    } else if (strcmp(name, "pbft.recovered") == 0) {
        node->wiped = false;
    } else if (strcmp(name, "pbft.stable") == 0) {
        c->stables++;
    } else if (strcmp(name, "pbft.divergence") == 0 && node->errs_at > 0) {
        return;
    } else if (strcmp(name, "pbft.divergence") == 0 || strcmp(name, "pbft.bad_record") == 0) {
        cluster_fail(c, "%u: %s at %llu", node->index, name, (unsigned long long)number);
    }
}

static void seen(void *context, const struct effect *e)
{
    struct cluster_node *node = context;
    struct cluster *c = node->cluster;
    uint8_t head[4] = {(uint8_t)node->index, (uint8_t)e->kind, (uint8_t)e->to, (uint8_t)e->timer};
    uint8_t numbers[16];
    struct digest_context d;

    be64_put(numbers, e->number);
    be64_put(numbers + 8, (uint64_t)e->at_ns);
    digest_init(&d);
    digest_add(&d, c->trace.b, DIGEST_SIZE);
    digest_add(&d, head, sizeof head);
    digest_add(&d, numbers, sizeof numbers);
    if (e->blob != NULL)
        digest_add(&d, e->blob->data, e->blob->len);
    c->trace = digest_final(&d);
    if (c->watch != NULL)
        c->watch(c, node->index, 0, e);
}

const struct outbox_actions cluster_actions = {
    .persist = do_persist,
    .append = do_append,
    .forget = do_forget,
    .send = do_send,
    .timer_set = do_timer_set,
    .timer_stop = do_timer_stop,
    .note = do_note,
    .seen = seen,
};

/* A crash may come between any two of the effects. */
void cluster_settle(struct cluster *c, unsigned index, struct effects *effects)
{
    struct cluster_node *node = &c->nodes[index];
    size_t survive = effects->count;

    if (c->crash > 0 && effects->count > 0 && prng_below(&c->prng, 100000) < c->crash)
        survive = prng_below(&c->prng, effects->count + 1);
    bool crashed = survive < effects->count;
    effects_cut(effects, survive);
    outbox_carry(&node->outbox, effects);
    effects_free(effects);
    if (crashed) {
        cluster_crash(c, node->index);
        push(c, c->now + 10 * delay(c), (struct event){.kind = EVENT_RESTART, .node = node->index});
    }
}

void cluster_look_behind(struct cluster *c, struct cluster_node *node)
{
    if (node->pbft == NULL || node->catching_up || c->no_catch_up)
        return;
    cluster_check_order(c, node);
    struct pbft_status status = pbft_status(node->pbft);
    if (status.known_decided > status.decided) {
        node->catching_up = true;
        push(c, c->now + 100 * MS, (struct event){.kind = EVENT_CATCH_UP, .node = node->index});
    }
}

void cluster_fetch_blocks(struct cluster *c, unsigned to, unsigned from)
{
    struct cluster_node *node = &c->nodes[to], *source = &c->nodes[from];
    struct effects effects = {0};

    if (node->pbft == NULL || source->ledger_count <= node->decided)
        return;
    cluster_truncate_blocks(node, node->decided);
    while (node->decided < source->ledger_count) {
        uint64_t sequence = node->decided + 1;
        struct blob *block = source->ledger[node->decided];
        struct cbor_reader r;
        cbor_reader_init(&r, blob_bytes(block));
        cbor_expect_array(&r, 3);
        struct digest id = digest_from(cbor_get_bytes(&r));
        struct bytes batch = cbor_get_raw(&r);
        cluster_check_certificate(c, sequence, &id, cbor_get_raw(&r));
        cluster_append_block(node, batch);
        if (!digest_equal(&id, &node->blocks[sequence - 1].id))
            cluster_fail(c, "a fetched block differs");
        cluster_check_agreement(c, node, sequence, &id);
        node->decided = sequence;
        effects_append(&effects, sequence, block);
        struct pbft_result result = cluster_result(node, sequence);
        pbft_advance(node->pbft, c->now, sequence, &result, &effects);
        if (node->executed > node->decided)
            break; /* it ran on with what it had prepared */
    }
    cluster_settle(c, node->index, &effects);
    cluster_look_behind(c, node);
}

static void catch_up(struct cluster *c, struct cluster_node *node)
{
    node->catching_up = false;
    if (node->pbft == NULL || pbft_status(node->pbft).known_decided <= node->decided)
        return;
    unsigned from = (unsigned)prng_below(&c->prng, c->n);
    if (!c->cut[from][node->index] && !c->nodes[from].liar)
        cluster_fetch_blocks(c, node->index, from);
    cluster_look_behind(c, node);
}

static void give_request(struct cluster *c, struct cluster_node *node, unsigned k)
{
    struct effects effects = {0};
    char text[16];

    snprintf(text, sizeof text, "request %u", k);
    struct blob *request = blob_new(bytes_of_text(text));
    uint64_t decided = node->executed;
    if (node->pbft != NULL)
        decided = node->decided;
    uint64_t executed = node->executed;
    node->executed = decided;
    bool done = cluster_executed_request(node, blob_bytes(request));
    node->executed = executed;
    if (!done) {
        if (node->pbft != NULL) {
            enum err err = pbft_request(node->pbft, c->now, request, &effects);
            if (err != ERR_OK && err != ERR_LIMIT && err != ERR_STALE)
                cluster_fail(c, "a request: %s", err_text(err));
            cluster_settle(c, node->index, &effects);
        }
        push(c, c->now + 300 * MS, (struct event){.kind = EVENT_REQUEST, .node = node->index, .number = k});
    }
    blob_drop(request);
}

enum err cluster_deliver(struct cluster *c, unsigned to, struct bytes message)
{
    struct cluster_node *node = &c->nodes[to];
    struct effects effects = {0};
    struct blob *blob = blob_new(message);

    enum err err = node->pbft == NULL ? ERR_STATE : pbft_receive(node->pbft, c->now, blob, &effects);
    c->refused[err]++;
    cluster_settle(c, node->index, &effects);
    blob_drop(blob);
    cluster_look_behind(c, node);
    return err;
}

bool cluster_step(struct cluster *c)
{
    struct effects effects = {0};
    void *value;

    if (c->failure[0] != '\0' || !heap_pop(&c->events, &c->now, &value))
        return false;
    struct event *e = value;
    struct cluster_node *node = &c->nodes[e->node];
    c->steps++;
    switch (e->kind) {
    case EVENT_MESSAGE:
        cluster_deliver(c, e->node, blob_bytes(e->message));
        break;
    case EVENT_TIMER:
        if (node->pbft != NULL && node->life == e->life && node->timer_at[e->number] == e->at) {
            node->timer_at[e->number] = -1;
            if (c->watch != NULL)
                c->watch(c, node->index, e->number, NULL);
            pbft_timer(node->pbft, c->now, e->number, &effects);
            cluster_settle(c, node->index, &effects);
        }
        break;
    case EVENT_REQUEST:
        give_request(c, node, e->number);
        break;
    case EVENT_RESTART:
        if (node->pbft == NULL)
            cluster_restart(c, e->node);
        break;
    case EVENT_CATCH_UP:
        catch_up(c, node);
        break;
    }
    cluster_look_behind(c, node);
    blob_drop(e->message);
    mem_free(e);
    return c->failure[0] == '\0';
}

void cluster_run_until(struct cluster *c, int64_t time)
{
    int64_t next;
    void *value;

    while (heap_peek(&c->events, &next, &value) && next <= time) {
        if (!cluster_step(c))
            return;
    }
    c->now = time;
}

bool cluster_decided_all(const struct cluster *c)
{
    for (unsigned i = 0; i < c->n; i++) {
        const struct cluster_node *node = &c->nodes[i];
        struct bytes *requests;
        unsigned count, found = 0;
        if (node->liar || node->pbft == NULL)
            continue;
        requests = mem_array(PBFT_BATCH_MAX, sizeof *requests);
        for (uint64_t k = 0; k < node->decided; k++) {
            ASSERT(batch_decode(blob_bytes(node->blocks[k].batch), requests, &count) == ERR_OK);
            for (unsigned m = 0; m < count; m++)
                found += requests[m].len > 8 && memcmp(requests[m].data, "request ", 8) == 0;
        }
        mem_free(requests);
        if (found < c->requests)
            return false;
    }
    return true;
}

bool cluster_run_decided(struct cluster *c, int64_t deadline)
{
    int64_t next;
    void *value;

    for (unsigned k = 0; !cluster_decided_all(c); k++) {
        for (unsigned i = 0; i < 8; i++) {
            if (!heap_peek(&c->events, &next, &value) || next > deadline || !cluster_step(c))
                return cluster_decided_all(c) && c->failure[0] == '\0';
        }
    }
    return c->failure[0] == '\0';
}

void cluster_isolate(struct cluster *c, unsigned node, bool isolated)
{
    for (unsigned i = 0; i < c->n; i++)
        c->cut[node][i] = c->cut[i][node] = isolated;
}

void cluster_submit(struct cluster *c, unsigned k)
{
    c->requests++;
    for (unsigned i = 0; i < c->n; i++)
        push(c, c->now + delay(c), (struct event){.kind = EVENT_REQUEST, .node = i, .number = k});
}

void cluster_events_drop(struct cluster *c)
{
    int64_t at;
    void *value;

    while (heap_pop(&c->events, &at, &value)) {
        struct event *e = value;
        blob_drop(e->message);
        mem_free(e);
    }
    heap_free(&c->events);
}
