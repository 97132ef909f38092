/* What a node tells over HTTP: its numbers as they are now, whether it is of use, its status. */
#include <jansson.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/text.h"
#include "node/parts.h"
#include "prismfed/simulation.h"

enum { MEMBERS_TOLD_MAX = 256, PEERS_TOLD_MAX = 256 };

/* Everything that struct node_metrics points to, for one answer. */
struct telling {
    struct node *node;
    struct node_metrics m;
    char federation_id[2 * DIGEST_SIZE + 1];
    struct metrics_peer peers[PEERS_TOLD_MAX];
    struct metrics_member members[MEMBERS_TOLD_MAX];
};

static uint64_t size_of(const char *path, const char *suffix)
{
    struct buf name = {0};
    struct stat st = {0};

    buf_printf(&name, "%s%s", path, suffix);
    uint64_t size = stat(buf_text(&name), &st) == 0 ? (uint64_t)st.st_size : 0;
    buf_free(&name);
    return size;
}

static void tell_peer(void *context, const struct transport_peer_status *p)
{
    struct telling *t = context;
    const struct federation_state *s = fed_state(t->node->fed);
    int member = state_find(s, &p->peer);

    if (member >= 0)
        t->m.validators_connected += p->connected && state_replica(s, (unsigned)member) >= 0;
    if (member < 0 || t->m.peer_count == PEERS_TOLD_MAX)
        return;
    t->peers[t->m.peer_count++] = (struct metrics_peer){
        .name = state_member(s, (unsigned)member)->card.name,
        .connected = p->connected,
        .votes = state_replica(s, (unsigned)member) >= 0,
        .rtt_ns = p->rtt_ns,
        .bytes_in = p->bytes_in,
        .bytes_out = p->bytes_out,
        .messages_in = p->messages_in,
        .messages_out = p->messages_out,
        .dropped = p->dropped,
        .queued_bytes = p->queued,
        .connections = p->connections,
    };
}

static void tell_members(struct telling *t, const struct federation_state *s)
{
    for (unsigned i = 0; i < s->member_count && t->m.member_count < MEMBERS_TOLD_MAX; i++) {
        const struct member *m = state_member(s, i);

        if (m->status == MEMBER_LEFT)
            continue;
        t->members[t->m.member_count++] = (struct metrics_member){
            .name = m->card.name,
            .staleness_epochs = s->epoch > m->counted_epoch ? s->epoch - m->counted_epoch : 0,
            .false_claims = m->false_claims,
        };
    }
}

static void tell_federation(struct node_metrics *m, const struct federation_state *s)
{
    m->epoch = s->epoch;
    m->phase = epoch_phase_name(s->phase);
    m->height = s->height;
    m->log_entries = s->log.size;
    m->membership_epoch = s->membership_epoch;
    m->validators = s->validator_count;
    m->quorum = s->quorum;
    m->updates = state_updates(s);
    m->score_rows = state_rows(s);
    for (unsigned i = 0; i < s->member_count; i++)
        m->members += state_member(s, i)->status != MEMBER_LEFT;
}

static void tell_consensus(struct node_metrics *m, const struct fed *fed)
{
    struct pbft_status p = fed_pbft_status(fed);

    m->votes = fed_self_replica(fed) >= 0;
    m->view = p.view;
    m->primary = p.primary;
    m->is_primary = p.is_primary;
    m->in_view_change = p.in_view_change;
    m->view_changes = p.view_changes;
    m->known_height = p.known_decided;
    m->stable_height = p.stable;
    m->pending = p.pending;
}

static void tell(struct node *n, struct telling *t)
{
    const struct federation_state *s = fed_state(n->fed);
    int self = fed_member(n->fed);
    struct node_metrics *m = &t->m;

    *t = (struct telling){.node = n};
    digest_hex(&s->federation_id, t->federation_id);
    m->version = PRISMFED_VERSION;
    m->node = n->config->node;
    m->role = self >= 0 ? member_role_name(state_member(s, (unsigned)self)->card.role) : "";
    m->federation_id = t->federation_id;
    m->peers = t->peers;
    m->member_list = t->members;
    tell_federation(m, s);
    tell_consensus(m, n->fed);
    tell_members(t, s);
    transport_each(n->contacts.transport, tell_peer, t);
    m->recovering = n->recovering;
    m->store_bytes = size_of(n->config->store, "") + size_of(n->config->store, "-wal");
    m->oldest_block = store_pruned(n->store) + 1;
    m->writes_in_flight = outbox_in_flight(&n->outbox);
    m->jobs_running = jobs_running(n->jobs);
    m->messages = n->messages;
    m->messages_refused = n->refused;
    gauges_tell(&n->gauges, loop_now(n->loop), m);
    metrics_process(m);
}

static void tell_metrics(void *context, struct buf *out)
{
    struct telling *t = mem_alloc(sizeof *t);

    tell(context, t);
    metrics_render(&t->m, out);
    mem_free(t);
}

static bool tell_ready(void *context, struct buf *reasons)
{
    struct telling *t = mem_alloc(sizeof *t);

    tell(context, t);
    bool ready = metrics_ready(&t->m, reasons);
    mem_free(t);
    return ready;
}

static json_t *tell_status(void *context)
{
    json_t *question = json_object();
    uint64_t serial = 0; /* who monitors wants to see a node whose disk hangs, too: it does not wait */

    json_put(question, "ask", json_string("status"));
    json_t *answer = node_answer(context, question, &serial);
    json_decref(question);
    return answer;
}

enum err operations_open(struct node *n, struct diag *diag)
{
    static const struct http_actions actions = {tell_metrics, tell_ready, tell_status};

    if (n->config->http[0] == '\0')
        return ERR_OK;
    return http_new(n->loop, n->config->http, &actions, n, &n->http, diag);
}
