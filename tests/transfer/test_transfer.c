#include <string.h>

#include "base/prng.h"
#include "driver/outbox.h"
#include "transfer/messages.h"
#include "tap.h"

/* Peers with transfer machines of their own; messages arrive in order, unless a peer is down or spoilt. */

enum { PEERS = 4, LEARNER = 0, CHUNK = 16, QUEUE_MAX = 4096 };

struct parcel {
    unsigned from, to;
    struct blob *message;
};

struct peer {
    struct group *group;
    unsigned index;
    struct outbox outbox;
};

struct group {
    struct peer peers[PEERS];
    struct transfer *machines[PEERS];
    struct buf states[100]; /* certified: by height */
    bool down[PEERS], spoils[PEERS];
    struct parcel queue[QUEUE_MAX];
    size_t head, count;
    int64_t now;
    bool armed;
    uint64_t installed;
    bool right;
    unsigned gets[PEERS];    /* chunks asked of each */
    unsigned owed, owed_max; /* and not answered */
    unsigned blamed;         /* bits */
    unsigned moved, fruitless;
};

static enum err check(void *context, uint64_t height, struct bytes proof, const struct digest *root)
{
    const struct group *g = context;

    if (height >= 100 || g->states[height].len == 0 || !bytes_equal(proof, bytes_of_text("quorum")))
        return ERR_SIGNATURE;
    struct digest certified = chunks_root(bytes_of_buf(&g->states[height]), CHUNK);
    return digest_equal(&certified, root) ? ERR_OK : ERR_MISMATCH;
}

static enum err install(void *context, uint64_t height, struct bytes proof, struct bytes state, struct effects *effects)
{
    struct group *g = context;

    (void)effects;
    g->installed = height;
    g->right = bytes_equal(state, bytes_of_buf(&g->states[height])) && bytes_equal(proof, bytes_of_text("quorum"));
    return ERR_OK;
}

static void state_of(struct group *g, uint64_t height, size_t len)
{
    for (size_t i = 0; i < len; i++)
        buf_add_byte(&g->states[height], (uint8_t)(height * 31 + i / CHUNK));
}

static void keep(struct group *g, unsigned peer, uint64_t height)
{
    CHECK(transfer_keep(g->machines[peer], g->now, height, bytes_of_text("quorum"), bytes_of_buf(&g->states[height])) ==
          ERR_OK);
}

static void group_free(struct group *g)
{
    for (; g->head < g->count; g->head++)
        blob_drop(g->queue[g->head].message);
    for (unsigned i = 0; i < PEERS; i++) {
        transfer_free(g->machines[i]);
        outbox_fini(&g->peers[i].outbox);
    }
    for (unsigned i = 0; i < 100; i++)
        buf_free(&g->states[i]);
}

/* What a peer that spoils chunks sends instead. */
static struct blob *spoilt(struct blob *message)
{
    struct transfer_wire m;
    struct buf chunk = {0};

    if (transfer_decode(blob_bytes(message), &m) != ERR_OK || m.type != TRANSFER_CHUNK)
        return blob_hold(message);
    buf_add(&chunk, m.chunk.data, m.chunk.len);
    chunk.data[0] ^= 1;
    struct blob *blob = transfer_chunk(m.height, m.index, bytes_of_buf(&chunk));
    buf_free(&chunk);
    return blob;
}

static void do_send(void *context, const struct effect *e)
{
    struct peer *peer = context;
    struct group *g = peer->group;
    unsigned kind = e->blob->data[1];

    if (g->down[peer->index])
        return;
    g->gets[e->to] += kind == TRANSFER_GET;
    g->owed += kind == TRANSFER_GET;
    g->owed -= kind == TRANSFER_CHUNK;
    g->owed_max = g->owed > g->owed_max ? g->owed : g->owed_max;
    ASSERT(g->count < QUEUE_MAX);
    struct blob *blob = g->spoils[peer->index] ? spoilt(e->blob) : blob_hold(e->blob);
    g->queue[g->count++] = (struct parcel){peer->index, (unsigned)e->to, blob};
}

static void do_timer_set(void *context, uint32_t timer, int64_t at_ns)
{
    struct peer *peer = context;

    (void)timer, (void)at_ns;
    peer->group->armed = true;
}

static void do_timer_stop(void *context, uint32_t timer)
{
    struct peer *peer = context;

    (void)timer;
    peer->group->armed = false;
}

static void do_note(void *context, const char *name, uint64_t number, uint64_t other)
{
    struct peer *peer = context;
    struct group *g = peer->group;

    (void)other;
    if (strncmp(name, "transfer.bad", 12) == 0)
        g->blamed |= 1U << number;
    g->moved += strcmp(name, "transfer.moved") == 0;
    g->fruitless += strcmp(name, "transfer.fruitless") == 0;
}

static const struct outbox_actions ACTIONS = {
    .send = do_send,
    .timer_set = do_timer_set,
    .timer_stop = do_timer_stop,
    .note = do_note,
};

static struct transfer *machine(struct group *g, unsigned peer)
{
    struct transfer_config config = {PEERS, peer, CHUNK, 100, 3};
    struct transfer_app app = {g, check, install};

    return transfer_new(&config, &app);
}

static void group_init(struct group *g)
{
    *g = (struct group){0};
    for (unsigned i = 0; i < PEERS; i++) {
        g->machines[i] = machine(g, i);
        g->peers[i] = (struct peer){.group = g, .index = i};
        outbox_init(&g->peers[i].outbox, &ACTIONS, &g->peers[i]);
    }
    state_of(g, 10, 30 * CHUNK + 5);
    state_of(g, 20, 20 * CHUNK);
    state_of(g, 30, 25 * CHUNK + 1);
}

static void take(struct group *g, unsigned from, struct effects *effects)
{
    outbox_carry(&g->peers[from].outbox, effects);
    effects_free(effects);
}

/* One message, or, when there is none, the timer. False: nothing is left to happen. */
static bool step(struct group *g)
{
    struct effects effects = {0};

    if (g->head < g->count) {
        struct parcel p = g->queue[g->head++];
        if (!g->down[p.to])
            (void)!transfer_receive(g->machines[p.to], g->now, p.from, blob_bytes(p.message), &effects);
        take(g, p.to, &effects);
        blob_drop(p.message);
        return true;
    }
    if (!g->armed)
        return false;
    g->armed = false;
    g->now += 100;
    g->owed = 0;
    transfer_timer(g->machines[LEARNER], g->now, &effects);
    take(g, LEARNER, &effects);
    return true;
}

static void begin(struct group *g, uint64_t above)
{
    static const unsigned OTHERS[] = {1, 2, 3};
    struct effects effects = {0};

    transfer_begin(g->machines[LEARNER], g->now, above, OTHERS, 3, &effects);
    take(g, LEARNER, &effects);
}

static void run(struct group *g)
{
    while (step(g))
        ;
}

static void fetches_from_many(void)
{
    struct group g;

    group_init(&g);
    for (unsigned i = 1; i < PEERS; i++)
        keep(&g, i, 10);
    begin(&g, 4);
    run(&g);
    CHECK(g.installed == 10 && g.right && !transfer_running(g.machines[LEARNER]));
    CHECK(g.gets[1] + g.gets[2] + g.gets[3] == 31 && g.gets[1] >= 8 && g.gets[2] >= 8 && g.gets[3] >= 8);
    CHECK(g.owed_max <= TRANSFER_OUTSTANDING && g.blamed == 0 && g.now == 0);
    group_free(&g);
}

static void a_bad_chunk_is_refused_and_its_sender_named(void)
{
    struct group g;

    group_init(&g);
    for (unsigned i = 1; i < PEERS; i++)
        keep(&g, i, 10);
    g.spoils[2] = true;
    begin(&g, 4);
    run(&g);
    CHECK(g.installed == 10 && g.right);
    CHECK(g.blamed == 1U << 2);
    CHECK(g.gets[2] <= TRANSFER_PER_PEER);
    group_free(&g);
}

static void an_offer_without_a_quorum_is_refused(void)
{
    struct group g;
    struct effects effects = {0};

    group_init(&g);
    keep(&g, 2, 10);
    CHECK(transfer_keep(g.machines[1], g.now, 12, bytes_of_text("nobody"), bytes_of_buf(&g.states[10])) == ERR_OK);
    CHECK(transfer_keep(g.machines[3], g.now, 10, bytes_of_text("quorum"), bytes_of_buf(&g.states[20])) == ERR_OK);
    begin(&g, 4);
    run(&g);
    CHECK(g.installed == 10 && g.right);
    CHECK(g.blamed == (1U << 1 | 1U << 3) && g.gets[1] == 0 && g.gets[3] == 0);
    /* Nothing was asked for: nothing is taken. */
    struct blob *offer = transfer_offer(20, bytes_of_text("quorum"), bytes_of(g.states[20].data, DIGEST_SIZE));
    CHECK(transfer_receive(g.machines[LEARNER], g.now, 1, blob_bytes(offer), &effects) == ERR_STALE);
    CHECK(effects.count == 0);
    blob_drop(offer);
    group_free(&g);
}

/* At every moment of a transfer one peer, then a second one, stops answering. */
static void peers_crash_at_every_moment(void)
{
    unsigned right = 0, tries = 0;

    for (unsigned at = 0; at < 60; at++) {
        struct group g;
        group_init(&g);
        for (unsigned i = 1; i < PEERS; i++)
            keep(&g, i, 10);
        begin(&g, 4);
        for (unsigned i = 0; i < at; i++)
            (void)step(&g);
        g.down[1 + at % 3] = true;
        for (unsigned i = 0; i < 5; i++)
            (void)step(&g);
        g.down[1 + (at + 1) % 3] = true;
        run(&g);
        right += g.installed == 10 && g.right && g.blamed == 0;
        tries++;
        group_free(&g);
    }
    CHECK(right == tries);
}

/* All move on to later states after so many steps; who restarts then, and does so with them alone, has forgotten what
 * it offered. */
static void move_on(struct group *g, unsigned at, bool restart)
{
    group_init(g);
    for (unsigned i = 1; i < PEERS; i++)
        keep(g, i, 10);
    begin(g, 4);
    for (unsigned i = 0; i < at; i++)
        (void)step(g);
    for (unsigned i = 1; i < PEERS; i++) {
        if (restart) {
            transfer_free(g->machines[i]);
            g->machines[i] = machine(g, i);
        }
        keep(g, i, 20);
        keep(g, i, 30);
    }
}

/* Whatever is lost meanwhile: the state that has been offered is fetched to its end. */
static void peers_move_on_at_every_moment(void)
{
    unsigned right = 0, moved = 0;

    for (unsigned at = 0; at < 60; at++) {
        struct group g;
        move_on(&g, at, false);
        for (; at % 2 == 1 && g.head < g.count; g.head++)
            blob_drop(g.queue[g.head].message);
        run(&g);
        right += (g.installed == 10 || (at < PEERS - 1 && g.installed == 30)) && g.right && g.blamed == 0;
        moved += g.moved;
        group_free(&g);
    }
    CHECK_EQ_U64(right, 60);
    CHECK_EQ_U64(moved, 0);
}

/* The state that is fetched is gone, and nobody is to blame for that. */
static void peers_forget_at_every_moment(void)
{
    unsigned right = 0, moved = 0;

    for (unsigned at = 0; at < 60; at++) {
        struct group g;
        move_on(&g, at, true);
        run(&g);
        right += g.installed >= 10 && g.right && g.blamed == 0;
        moved += g.moved;
        group_free(&g);
    }
    CHECK_EQ_U64(right, 60);
    CHECK(moved > 30);
}

static void nobody_has_a_later_state(void)
{
    struct group g;

    group_init(&g);
    keep(&g, 1, 10);
    begin(&g, 10);
    run(&g);
    CHECK(g.fruitless == 1 && g.installed == 0 && !transfer_running(g.machines[LEARNER]));
    keep(&g, 1, 20);
    begin(&g, 10); /* and again */
    run(&g);
    CHECK(g.installed == 20 && g.right);
    group_free(&g);
}

static void what_a_peer_draws_is_bounded(void)
{
    struct group g;
    struct effects effects = {0};
    struct transfer_wire m;
    struct buf big = {0};
    unsigned answers = 0;

    group_init(&g);
    keep(&g, 1, 10);
    struct blob *ask = transfer_ask(0);
    for (unsigned i = 0; i < 10 * TRANSFER_ANSWERS_MAX; i++)
        answers += transfer_receive(g.machines[1], 5, 2, blob_bytes(ask), &effects) == ERR_OK;
    CHECK(answers == TRANSFER_ANSWERS_MAX && effects.count == TRANSFER_ANSWERS_MAX);
    CHECK(transfer_receive(g.machines[1], 5, 3, blob_bytes(ask), &effects) == ERR_OK);
    CHECK(transfer_receive(g.machines[1], 5, PEERS, blob_bytes(ask), &effects) == ERR_UNKNOWN);
    blob_drop(ask);
    for (unsigned i = 0; i <= TRANSFER_CHUNKS_MAX; i++)
        buf_add(&big, &(struct digest){{0}}, DIGEST_SIZE);
    struct blob *offer = transfer_offer(1, bytes_of_text(""), bytes_of_buf(&big));
    CHECK(transfer_decode(blob_bytes(offer), &m) == ERR_LIMIT);
    blob_drop(offer);
    offer = transfer_offer(1, bytes_of_text(""), bytes_of(big.data, 33));
    CHECK(transfer_decode(blob_bytes(offer), &m) == ERR_SYNTAX);
    blob_drop(offer);
    offer = transfer_offer(UINT64_MAX, bytes_of_text(""), bytes_of(big.data, 32));
    CHECK(transfer_decode(blob_bytes(offer), &m) == ERR_RANGE);
    blob_drop(offer);
    struct blob *get = transfer_get(1, TRANSFER_CHUNKS_MAX);
    CHECK(transfer_decode(blob_bytes(get), &m) == ERR_RANGE);
    blob_drop(get);
    while (big.len <= (size_t)CHUNK * TRANSFER_CHUNKS_MAX)
        buf_add(&big, big.data == NULL ? "" : "0123456789abcdef", CHUNK);
    CHECK(transfer_keep(g.machines[2], g.now, 50, bytes_of_text("quorum"), bytes_of_buf(&big)) == ERR_LIMIT);
    buf_free(&big);
    effects_free(&effects);
    group_free(&g);
}

/* Random changes of real messages: never a wrong state, never an end without one. */
static void damaged_messages(void)
{
    unsigned right = 0;

    for (uint64_t seed = 0; seed < 200; seed++) {
        struct group g;
        struct prng prng;
        tap_seed(seed);
        prng_stream(&prng, 1, "noise", seed);
        group_init(&g);
        for (unsigned i = 1; i < PEERS; i++)
            keep(&g, i, 20);
        begin(&g, 0);
        for (bool more = true; more;) {
            struct parcel *p = &g.queue[g.head];
            if (g.head < g.count && p->from == 1 && prng_below(&prng, 2) == 0) {
                struct blob *changed = blob_new(blob_bytes(p->message));
                changed->data[prng_below(&prng, changed->len)] ^= (uint8_t)(1U << prng_below(&prng, 8));
                blob_drop(p->message);
                p->message = changed;
            }
            more = step(&g);
        }
        right += g.installed == 20 && g.right && (g.blamed & ~2U) == 0;
        group_free(&g);
    }
    CHECK(right == 200);
}

static void stored_snapshot(void)
{
    struct snapshot in = {7, bytes_of_text("proof"), bytes_of_text("state")}, out;
    struct blob *blob = snapshot_encode(&in);

    CHECK(snapshot_decode(blob_bytes(blob), &out) == ERR_OK);
    CHECK(out.height == 7 && bytes_equal(out.proof, in.proof) && bytes_equal(out.state, in.state));
    CHECK(snapshot_decode(bytes_of(blob->data, blob->len - 1), &out) != ERR_OK);
    blob_drop(blob);
    in.height = 0;
    blob = snapshot_encode(&in);
    CHECK(snapshot_decode(blob_bytes(blob), &out) == ERR_RANGE);
    blob_drop(blob);
}

int main(void)
{
    TAP_RUN(fetches_from_many);
    TAP_RUN(a_bad_chunk_is_refused_and_its_sender_named);
    TAP_RUN(an_offer_without_a_quorum_is_refused);
    TAP_RUN(peers_crash_at_every_moment);
    TAP_RUN(peers_move_on_at_every_moment);
    TAP_RUN(peers_forget_at_every_moment);
    TAP_RUN(nobody_has_a_later_state);
    TAP_RUN(what_a_peer_draws_is_bounded);
    TAP_RUN(damaged_messages);
    TAP_RUN(stored_snapshot);
    return tap_done();
}
