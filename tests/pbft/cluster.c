#include "cluster_parts.h"

#include <stdio.h>
#include <string.h>

enum cluster_event { EVENT_REQUEST = EVENT_OWN /* number */, EVENT_RESTART, EVENT_CATCH_UP };

static struct cluster_node *node_of(struct host *h)
{
    return (struct cluster_node *)h; /* its first member */
}

static int64_t delay(struct cluster *c)
{
    return c->delay_min + (int64_t)prng_below(&c->hosts.prng, (uint64_t)(c->delay_max - c->delay_min + 1));
}

/* ---- what a machine asks for */

/* The link as the test has it now. */
static void set_link(struct cluster *c, unsigned from, unsigned to)
{
    const struct link_traits traits = {
        .latency_ns = c->delay_min,
        .jitter_ns = c->delay_max - c->delay_min,
        .loss_ppm = c->loss * (PPM / 1000),
        .duplicate_ppm = c->duplicate * (PPM / 1000),
        .carries = c->bandwidth,
        .per_ns = 1000 * MS,
    };

    hosts_set_link(&c->hosts, from, to, &traits);
}

static void transmit(struct cluster_node *node, unsigned to, struct blob *message)
{
    struct cluster *c = node->cluster;
    unsigned from = node->index;

    if (from == to || to >= c->n || !network_hears(&c->hosts.network, from, to) ||
        (c->drop != NULL && c->drop(c, from, to, blob_bytes(message))))
        return;
    struct blob *sent = node->liar && !node->plain ? cluster_tamper(c, from, to, message) : blob_hold(message);
    if (sent == NULL)
        return;
    set_link(c, from, to);
    (void)host_send(&node->host, to, sent);
    blob_drop(sent);
}

static void do_persist(void *context, uint64_t serial, uint64_t number, struct blob *record)
{
    (void)serial, (void)number;
    cluster_check_prepared(context, blob_bytes(record));
}

static void do_append(void *context, uint64_t serial, uint64_t height, struct blob *block)
{
    struct cluster_node *node = context;
    uint64_t top = node->host.disk.height;

    (void)serial, (void)block;
    if (height != top + 1)
        cluster_fail(node->cluster, "%u appends %llu to %llu", node->index, (unsigned long long)height,
                     (unsigned long long)top);
}

static void do_send(void *context, const struct effect *e)
{
    struct cluster_node *node = context;
    struct cluster *c = node->cluster;

    cluster_check_sent(c, node, blob_bytes(e->blob));
    for (unsigned to = 0; to < c->n; to++) {
        if (e->to == PEER_OTHERS || e->to == (int32_t)to)
            transmit(node, to, e->blob);
    }
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

/* A crash may come between any two of the effects. */
void cluster_settle(struct cluster *c, unsigned index, struct effects *effects)
{
    struct host *h = &c->nodes[index].host;
    size_t count = effects->count;

    if (c->crash > 0 && count > 0 && prng_below(&c->hosts.prng, 100000) < c->crash) {
        h->dies_after = prng_below(&c->hosts.prng, count + 1);
        h->dies = h->dies_after < count;
    }
    host_settle(h, effects);
}

static void died(struct host *h)
{
    struct cluster *c = node_of(h)->cluster;

    (void)hosts_add(&c->hosts, cluster_now(c) + 10 * delay(c), EVENT_RESTART, h->index);
}

void cluster_look_behind(struct cluster *c, struct cluster_node *node)
{
    if (node->pbft == NULL || node->catching_up || c->no_catch_up)
        return;
    cluster_check_order(c, node);
    struct pbft_status status = pbft_status(node->pbft);
    if (status.known_decided > status.decided) {
        node->catching_up = true;
        (void)hosts_add(&c->hosts, cluster_now(c) + 100 * MS, EVENT_CATCH_UP, node->index);
    }
}

struct blob *cluster_block(const struct cluster_node *node, uint64_t sequence)
{
    const struct ledger_store *ledger = &node->host.disk.ledger;
    struct blob *block;
    enum err err = ledger->read(ledger->context, sequence, &block);

    ASSERT(err == ERR_OK);
    return block;
}

void cluster_fetch_blocks(struct cluster *c, unsigned to, unsigned from)
{
    struct cluster_node *node = &c->nodes[to], *source = &c->nodes[from];
    struct effects effects = {0};

    if (node->pbft == NULL || source->host.disk.height <= node->decided)
        return;
    cluster_truncate_blocks(node, node->decided);
    while (node->decided < source->host.disk.height) {
        uint64_t sequence = node->decided + 1;
        struct blob *block = cluster_block(source, sequence);
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
        blob_drop(block);
        struct pbft_result result = cluster_result(node, sequence);
        pbft_advance(node->pbft, cluster_now(c), sequence, &result, &effects);
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
    unsigned from = (unsigned)prng_below(&c->hosts.prng, c->n);
    if (network_hears(&c->hosts.network, from, node->index) && !c->nodes[from].liar)
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
            enum err err = pbft_request(node->pbft, cluster_now(c), request, &effects);
            if (err != ERR_OK && err != ERR_LIMIT && err != ERR_STALE)
                cluster_fail(c, "a request: %s", err_text(err));
            cluster_settle(c, node->index, &effects);
        }
        hosts_add(&c->hosts, cluster_now(c) + 300 * MS, EVENT_REQUEST, node->index)->number = k;
    }
    blob_drop(request);
}

enum err cluster_deliver(struct cluster *c, unsigned to, struct bytes message)
{
    struct cluster_node *node = &c->nodes[to];
    struct effects effects = {0};
    struct blob *blob = blob_new(message);

    enum err err = node->pbft == NULL ? ERR_STATE : pbft_receive(node->pbft, cluster_now(c), blob, &effects);
    c->refused[err]++;
    cluster_settle(c, node->index, &effects);
    blob_drop(blob);
    cluster_look_behind(c, node);
    return err;
}

static void message(struct host *h, const struct event *e)
{
    cluster_deliver(node_of(h)->cluster, h->index, blob_bytes(e->blob));
}

static void timer(struct host *h, uint32_t number)
{
    struct cluster_node *node = node_of(h);
    struct cluster *c = node->cluster;
    struct effects effects = {0};

    if (c->watch != NULL)
        c->watch(c, node->index, number, NULL);
    pbft_timer(node->pbft, cluster_now(c), number, &effects);
    cluster_settle(c, node->index, &effects);
    cluster_look_behind(c, node);
}

static void happens(struct hosts *all, const struct event *e)
{
    struct cluster_node *node = node_of(all->host[e->node]);
    struct cluster *c = node->cluster;

    if (e->kind == EVENT_REQUEST)
        give_request(c, node, e->number);
    else if (e->kind == EVENT_CATCH_UP)
        catch_up(c, node);
    else if (node->pbft == NULL)
        cluster_restart(c, e->node);
    cluster_look_behind(c, node);
}

const struct host_runs cluster_runs = {
    .message = message,
    .timer = timer,
    .stop = cluster_stop,
    .died = died,
    .happens = happens,
    .actions = {.persist = do_persist, .append = do_append, .send = do_send, .note = do_note, .seen = seen},
};

bool cluster_step(struct cluster *c)
{
    return c->failure[0] == '\0' && hosts_step(&c->hosts) && c->failure[0] == '\0';
}

void cluster_run_until(struct cluster *c, int64_t time)
{
    int64_t next;

    while (agenda_peek(&c->hosts.agenda, &next) && next <= time) {
        if (!cluster_step(c))
            return;
    }
    agenda_wait(&c->hosts.agenda, time);
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

    for (unsigned k = 0; !cluster_decided_all(c); k++) {
        for (unsigned i = 0; i < 8; i++) {
            if (!agenda_peek(&c->hosts.agenda, &next) || next > deadline || !cluster_step(c))
                return cluster_decided_all(c) && c->failure[0] == '\0';
        }
    }
    return c->failure[0] == '\0';
}

void cluster_isolate(struct cluster *c, unsigned node, bool isolated)
{
    for (unsigned i = 0; i < c->n; i++) {
        hosts_cut(&c->hosts, node, i, isolated);
        hosts_cut(&c->hosts, i, node, isolated);
    }
}

void cluster_heal(struct cluster *c)
{
    for (unsigned i = 0; i < c->n; i++)
        cluster_isolate(c, i, false);
}

void cluster_submit(struct cluster *c, unsigned k)
{
    c->requests++;
    for (unsigned i = 0; i < c->n; i++)
        hosts_add(&c->hosts, cluster_now(c) + delay(c), EVENT_REQUEST, i)->number = k;
}
