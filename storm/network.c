#include "base/dmath.h"
#include "storm/lies.h"
#include "transfer/transfer.h"

static void arrive(struct world *w, const struct parcel *p, unsigned to, int64_t at)
{
    for (unsigned i = 0; i < w->machine_count; i++) {
        if (w->machines[i].replica != to)
            continue;
        struct event *e = agenda_add(&w->agenda, at, EVENT_MESSAGE);
        e->node = i;
        e->from = w->machines[p->sender].replica;
        e->life = p->life;
        e->number = p->sender;
        e->blob = blob_hold(p->message);
    }
}

static int64_t delay(const struct world *w, uint64_t v)
{
    int64_t span = w->plan.delay_span, calm = w->plan.view_timeout / 20;

    if (w->healed && span > calm)
        span = calm;
    int64_t d = w->plan.delay_min + (int64_t)((v >> 32) % (uint64_t)(span + 1));
    bool straggler = (v >> 20) % 64 == 63 && !w->healed && !w->plan.steady;
    return straggler ? 10 * d : d;
}

/* Is this a message of the two kinds that are slow? One replica is spared in each view, or none. */
static bool is_slow(const struct world *w, unsigned to, struct bytes message)
{
    static const enum message_type KINDS[8] = {MESSAGE_PREPARE,     MESSAGE_COMMIT,     MESSAGE_PREPARE,
                                               MESSAGE_COMMIT,      MESSAGE_NEW_VIEW,   MESSAGE_CHECKPOINT,
                                               MESSAGE_PRE_PREPARE, MESSAGE_VIEW_CHANGE};
    uint64_t detail = w->slow->detail, n = w->plan.n;
    struct claim claim;
    struct bytes beside;

    if (!pbft_owns(message) || (message.data[1] != KINDS[detail % 8] && message.data[1] != KINDS[detail / 8 % 8]) ||
        !lie_open(w, message, &claim, &beside))
        return false;
    uint64_t turn = detail >> 9 & 1 ? claim.says.view : claim.says.view * (n - 1);
    return detail >> 8 & 1 || (turn + (detail >> 16)) % n != to;
}

/* It has left: how long it takes, and whether it comes twice. */
static void depart(struct world *w, const struct parcel *p, unsigned to)
{
    struct link *link = &w->links[w->machines[p->sender].replica][to];
    uint64_t v = p->luck;
    int64_t at = w->agenda.now_ns + delay(w, v);

    if (w->slow != NULL && is_slow(w, to, blob_bytes(p->message))) {
        MARK(w, MESSAGE_SLOW);
        at += w->plan.view_timeout * (int64_t)(1 + (v >> 24) % 4);
    }
    if (at < link->clogged_until) {
        MARK(w, MESSAGE_CLOGGED);
        at = link->clogged_until;
    }
    if (at < link->last_arrival)
        MARK(w, MESSAGE_LATE);
    else
        link->last_arrival = at;
    arrive(w, p, to, at);
    if (!w->healed && (v >> 10) % 1000 >= 1000 - w->plan.duplicate) {
        MARK(w, MESSAGE_TWICE);
        arrive(w, p, to, at + delay(w, v * 31));
    }
}

/* The first that waits begins to leave. */
static void start_sending(struct world *w, unsigned from, unsigned to)
{
    struct link *link = &w->links[from][to];
    int64_t takes = dmath_muldiv((int64_t)link->first->message->len, w->plan.view_timeout, (int64_t)link->carries);
    struct event *e = agenda_add(&w->agenda, w->agenda.now_ns + takes, EVENT_LINK);

    e->from = from;
    e->node = to;
    e->serial = ++link->serial;
}

static void wait_behind(struct world *w, const struct parcel *p, unsigned to)
{
    unsigned from = w->machines[p->sender].replica;
    struct link *link = &w->links[from][to];
    struct parcel *waiting = mem_alloc(sizeof *waiting);
    bool idle = link->first == NULL;

    *waiting = *p;
    waiting->message = blob_hold(p->message);
    *(idle ? &link->first : link->last) = waiting;
    link->last = &waiting->next;
    if (idle) {
        start_sending(w, from, to);
        return;
    }
    MARK(w, MESSAGE_WAITS);
    trace_message(w, "waits on a thin link", from, to, blob_bytes(p->message));
}

static void drop_first(struct link *link)
{
    struct parcel *p = link->first;

    link->first = p->next;
    blob_drop(p->message);
    mem_free(p);
}

void network_left(struct world *w, const struct event *e)
{
    struct link *link = &w->links[e->from][e->node];

    if (link->first == NULL || e->serial != link->serial)
        return;
    depart(w, link->first, e->node);
    drop_first(link);
    if (link->first != NULL)
        start_sending(w, e->from, e->node);
}

/* What is being sent begins anew at the new speed. */
void network_thin(struct world *w, unsigned from, unsigned to, uint64_t carries)
{
    struct link *link = &w->links[from][to];

    if (link->carries == carries)
        return;
    w->thin_links += (unsigned)(carries != w->plan.carries) - (unsigned)link->thin;
    link->thin = carries != w->plan.carries;
    link->carries = carries;
    if (carries > 0 && link->first != NULL)
        start_sending(w, from, to);
    for (; carries == 0 && link->first != NULL; drop_first(link))
        depart(w, link->first, to);
}

void network_free(struct world *w)
{
    for (unsigned from = 0; from < REPLICAS_MAX; from++) {
        for (unsigned to = 0; to < REPLICAS_MAX; to++) {
            while (w->links[from][to].first != NULL)
                drop_first(&w->links[from][to]);
        }
    }
}

void network_carry(struct machine *from, unsigned to, struct blob *message)
{
    struct world *w = from->world;
    struct link *link = &w->links[from->replica][to];
    uint64_t id = draw_id(DRAW_LINK, from->replica * REPLICAS_MAX + to, link->number++), v = draw_value(&w->draw, id);

    if (link->cuts > 0) {
        MARK(w, MESSAGE_CUT);
        return;
    }
    draw_note(&w->draw, id);
    if (v == DRAW_NEVER || (!w->healed && v % 1000 >= 1000 - w->plan.loss)) {
        MARK(w, MESSAGE_LOST);
        trace_message(w, "lost", from->replica, to, blob_bytes(message));
        return;
    }
    struct parcel p = {message, from->index, from->life, v, NULL};
    if (link->carries > 0 && to != from->replica)
        wait_behind(w, &p, to);
    else
        depart(w, &p, to);
}

void network_send(struct machine *from, unsigned to, struct blob *message)
{
    if (from->lie == LIE_NONE || from->lie == LIE_TWINS || from->lie == LIE_WIPED || from->lie == LIE_ROTTEN)
        network_carry(from, to, message);
    else
        liar_send(from, to, message);
}

static void mark_refusal(struct world *w, enum err err)
{
    if (err == ERR_SIGNATURE)
        MARK(w, REFUSED_SIGNATURE);
    else if (err == ERR_MISMATCH)
        MARK(w, REFUSED_MISMATCH);
    else if (err == ERR_RANGE)
        MARK(w, REFUSED_RANGE);
    else if (err == ERR_SYNTAX || err == ERR_TRUNCATED || err == ERR_CANONICAL || err == ERR_TYPE)
        MARK(w, REFUSED_SYNTAX);
    else if (err == ERR_DUPLICATE)
        MARK(w, REFUSED_DUPLICATE);
}

static void hand_over(struct machine *m, const struct event *e)
{
    struct world *w = m->world;
    struct bytes message = blob_bytes(e->blob);
    bool ordered = pbft_owns(message), proof = ordered && message.data[1] == MESSAGE_STABLE;
    const struct epoch *epoch = machine_epoch(m);
    bool voted = machine_pbft(m) != NULL;

    machine_begin(m);
    enum err err = replica_receive(m->live, e->from, e->blob);
    if (err != ERR_OK && ordered)
        mark_refusal(w, err);
    if (err == ERR_LIMIT && transfer_owns(message))
        MARK(w, TRANSFER_LIMIT);
    trace_message(w, err == ERR_OK ? "gets" : err_text(err), e->from, m->index, message);
    if (ordered && voted)
        foreign_received(m, epoch, message, err, m->out.count);
    if (err == ERR_OK && proof && replica_status(m->live).stable > m->before.stable)
        MARK(w, STABLE_BY_MESSAGE);
    machine_end(m);
}

void network_deliver(struct world *w, const struct event *e)
{
    struct machine *m = &w->machines[e->node];

    if (!m->up)
        return;
    if (m->paused_until > w->agenda.now_ns) {
        agenda_again(&w->agenda, m->paused_until, e);
        return;
    }
    if (w->machines[e->number].life != e->life)
        MARK(w, MESSAGE_OLD_LIFE);
    if (replica_owns(blob_bytes(e->blob)))
        hand_over(m, e);
}
