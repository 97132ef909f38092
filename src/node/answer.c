/* What a node answers its operator. What it rests on is durable before it is said. */
#include <jansson.h>
#include <string.h>
#include <unistd.h>

#include "base/mutate.h"
#include "base/text.h"
#include "node/log.h"
#include "node/logged.h"
#include "node/parts.h"
#include "node/protocol.h"
#include "ledger/end.h"
#include "state/body.h"
#include "tlog/checkpoint.h"

enum { MEMBERS_TOLD_MAX = 256 };

static json_t *hex(const struct digest *d)
{
    return json_hex(digest_bytes(d));
}

static json_t *complain(const char *text)
{
    json_t *out = json_object();

    json_put(out, "error", json_string(text));
    return out;
}

/* ---- status */

static json_t *consensus_json(const struct node *n)
{
    struct pbft_status p = fed_pbft_status(n->fed);
    json_t *out;

    if (fed_self_replica(n->fed) < 0)
        return json_null();
    out = json_object();
    json_put(out, "replica", json_u64((uint64_t)fed_self_replica(n->fed)));
    json_put(out, "view", json_u64(p.view));
    json_put(out, "in_view_change", json_boolean(p.in_view_change));
    json_put(out, "primary", json_u64(p.primary));
    json_put(out, "is_primary", json_boolean(p.is_primary));
    json_put(out, "decided", json_u64(p.decided));
    json_put(out, "known_decided", json_u64(p.known_decided));
    json_put(out, "stable", json_u64(p.stable));
    json_put(out, "view_changes", json_u64(p.view_changes));
    json_put(out, "pending", json_u64(p.pending));
    return out;
}

/* Who speaks the version above the one in force, as far as connections show it. */
struct readiness {
    const struct node *node;
    unsigned speaks[MEMBERS_TOLD_MAX]; /* by member; 0: it is not known */
};

static void note_protocol(void *context, const struct transport_peer_status *p)
{
    struct readiness *r = context;
    int member = state_find(fed_state(r->node->fed), &p->peer);

    if (member >= 0 && member < MEMBERS_TOLD_MAX && p->connected)
        r->speaks[member] = protocol_of_name(p->protocol);
}

/* Nobody knows of a version that this program does not speak: then there is nothing to tell. */
static json_t *upgrade_json(const struct node *n)
{
    const struct federation_state *s = fed_state(n->fed);
    json_t *out = json_object(), *ready = json_array(), *lagging = json_array(), *unknown = json_array();
    struct readiness r = {.node = n};

    transport_each(n->contacts.transport, note_protocol, &r);
    if (fed_member(n->fed) >= 0 && fed_member(n->fed) < MEMBERS_TOLD_MAX)
        r.speaks[fed_member(n->fed)] = protocol_newest;
    for (unsigned i = 0; i < s->member_count && i < MEMBERS_TOLD_MAX; i++) {
        const struct member *m = state_member(s, i);

        if (m->status != MEMBER_LEFT && m->status != MEMBER_CONVICTED)
            json_push(r.speaks[i] > s->protocol ? ready
                      : r.speaks[i] == 0        ? unknown
                                                : lagging,
                      json_string(m->card.name));
    }
    json_put(out, "to_protocol", json_u64(s->protocol + 1));
    json_put(out, "ready", ready);
    json_put(out, "not_ready", lagging);
    json_put(out, "not_known", unknown);
    return out;
}

static json_t *status(const struct node *n)
{
    const struct federation_state *s = fed_state(n->fed);
    struct digest root = state_root(s), log = merkle_frontier_root(&s->log);
    json_t *out = json_object();

    json_put(out, "node_id", json_string(n->config->node));
    json_put(out, "pid", json_u64((uint64_t)getpid()));
    json_put(out, "federation_id", hex(&s->federation_id));
    json_put(out, "simulated", json_boolean(s->simulated));
    json_put(out, "member", json_u64((uint64_t)fed_member(n->fed)));
    json_put(out, "epoch", json_u64(s->epoch));
    json_put(out, "phase", json_string(epoch_phase_name(s->phase)));
    json_put(out, "height", json_u64(s->height));
    json_put(out, "log_size", json_u64(s->log.size));
    json_put(out, "log_root", hex(&log));
    json_put(out, "state_root", hex(&root));
    json_put(out, "incumbent", hex(&s->incumbent_hash));
    json_put(out, "membership_epoch", json_u64(s->membership_epoch));
    json_put(out, "quorum", json_u64(s->quorum));
    json_put(out, "recovering", json_boolean(n->recovering));
    json_put(out, "jobs", json_u64(jobs_running(n->jobs)));
    json_put(out, "writes_in_flight", json_u64(outbox_in_flight(&n->outbox)));
    json_put(out, "messages", json_u64(n->messages));
    json_put(out, "refused", json_u64(n->refused));
    json_put(out, "log_level", json_string(log_level_name(log_level_now())));
    json_put(out, "protocol", json_u64(s->protocol));
    json_put(out, "program_protocol", json_u64(protocol_newest));
    json_put(out, "upgrade", s->protocol < protocol_newest ? upgrade_json(n) : json_null());
    json_put(out, "consensus", consensus_json(n));
    return out;
}

/* ---- peers */

struct peers {
    const struct node *node;
    json_t *out;
};

static void tell_peer(void *context, const struct transport_peer_status *p)
{
    struct peers *peers = context;
    const struct federation_state *s = fed_state(peers->node->fed);
    int member = state_find(s, &p->peer);
    json_t *peer = json_object();

    json_put(peer, "node_id", member >= 0 ? json_string(state_member(s, (unsigned)member)->card.name) : json_null());
    json_put(peer, "node_fingerprint", hex(&p->peer));
    json_put(peer, "address", json_string(p->address));
    json_put(peer, "connected", json_boolean(p->connected));
    json_put(peer, "banned", json_boolean(p->banned));
    json_put(peer, "why", json_string(p->why));
    json_put(peer, "bytes_in", json_u64(p->bytes_in));
    json_put(peer, "bytes_out", json_u64(p->bytes_out));
    json_put(peer, "messages_in", json_u64(p->messages_in));
    json_put(peer, "messages_out", json_u64(p->messages_out));
    json_put(peer, "dropped", json_u64(p->dropped));
    json_put(peer, "queued_bytes", json_u64(p->queued));
    json_put(peer, "rtt_us", json_u64((uint64_t)p->rtt_ns / 1000));
    json_push(peers->out, peer);
}

static json_t *peers(const struct node *n)
{
    struct peers context = {n, json_array()};
    json_t *out = json_object();

    transport_each(n->contacts.transport, tell_peer, &context);
    json_put(out, "peers", context.out);
    return out;
}

/* ---- where the log ends */

static bool read_digest(const json_t *object, const char *key, struct digest *out)
{
    const char *text = json_string_value(json_object_get(object, key));
    struct buf bytes = {0};
    bool ok = text != NULL && hex_decode(bytes_of_text(text), &bytes) == ERR_OK && bytes.len == DIGEST_SIZE;

    if (ok)
        memcpy(out->b, bytes.data, DIGEST_SIZE);
    buf_free(&bytes);
    return ok;
}

static bool has_block(const struct node *n, uint64_t height, const struct digest *id, struct block_header *out)
{
    struct block block;
    struct digest own;

    if (ledger_store_block(store_ledger(n->store), height, &block) != ERR_OK)
        return false;
    own = block_id(&block.header);
    *out = block.header;
    block_fini(&block);
    return digest_equal(&own, id);
}

/* Signs that no epoch has ended but those below the one that is asked about (ledger/end.h), if that is so as far as
 * this node knows: it looks at its own ledger and at nothing else. */
static json_t *end(const struct node *n, const json_t *question)
{
    const struct federation_state *s = fed_state(n->fed);
    uint64_t epoch = (uint64_t)json_integer_value(json_object_get(question, "epoch"));
    uint64_t height = (uint64_t)json_integer_value(json_object_get(question, "height"));
    uint64_t last = n->config->last_epoch, own_epoch = s->epoch > last ? last + 1 : s->epoch;
    struct end_statement e = {.federation_id = s->federation_id, .membership_epoch = s->membership_epoch};
    struct block_header header;
    struct digest id;
    struct buf signature = {0};
    json_t *out;

    if (!read_digest(question, "block_id", &id))
        return complain("block_id: expected 64 hexadecimal digits");
    if (fed_self_replica(n->fed) < 0)
        return complain("this node has no vote");
    if (epoch != own_epoch || !has_block(n, height, &id, &header))
        return complain("for this node the log does not end there");
    e.epoch = epoch;
    e.height = height;
    e.block_id = id;
    e.log_size = header.log_size;
    e.log_root = header.log_root;
    e.state_root = header.state_root;
    end_sign(&n->contacts.key, &e, &signature);
    out = json_object();
    json_put(out, "signature", json_base64(bytes_of_buf(&signature)));
    buf_free(&signature);
    return out;
}

/* ---- what is in it */

enum { BLOCKS_TOLD_MAX = 16 };

struct entries {
    const struct node *node;
    json_t *out;
};

static void tell_entry(void *context, const struct logged *logged)
{
    struct entries *entries = context;
    const struct federation_state *s = fed_state(entries->node->fed);
    const struct entry *e = logged->entry;
    int member = e->syntax == ERR_OK ? state_find(s, &e->envelope.node_fingerprint) : -1;
    json_t *entry = json_object();

    json_put(entry, "leaf_index", json_u64(logged->index));
    json_put(entry, "height", json_u64(logged->height));
    json_put(entry, "kind", e->syntax == ERR_OK ? json_string(entry_kind_name(e->envelope.kind)) : json_null());
    json_put(entry, "epoch", e->syntax == ERR_OK ? json_u64(e->envelope.federated_epoch) : json_null());
    json_put(entry, "node_id", member >= 0 ? json_string(state_member(s, (unsigned)member)->card.name) : json_null());
    json_put(entry, "anchor_hash", hex(&e->leaf_hash));
    json_push(entries->out, entry);
}

/* Of a few blocks from a height on: next is the height to go on with. It stays where a block is not here. */
static json_t *entries(const struct node *n, const json_t *question)
{
    uint64_t next = (uint64_t)json_integer_value(json_object_get(question, "from"));
    struct entries context = {n, json_array()};
    enum err err = ERR_OK;
    json_t *out;

    next = next > 0 ? next : 1;
    for (unsigned i = 0; i < BLOCKS_TOLD_MAX && err == ERR_OK; i++) {
        err = logged_block(store_ledger(n->store), next, tell_entry, &context);
        next += err == ERR_OK;
    }
    if (err != ERR_OK && err != ERR_MISSING) {
        json_decref(context.out);
        return complain("the ledger is damaged; prismfed store check says where");
    }
    out = json_object();
    json_put(out, "height", json_u64(fed_state(n->fed)->height));
    json_put(out, "next", json_u64(next));
    json_put(out, "entries", context.out);
    return out;
}

static json_t *text_json(const struct buf *text)
{
    return json_stringn((const char *)text->data, text->len);
}

/* Signs what the log is after a block that this node has executed (tlog/checkpoint.h): root and size are of its own
 * ledger, and the signatures are the same whenever it is asked. */
static json_t *checkpoint(const struct node *n, const json_t *question)
{
    uint64_t height = (uint64_t)json_integer_value(json_object_get(question, "height"));
    struct checkpoint_signer signer;
    struct block_header header;
    struct buf origin = {0};
    struct digest id;
    json_t *out;

    if (!read_digest(question, "block_id", &id))
        return complain("block_id: expected 64 hexadecimal digits");
    if (!has_block(n, height, &id, &header))
        return complain("this node does not have that block");
    checkpoint_origin(&header.federation_id, &origin);
    const struct checkpoint c = {bytes_of_buf(&origin), header.log_size, header.log_root};
    checkpoint_signer_make(&n->contacts.key, &c, &signer);
    out = json_object();
    json_put(out, "log", text_json(&signer.log));
    json_put(out, "cosignature", text_json(&signer.cosignature));
    json_put(out, "receipt", text_json(&signer.receipt));
    checkpoint_signer_fini(&signer);
    buf_free(&origin);
    return out;
}

/* ---- the rest */

static json_t *set_log_level(const json_t *question)
{
    const char *name = json_string_value(json_object_get(question, "level"));
    enum log_level level;
    json_t *out;

    if (name == NULL || !log_level_of(name, &level))
        return complain("level: expected error, warning, info or debug");
    log_level_set(level);
    out = json_object();
    json_put(out, "log_level", json_string(name));
    return out;
}

static json_t *ban(struct node *n, const json_t *question, bool banned)
{
    const char *name = json_string_value(json_object_get(question, "node_id"));
    const struct federation_state *s = fed_state(n->fed);
    json_t *out;

    for (unsigned i = 0; name != NULL && i < s->member_count; i++) {
        const struct member *m = state_member(s, i);

        if (strcmp(m->card.name, name) != 0 || m->status == MEMBER_LEFT)
            continue;
        transport_ban(n->contacts.transport, &m->fingerprint, banned);
        out = json_object();
        json_put(out, banned ? "banned" : "unbanned", json_string(name));
        return out;
    }
    return complain("node_id: there is no member of this name");
}

static json_t *done(enum err err)
{
    json_t *out;

    if (err != ERR_OK && err != ERR_DUPLICATE)
        return complain(err_text(err));
    out = json_object();
    json_put(out, err == ERR_OK ? "kept" : "agreed_already", json_true()); /* the others were faster */
    return out;
}

/* An answer on which somebody may build waits until all that was asked for before is durable: a height that is told
 * is not taken back. */
static uint64_t behind_writes(const struct node *n)
{
    return MUTATE(NODE_PROMISES_AT_ONCE, 0, outbox_in_flight(&n->outbox) > 0 ? n->outbox.written : 0);
}

/* Nobody signs off what it could not follow. */
static bool is_spoken(const struct node *n, struct bytes body)
{
    struct change change;
    uint64_t until;

    return change_body_decode(body, &fed_state(n->fed)->federation_id, &change, &until) != ERR_OK ||
           change.kind != CHANGE_PROTOCOL || MUTATE(NODE_SIGNS_ANY_PROTOCOL, true, change.protocol <= protocol_newest);
}

/* Behind the next checkpoint, and each one until the node ends. */
static json_t *prune(struct node *n, const json_t *question)
{
    json_int_t keep = json_integer_value(json_object_get(question, "keep"));
    json_t *out;

    if (keep < 1 || keep > UINT32_MAX)
        return complain("keep: expected a number of blocks");
    if (n->sinking != NULL)
        return complain("the node's sink needs all blocks: it may be behind, or be another one tomorrow");
    store_keep(n->store, (uint64_t)keep);
    out = json_object();
    json_put(out, "keeps", json_u64((uint64_t)keep));
    json_put(out, "oldest_block", json_u64(store_pruned(n->store) + 1));
    json_put(out, "height", json_u64(fed_state(n->fed)->height));
    return out;
}

static json_t *carry(struct node *n, const json_t *question)
{
    const char *folder = json_string_value(json_object_get(question, "folder"));

    return folder != NULL && *folder == '/' ? node_carry(n, folder) : complain("folder: expected an absolute path");
}

static json_t *sign_off(struct node *n, const json_t *question)
{
    const char *text = json_string_value(json_object_get(question, "change"));
    struct buf body = {0};
    json_t *out;

    if (text == NULL || base64_decode(bytes_of_text(text), &body) != ERR_OK)
        out = complain("change: expected the file of prismfed change, in base64");
    else if (!is_spoken(n, bytes_of_buf(&body)))
        out = complain("change: this program does not speak that protocol; install one that does first");
    else
        out = done(node_sign_off(n, bytes_of_buf(&body)));
    buf_free(&body);
    return out;
}

json_t *node_answer(void *context, const json_t *question, uint64_t *serial)
{
    struct node *n = context;
    const char *ask = json_string_value(json_object_get(question, "ask"));
    json_t *out;

    if (ask == NULL)
        return complain("expected an object with the member \"ask\"");
    if (strcmp(ask, "peers") == 0)
        return peers(n);
    if (strcmp(ask, "log-level") == 0)
        return set_log_level(question);
    if (strcmp(ask, "ban") == 0 || strcmp(ask, "unban") == 0)
        return ban(n, question, strcmp(ask, "ban") == 0);
    if (strcmp(ask, "end") == 0)
        return end(n, question);
    if (strcmp(ask, "entries") == 0)
        return entries(n, question);
    if (strcmp(ask, "prune") == 0)
        return prune(n, question);
    if (strcmp(ask, "carry") == 0)
        return carry(n, question);
    if (strcmp(ask, "checkpoint") == 0)
        return checkpoint(n, question);
    if (strcmp(ask, "status") == 0)
        out = status(n);
    else if (strcmp(ask, "leave") == 0)
        out = done(node_leave(n));
    else if (strcmp(ask, "sign-off") == 0)
        out = sign_off(n, question);
    else
        return complain(
            "ask: expected status, peers, entries, log-level, ban, unban, carry, prune, end, checkpoint, leave or "
            "sign-off");
    *serial = behind_writes(n);
    return out;
}
