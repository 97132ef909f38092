#include "storm/lies.h"
#include "transfer/transfer.h"

/* The network of a storm: each pair of replicas has a link of its own, and one number is drawn for each message, in
 * which the network's chances have their places; 0 means the least trouble. Twins hear what their replica is sent. */

static unsigned link_of(const struct world *w, unsigned from, unsigned to)
{
    return from * w->plan.replicas + to;
}

/* What the links do now, but for how much they carry. */
static struct link_traits traits_now(const struct world *w)
{
    int64_t calm = w->plan.view_timeout / 20;
    struct link_traits traits = {
        .latency_ns = w->plan.delay_min, .jitter_ns = w->plan.delay_span, .per_ns = w->plan.view_timeout};

    if (w->healed) {
        traits.jitter_ns = traits.jitter_ns > calm ? calm : traits.jitter_ns;
        return traits;
    }
    traits.loss_ppm = w->plan.loss * (PPM / 1000);
    traits.duplicate_ppm = w->plan.duplicate * (PPM / 1000);
    traits.straggle_ppm = w->plan.steady ? 0 : PPM / 64;
    return traits;
}

/* So many in a `whole` of them, of which the last ones are the trouble: luck of the kind that network_draw asks for. */
static uint64_t chance_of(uint64_t value, uint64_t whole)
{
    return (whole - 1 - value % whole) * (PPM / whole);
}

static uint64_t draw(void *context, unsigned from, unsigned to, enum chance chance, uint64_t bound)
{
    const struct world *w = context;
    uint64_t v = w->luck;

    (void)from, (void)to;
    switch (chance) {
    case CHANCE_LOSS:
        return chance_of(v, 1000);
    case CHANCE_JITTER:
        return (v >> 32) % bound;
    case CHANCE_STRAGGLE:
        return chance_of(v >> 20, 64);
    case CHANCE_DUPLICATE:
        return chance_of(v >> 10, 1000);
    case CHANCE_JITTER_AGAIN:
        return (v * 31 >> 32) % bound;
    case CHANCE_STRAGGLE_AGAIN:
        return chance_of(v * 31 >> 20, 64);
    }
    return 0;
}

void links_init(struct world *w)
{
    network_init(&w->network, &w->agenda, w->plan.replicas, w->plan.replicas, draw, w);
    for (unsigned i = 0; i < w->plan.replicas; i++)
        network_join(&w->network, i, i);
}

void links_clog(struct world *w, unsigned from, unsigned to, int64_t until)
{
    network_clog(&w->network, link_of(w, from, to), until);
}

/* Of several faults that make it thin the narrowest counts. */
static uint64_t carries_now(const struct world *w, unsigned from, unsigned to)
{
    uint64_t carries = w->plan.carries;

    for (unsigned i = 0; i < w->plan.fault_count && !w->healed; i++) {
        const struct fault *f = &w->plan.faults[i];
        if (w->agenda.now_ns < f->at || w->agenda.now_ns >= f->at + f->lasts || !fault_thins(f, from, to))
            continue;
        carries = carries == 0 || fault_carries(f) < carries ? fault_carries(f) : carries;
    }
    return carries;
}

void links_change(struct world *w)
{
    struct link_traits traits = traits_now(w);

    w->thin_links = 0;
    for (unsigned from = 0; from < w->plan.replicas; from++) {
        for (unsigned to = 0; to < w->plan.replicas; to++) {
            traits.carries = from != to ? carries_now(w, from, to) : 0;
            w->thin_links += from != to && traits.carries != w->plan.carries;
            network_set_traits(&w->network, link_of(w, from, to), &traits);
        }
    }
}

void links_heal(struct world *w)
{
    for (unsigned from = 0; from < w->plan.replicas; from++) {
        for (unsigned to = 0; to < w->plan.replicas; to++) {
            while (!network_hears(&w->network, from, to))
                network_cut(&w->network, from, to, false);
            network_clog(&w->network, link_of(w, from, to), 0);
            if (network_waiting(&w->network, link_of(w, from, to)) > 0)
                MARK(w, MESSAGE_WAITS_HEAL);
        }
    }
    links_change(w);
}

void links_mark(struct world *w)
{
    uint64_t *hits = w->marks.hits;

    hits[MARK_MESSAGE_LATE] = w->network.late;
    hits[MARK_MESSAGE_CLOGGED] = w->network.clogged;
    hits[MARK_MESSAGE_TWICE] = w->network.duplicates;
    hits[MARK_MESSAGE_WAITS] = w->network.waits;
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

void machine_say(struct machine *from, unsigned to, struct blob *message)
{
    struct world *w = from->world;
    uint64_t id = draw_id(DRAW_LINK, from->replica * REPLICAS_MAX + to, w->sent[from->replica][to]++);
    const struct event sent = {
        .node = to, .from = from->replica, .number = from->index, .life = from->life, .blob = message};
    enum network_fate fate = NETWORK_LOST;
    int64_t later = 0;

    w->luck = draw_value(&w->draw, id);
    if (!network_hears(&w->network, from->replica, to)) {
        MARK(w, MESSAGE_CUT);
        return;
    }
    draw_note(&w->draw, id);
    if (w->slow != NULL && is_slow(w, to, blob_bytes(message))) {
        MARK(w, MESSAGE_SLOW);
        later = w->plan.view_timeout * (int64_t)(1 + (w->luck >> 24) % 4);
    }
    if (w->luck != DRAW_NEVER)
        fate = network_send(&w->network, &sent, later);
    if (fate == NETWORK_LOST)
        MARK(w, MESSAGE_LOST);
    if (fate != NETWORK_SENT)
        trace_message(w, fate == NETWORK_LOST ? "lost" : "waits on a thin link", from->replica, to,
                      blob_bytes(message));
}

void machine_send(struct machine *from, unsigned to, struct blob *message)
{
    if (from->lie == LIE_NONE || from->lie == LIE_TWINS || from->lie == LIE_WIPED || from->lie == LIE_ROTTEN)
        machine_say(from, to, message);
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

void machine_hear(struct machine *m, const struct event *e)
{
    struct world *w = m->world;

    if (!m->up)
        return;
    if (m->paused_until > w->agenda.now_ns) {
        struct event *later = agenda_again(&w->agenda, m->paused_until, e);

        later->kind = EVENT_HEARD_LATE;
        later->node = m->index;
        return;
    }
    if (w->machines[e->number].life != e->life)
        MARK(w, MESSAGE_OLD_LIFE);
    if (replica_owns(blob_bytes(e->blob)))
        hand_over(m, e);
}

void machines_hear(struct world *w, const struct event *e)
{
    machine_hear(&w->machines[e->node], e);
    for (unsigned twin = w->plan.replicas; twin < w->machine_count; twin++) {
        if (w->machines[twin].replica == e->node)
            machine_hear(&w->machines[twin], e);
    }
}
