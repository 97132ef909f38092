#include "cluster_parts.h"
#include "pbft/record.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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

void cluster_fail(struct cluster *c, const char *fmt, ...)
{
    va_list args;

    if (c->failure[0] != '\0')
        return;
    int used = snprintf(c->failure, sizeof c->failure, "at %lld ms: ", (long long)(c->now / MS));
    va_start(args, fmt);
    vsnprintf(c->failure + used, sizeof c->failure - (size_t)used, fmt, args);
    va_end(args);
}

static void push(struct cluster *c, int64_t at, struct event event)
{
    struct event *e = mem_alloc(sizeof *e);
    *e = event;
    e->at = at;
    heap_push(&c->events, at, e);
}

/* ---- what a correct replica never does */

static bool contains(struct bytes in, const uint8_t *what, size_t len)
{
    for (size_t i = 0; i + len <= in.len; i++) {
        if (in.data[i] == what[0] && memcmp(in.data + i, what, len) == 0)
            return true;
    }
    return false;
}

static bool is_durable(const struct cluster_node *node, const struct claim *claim)
{
    for (size_t i = node->record_count; i > 0; i--) {
        if (contains(blob_bytes(node->records[i - 1].bytes), claim->signature, SIGNATURE_SIZE))
            return true;
    }
    return false;
}

/* Twice the same, or the first time: then it must be on disk. Never something else. */
static void check_sent(struct cluster *c, const struct cluster_node *node, struct bytes message)
{
    struct claim claim;

    if (node->liar || !cluster_first_claim(c, message, &claim) || claim.says.type > MESSAGE_NEW_VIEW ||
        claim.signer != node->index)
        return;
    uint64_t key = claim.says.sequence * 31 + claim.says.view * 131 + (uint64_t)claim.says.type * 1009 +
                   (uint64_t)claim.signer * 7919;
    if (claim.says.type >= MESSAGE_VIEW_CHANGE)
        key = claim.says.view * 131 + (uint64_t)claim.says.type * 1009 + (uint64_t)claim.signer * 7919;
    for (uint64_t i = key;; i++) {
        struct cluster_seen *seen = &c->seen[i % CLUSTER_SEEN];
        if (!seen->used) {
            *seen = (struct cluster_seen){claim.signer, claim.says, true};
            if (!is_durable(node, &claim))
                cluster_fail(c, "%u sends what is not durable: type %d, sequence %llu", node->index,
                             (int)claim.says.type, (unsigned long long)claim.says.sequence);
            return;
        }
        bool one_for_a_view = claim.says.type >= MESSAGE_VIEW_CHANGE;
        if (seen->signer != claim.signer || seen->says.type != claim.says.type || seen->says.view != claim.says.view ||
            (!one_for_a_view && seen->says.sequence != claim.says.sequence))
            continue;
        if (!digest_equal(&seen->says.digest, &claim.says.digest))
            cluster_fail(c, "%u signs two digests: type %d, view %llu, sequence %llu", node->index,
                         (int)claim.says.type, (unsigned long long)claim.says.view,
                         (unsigned long long)claim.says.sequence);
        return;
    }
}

/* ---- the driver */

static int64_t delay(struct cluster *c)
{
    return c->delay_min + (int64_t)prng_below(&c->prng, (uint64_t)(c->delay_max - c->delay_min + 1));
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
        push(c, c->now + delay(c), (struct event){.kind = EVENT_MESSAGE, .node = to, .message = blob_hold(sent)});
    blob_drop(sent);
}

static void forget(struct cluster_node *node, uint64_t number)
{
    size_t kept = 0;

    for (size_t i = 0; i < node->record_count; i++) {
        if (node->records[i].number <= number)
            blob_drop(node->records[i].bytes);
        else
            node->records[kept++] = node->records[i];
    }
    node->record_count = kept;
}

/* At most one digest is prepared for a view and sequence: replicas persist what they prepared. */
static void check_prepared(struct cluster_node *node, struct bytes record)
{
    struct cluster *c = node->cluster;
    struct record_head head;
    struct cbor_reader r;

    if (node->liar || record_open(record, &head, &r) != ERR_OK || head.kind != RECORD_PROOF)
        return;
    struct proof proof = proof_read(&r, &c->members, false);
    if (r.err != ERR_OK)
        return;
    struct statement says = {MESSAGE_TYPES_END, proof.view, proof.sequence, proof.digest};
    for (uint64_t i = proof.sequence * 31 + proof.view * 131;; i++) {
        struct cluster_seen *seen = &c->seen[i % CLUSTER_SEEN];
        if (!seen->used) {
            *seen = (struct cluster_seen){c->n, says, true};
            return;
        }
        if (seen->signer != c->n || seen->says.view != says.view || seen->says.sequence != says.sequence)
            continue;
        if (!digest_equal(&seen->says.digest, &says.digest))
            cluster_fail(c, "%u prepares another digest in view %llu at %llu", node->index,
                         (unsigned long long)says.view, (unsigned long long)says.sequence);
        return;
    }
}

static void persist(struct cluster_node *node, const struct effect *e)
{
    check_prepared(node, blob_bytes(e->blob));
    if (node->record_count == node->record_cap) {
        node->record_cap = node->record_cap == 0 ? 16 : 2 * node->record_cap;
        node->records = mem_resize(node->records, node->record_cap, sizeof node->records[0]);
    }
    node->records[node->record_count++] = (struct cluster_record){e->number, blob_hold(e->blob)};
}

static void append(struct cluster_node *node, const struct effect *e)
{
    if (e->number != node->ledger_count + 1)
        cluster_fail(node->cluster, "%u appends %llu to %llu", node->index, (unsigned long long)e->number,
                     (unsigned long long)node->ledger_count);
    if (node->ledger_count == node->ledger_cap) {
        node->ledger_cap = node->ledger_cap == 0 ? 16 : 2 * node->ledger_cap;
        node->ledger = mem_resize(node->ledger, node->ledger_cap, sizeof node->ledger[0]);
    }
    node->ledger[node->ledger_count++] = blob_hold(e->blob);
}

static void note(struct cluster *c, struct cluster_node *node, const struct effect *e)
{
    if (strcmp(e->name, "pbft.new_view") == 0) {
        c->view_changes++;
        node->views++;
    } else if (strcmp(e->name, "pbft.equivocation") == 0) {
        c->equivocations++;
        if (!node->liar && !c->nodes[e->number].liar)
            cluster_fail(c, "%u convicts %llu, which is correct", node->index, (unsigned long long)e->number);
    } else if (strcmp(e->name, "pbft.recovered") == 0) {
        node->wiped = false;
    } else if (strcmp(e->name, "pbft.stable") == 0) {
        c->stables++;
    } else if (strcmp(e->name, "pbft.divergence") == 0 && node->errs_at > 0) {
        return;
    } else if (strcmp(e->name, "pbft.divergence") == 0 || strcmp(e->name, "pbft.bad_record") == 0) {
        cluster_fail(c, "%u: %s at %llu", node->index, e->name, (unsigned long long)e->number);
    }
}

static void trace(struct cluster *c, const struct cluster_node *node, const struct effect *e)
{
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
}

static void apply(struct cluster *c, struct cluster_node *node, const struct effect *e)
{
    trace(c, node, e);
    if (c->watch != NULL)
        c->watch(c, node->index, 0, e);
    switch (e->kind) {
    case EFFECT_PERSIST:
        persist(node, e);
        break;
    case EFFECT_APPEND:
        append(node, e);
        break;
    case EFFECT_FORGET:
        forget(node, e->number);
        break;
    case EFFECT_SEND:
        check_sent(c, node, blob_bytes(e->blob));
        for (unsigned to = 0; to < c->n; to++) {
            if (e->to == PEER_OTHERS || e->to == (int32_t)to)
                transmit(c, node->index, to, e->blob);
        }
        break;
    case EFFECT_TIMER_SET:
        node->timer_at[e->timer] = e->at_ns;
        push(c, e->at_ns,
             (struct event){.kind = EVENT_TIMER, .node = node->index, .number = e->timer, .life = node->life});
        break;
    case EFFECT_TIMER_STOP:
        node->timer_at[e->timer] = -1;
        break;
    case EFFECT_NOTE:
        note(c, node, e);
        break;
    default:
        cluster_fail(c, "an effect of kind %d", (int)e->kind);
    }
}

/* Applies the effects in order; a crash may come between any two. */
static void settle(struct cluster *c, struct cluster_node *node, struct effects *effects)
{
    size_t survive = effects->count;

    if (c->crash > 0 && effects->count > 0 && prng_below(&c->prng, 100000) < c->crash)
        survive = prng_below(&c->prng, effects->count + 1);
    bool crashed = survive < effects->count;
    for (size_t i = 0; i < survive; i++)
        apply(c, node, &effects->items[i]);
    effects_free(effects);
    if (crashed) {
        cluster_crash(c, node->index);
        push(c, c->now + 10 * delay(c), (struct event){.kind = EVENT_RESTART, .node = node->index});
    }
}

void cluster_settle(struct cluster *c, unsigned node, struct effects *effects)
{
    settle(c, &c->nodes[node], effects);
}

static void look_behind(struct cluster *c, struct cluster_node *node)
{
    if (node->pbft == NULL || node->catching_up || c->no_catch_up)
        return;
    struct pbft_status status = pbft_status(node->pbft);
    if (status.decided != node->decided || status.executed != node->executed)
        cluster_fail(c, "%u has %llu/%llu, its application %llu/%llu", node->index, (unsigned long long)status.decided,
                     (unsigned long long)status.executed, (unsigned long long)node->decided,
                     (unsigned long long)node->executed);
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
        pbft_advance(node->pbft, c->now, sequence, &id, &effects);
        if (node->executed > node->decided)
            break; /* it ran on with what it had prepared */
    }
    settle(c, node, &effects);
    look_behind(c, node);
}

static void catch_up(struct cluster *c, struct cluster_node *node)
{
    node->catching_up = false;
    if (node->pbft == NULL || pbft_status(node->pbft).known_decided <= node->decided)
        return;
    unsigned from = (unsigned)prng_below(&c->prng, c->n);
    if (!c->cut[from][node->index] && !c->nodes[from].liar)
        cluster_fetch_blocks(c, node->index, from);
    look_behind(c, node);
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
            settle(c, node, &effects);
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
    settle(c, node, &effects);
    blob_drop(blob);
    look_behind(c, node);
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
            settle(c, node, &effects);
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
    look_behind(c, node);
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

/* ---- lives */

void cluster_crash(struct cluster *c, unsigned index)
{
    struct cluster_node *node = &c->nodes[index];

    pbft_free(node->pbft);
    node->pbft = NULL;
    node->life++;
    node->catching_up = false;
    cluster_truncate_blocks(node, 0);
    node->decided = 0;
    for (unsigned i = 0; i < PBFT_TIMER_COUNT; i++)
        node->timer_at[i] = -1;
}

void cluster_wipe(struct cluster *c, unsigned index)
{
    struct cluster_node *node = &c->nodes[index];

    cluster_crash(c, index);
    while (node->record_count > 0)
        blob_drop(node->records[--node->record_count].bytes);
    while (node->ledger_count > 0)
        blob_drop(node->ledger[--node->ledger_count]);
    node->wiped = true;
}

struct digest cluster_nonce(const struct cluster *c, unsigned index)
{
    uint8_t bytes[16];

    be64_put(bytes, index);
    be64_put(bytes + 8, c->nodes[index].life);
    return digest_of(bytes_of(bytes, sizeof bytes));
}

void cluster_restart(struct cluster *c, unsigned index)
{
    struct cluster_node *node = &c->nodes[index];
    struct pbft_config config = c->config;
    struct pbft_app app = cluster_app(node);
    struct digest id = {0};
    struct effects effects = {0};

    for (uint64_t i = 0; i < node->ledger_count; i++) {
        struct cbor_reader r;
        cbor_reader_init(&r, blob_bytes(node->ledger[i]));
        cbor_expect_array(&r, 3);
        id = digest_from(cbor_get_bytes(&r));
        cluster_append_block(node, cbor_get_raw(&r));
    }
    node->decided = node->ledger_count;
    config.self = index;
    config.key = c->keys[index];
    config.recovering = node->wiped;
    config.nonce = cluster_nonce(c, index);
    node->pbft = pbft_new(&config, &app, node->ledger_count, &id);
    for (size_t i = 0; i < node->record_count; i++) {
        enum err err = pbft_restore(node->pbft, blob_bytes(node->records[i].bytes));
        if (err != ERR_OK)
            cluster_fail(c, "%u cannot read its record %zu: %s", index, i, err_text(err));
    }
    if (pbft_restored(node->pbft) != ERR_OK)
        cluster_fail(c, "%u misses a record", index);
    pbft_start(node->pbft, c->now, &effects);
    settle(c, node, &effects);
    look_behind(c, node);
}

void cluster_renew(struct cluster *c, unsigned index)
{
    struct cluster_node *node = &c->nodes[index];
    struct pbft_config config = c->config;
    struct pbft_app app = cluster_app(node);
    struct effects effects = {0};
    struct pbft *old = node->pbft;

    ASSERT(node->decided > 0);
    c->members.membership_epoch = c->config.membership_epoch;
    config.self = index;
    config.key = c->keys[index];
    node->pbft = pbft_new(&config, &app, node->decided, &node->blocks[node->decided - 1].id);
    pbft_inherit(node->pbft, old);
    pbft_free(old);
    pbft_start(node->pbft, c->now, &effects);
    settle(c, node, &effects);
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

void cluster_init(struct cluster *c, unsigned n, uint64_t seed)
{
    memset(c, 0, sizeof *c);
    c->n = n;
    c->f = (n - 1) / 3;
    c->quorum = (n + c->f + 2) / 2;
    c->seed = seed;
    prng_stream(&c->prng, seed, "pbft cluster", n);
    c->seen = mem_array(CLUSTER_SEEN, sizeof c->seen[0]);
    c->delay_min = 1 * MS;
    c->delay_max = 10 * MS;
    c->config = (struct pbft_config){
        .federation_id = digest_of(bytes_of_text("test federation")),
        .membership_epoch = 1,
        .n = n,
        .f = c->f,
        .quorum = c->quorum,
        .view_timeout_ns = 1000 * MS,
        .view_timeout_max_ns = 16000 * MS,
        .batch_delay_ns = 2 * MS,
        .resend_ns = 150 * MS,
        .batch_max = 3,
        .pipeline = 4,
        .checkpoint_interval = 4,
        .window = 8,
        .pending_max = 64,
    };
    for (unsigned i = 0; i < n; i++) {
        char label[16];
        snprintf(label, sizeof label, "replica %u", i);
        key_simulated(7, label, &c->keys[i]);
        c->config.keys[i] = c->keys[i].public;
        c->fingerprints[i] = c->keys[i].fingerprint;
        c->nodes[i] = (struct cluster_node){.cluster = c, .index = i};
        for (unsigned k = 0; k < PBFT_TIMER_COUNT; k++)
            c->nodes[i].timer_at[k] = -1;
    }
}

void cluster_start(struct cluster *c)
{
    c->members = (struct members){.federation_id = c->config.federation_id,
                                  .membership_epoch = c->config.membership_epoch,
                                  .n = c->n,
                                  .f = c->config.f,
                                  .quorum = c->config.quorum};
    memcpy(c->members.keys, c->config.keys, sizeof c->config.keys);
    memcpy(c->members.fingerprints, c->fingerprints, sizeof c->fingerprints);
    for (unsigned i = 0; i < c->n; i++)
        cluster_restart(c, i);
}

void cluster_free(struct cluster *c)
{
    int64_t at;
    void *value;

    while (heap_pop(&c->events, &at, &value)) {
        struct event *e = value;
        blob_drop(e->message);
        mem_free(e);
    }
    heap_free(&c->events);
    for (unsigned i = 0; i < c->n; i++) {
        struct cluster_node *node = &c->nodes[i];
        cluster_crash(c, i);
        mem_free(node->blocks);
        forget(node, UINT64_MAX);
        mem_free(node->records);
        for (uint64_t k = 0; k < node->ledger_count; k++)
            blob_drop(node->ledger[k]);
        mem_free(node->ledger);
    }
    mem_free(c->seen);
    mem_free(c->agreed);
}
