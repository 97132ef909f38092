#include "transfer/transfer.h"

#include <limits.h>
#include <string.h>

#include "base/mutate.h"
#include "base/sorted.h"
#include "transfer/messages.h"

enum source_role {
    PEER_ASKED,
    PEER_SOURCE,    /* has the state that is being fetched */
    PEER_ELSEWHERE, /* has another one */
    PEER_SILENT,    /* did not answer in time */
    PEER_REFUSED    /* sent what no correct peer sends */
};

struct kept {
    uint64_t height; /* 0: none */
    struct blob *proof, *state;
    struct blob *offer; /* NULL: nobody has asked for it */
};

/* One of those who are asked. */
struct source {
    unsigned peer;
    enum source_role role;
    unsigned outstanding;
};

/* One who asks us. */
struct borrower {
    unsigned peer;
    int64_t answered_at;
    unsigned answers;
    struct kept lent; /* what it was offered, and may fetch to the end */
    int64_t asked_at; /* for any of it */
};

struct chunk {
    struct blob *bytes; /* NULL: not here */
    bool asked;
    unsigned asked_of;
    int64_t asked_at;
};

/* The state that is being fetched. */
struct target {
    uint64_t height; /* 0: none */
    struct blob *proof, *hashes;
    unsigned count, have, outstanding;
    unsigned next;  /* every chunk below was asked for once, */
    unsigned whole; /* and every one below is here */
    struct chunk *chunks;
};

/* The fields are the transfer's own. */
struct transfer {
    struct transfer_config config;
    struct transfer_app app;
    struct kept kept; /* the latest that we have */
    unsigned borrower_count, borrower_room, source_count;
    struct borrower *borrowers; /* owned; by number of the peer, */
    struct source *sources;     /* owned; like these */
    bool running;
    uint64_t above;
    unsigned rounds, turn;
    struct target target;
};

/* ---- life */

struct transfer *transfer_new(const struct transfer_config *config, const struct transfer_app *app)
{
    struct transfer *t = mem_alloc(sizeof *t);

    ASSERT(config->peers > 0 && config->timeout_ns > 0);
    ASSERT(config->chunk_size > 0 && config->chunk_size <= TRANSFER_CHUNK_SIZE_MAX);
    t->config = *config;
    t->app = *app;
    t->turn = config->self;
    return t;
}

static void target_clear(struct target *g)
{
    for (unsigned i = 0; i < g->count; i++)
        blob_drop(g->chunks[i].bytes);
    mem_free(g->chunks);
    blob_drop(g->proof);
    blob_drop(g->hashes);
    *g = (struct target){0};
}

static void kept_clear(struct kept *k)
{
    blob_drop(k->proof);
    blob_drop(k->state);
    blob_drop(k->offer);
    *k = (struct kept){0};
}

void transfer_free(struct transfer *t)
{
    if (t == NULL)
        return;
    for (unsigned i = 0; i < t->borrower_count; i++)
        kept_clear(&t->borrowers[i].lent);
    mem_free(t->borrowers);
    kept_clear(&t->kept);
    target_clear(&t->target);
    mem_free(t->sources);
    mem_free(t);
}

/* ---- giving */

/* Who has asked for nothing more until a fetcher gives up has it all, or is gone. */
static void forget_lent(struct transfer *t, int64_t now_ns)
{
    int64_t lasts_ns = TRANSFER_ROUNDS * t->config.timeout_ns;
    unsigned kept = 0;

    for (unsigned i = 0; i < t->borrower_count; i++) {
        struct borrower *p = &t->borrowers[i];
        if (MUTATE(TRANSFER_LENDS_FOR_EVER, true, now_ns - p->asked_at < lasts_ns))
            t->borrowers[kept++] = *p;
        else
            kept_clear(&p->lent);
    }
    t->borrower_count = kept;
}

enum err transfer_keep(struct transfer *t, int64_t now_ns, uint64_t height, struct bytes proof, struct bytes state)
{
    ASSERT(height > t->kept.height);
    if (MUTATE(TRANSFER_KEEPS_NOTHING, false, state.len == 0) ||
        chunks_count(state.len, t->config.chunk_size) > TRANSFER_CHUNKS_MAX || proof.len > TRANSFER_PROOF_MAX)
        return ERR_LIMIT;
    forget_lent(t, now_ns);
    kept_clear(&t->kept);
    t->kept = (struct kept){height, blob_new(proof), blob_new(state), NULL};
    return ERR_OK;
}

static struct borrower *borrower_of(struct transfer *t, unsigned peer)
{
    unsigned low =
        sorted_place(t->borrowers, t->borrower_count, sizeof t->borrowers[0], offsetof(struct borrower, peer), peer);

    if (low < t->borrower_count && t->borrowers[low].peer == peer)
        return &t->borrowers[low];
    if (t->borrower_count == t->borrower_room) {
        t->borrower_room = t->borrower_room > 0 ? 2 * t->borrower_room : 4;
        t->borrowers = mem_resize(t->borrowers, t->borrower_room, sizeof t->borrowers[0]);
    }
    memmove(&t->borrowers[low + 1], &t->borrowers[low], (t->borrower_count++ - low) * sizeof t->borrowers[0]);
    t->borrowers[low] = (struct borrower){.peer = peer};
    return &t->borrowers[low];
}

static bool answer_allowed(const struct transfer *t, struct borrower *p, int64_t now_ns)
{
    if (p->answers == 0 || MUTATE(TRANSFER_ANSWERS_END, false, now_ns - p->answered_at >= t->config.timeout_ns)) {
        p->answered_at = now_ns;
        p->answers = 0;
    }
    return MUTATE(TRANSFER_ANSWERS_UNLIMITED, true, p->answers++ < TRANSFER_ANSWERS_MAX);
}

/* Most states are never asked for, so the chunks are hashed when the first peer asks. */
static void make_offer(struct transfer *t, struct kept *k)
{
    struct buf hashes = {0};

    if (k->offer != NULL)
        return;
    chunks_hash(blob_bytes(k->state), t->config.chunk_size, &hashes);
    k->offer = transfer_offer(k->height, blob_bytes(k->proof), bytes_of_buf(&hashes));
    buf_free(&hashes);
}

static void lend(struct transfer *t, struct borrower *p)
{
    struct kept *k = &t->kept;

    make_offer(t, k);
    kept_clear(&p->lent);
    p->lent = (struct kept){k->height, blob_hold(k->proof), blob_hold(k->state), blob_hold(k->offer)};
}

/* What the peer was offered, for as long as that is what it lacks: who loses an answer asks once more, and goes on.
 * Else the latest. */
static enum err give_offer(struct transfer *t, unsigned to, struct borrower *p, uint64_t above, struct effects *effects)
{
    if (MUTATE(TRANSFER_OFFERS_THE_LATEST, true, p->lent.height <= above)) {
        if (t->kept.height == 0 || MUTATE(TRANSFER_OFFERS_WHAT_IS_HAD, false, t->kept.height <= above))
            return ERR_MISSING;
        lend(t, p);
    }
    effects_send(effects, (int32_t)to, p->lent.offer);
    return ERR_OK;
}

static enum err give_chunk(struct transfer *t, unsigned to, struct borrower *p, const struct transfer_wire *m,
                           struct effects *effects)
{
    const struct kept *k = MUTATE(TRANSFER_LENDS_NOTHING, &t->kept, &p->lent);

    if (k->height == 0 || MUTATE(TRANSFER_GIVES_ANOTHER_STATE, false, k->height != m->height))
        return give_offer(t, to, p, m->height, effects);
    struct bytes state = blob_bytes(k->state);
    if (m->index >= chunks_count(state.len, t->config.chunk_size))
        return ERR_RANGE;
    struct blob *chunk = transfer_chunk(k->height, m->index, chunks_at(state, t->config.chunk_size, m->index));
    effects_send(effects, (int32_t)to, chunk);
    blob_drop(chunk);
    return ERR_OK;
}

static enum err give(struct transfer *t, int64_t now_ns, unsigned to, const struct transfer_wire *m,
                     struct effects *effects)
{
    struct borrower *p = borrower_of(t, to);

    if (!answer_allowed(t, p, now_ns))
        return ERR_LIMIT;
    p->asked_at = now_ns;
    return m->type == TRANSFER_ASK ? give_offer(t, to, p, m->height, effects) : give_chunk(t, to, p, m, effects);
}

/* ---- fetching */

/* NULL: a stranger, who is not asked. */
static struct source *source_of(const struct transfer *t, unsigned peer)
{
    unsigned at = 0;

    while (at < t->source_count && t->sources[at].peer < peer)
        at++;
    return at < t->source_count && t->sources[at].peer == peer ? &t->sources[at] : NULL;
}

static void arm(struct transfer *t, int64_t now_ns, struct effects *effects)
{
    effects_timer_set(effects, t->config.timer, now_ns + t->config.timeout_ns);
}

static void ask_all(struct transfer *t, struct effects *effects)
{
    struct blob *ask = transfer_ask(t->above);

    for (unsigned i = 0; i < t->source_count; i++) {
        struct source *s = &t->sources[i];
        if (MUTATE(TRANSFER_ASKS_THE_REFUSED, false, s->role == PEER_REFUSED))
            continue;
        s->role = PEER_ASKED;
        effects_send(effects, (int32_t)s->peer, ask);
    }
    blob_drop(ask);
}

static void add_source(struct transfer *t, unsigned peer)
{
    unsigned at = t->source_count++;

    for (; at > 0 && t->sources[at - 1].peer > peer; at--)
        t->sources[at] = t->sources[at - 1];
    ASSERT(at == 0 || t->sources[at - 1].peer < peer);
    t->sources[at] = (struct source){.peer = peer, .role = PEER_ASKED};
}

void transfer_begin(struct transfer *t, int64_t now_ns, uint64_t above, const unsigned *peers, unsigned count,
                    struct effects *effects)
{
    if (MUTATE(TRANSFER_BEGINS_TWICE, false, t->running))
        return;
    t->source_count = 0;
    t->sources = mem_resize(t->sources, count, sizeof t->sources[0]);
    for (unsigned i = 0; i < count; i++) {
        ASSERT(peers[i] < t->config.peers && peers[i] != t->config.self);
        add_source(t, peers[i]);
    }
    t->running = true;
    t->above = above;
    t->rounds = 0;
    ask_all(t, effects);
    arm(t, now_ns, effects);
}

bool transfer_running(const struct transfer *t)
{
    return t->running;
}

static void drop_target(struct transfer *t)
{
    target_clear(&t->target);
    for (unsigned i = 0; i < t->source_count; i++) {
        t->sources[i].outstanding = 0;
        if (t->sources[i].role == PEER_SOURCE)
            t->sources[i].role = PEER_ELSEWHERE;
    }
}

void transfer_stop(struct transfer *t, struct effects *effects)
{
    if (!t->running)
        return;
    t->running = false;
    drop_target(t);
    MUTATE(TRANSFER_TIMER_GOES_ON, (void)0, effects_timer_stop(effects, t->config.timer));
}

static void release(struct transfer *t, struct chunk *c)
{
    c->asked = false;
    source_of(t, c->asked_of)->outstanding--;
    t->target.outstanding--;
}

/* Nothing more is expected of this peer: others are asked for what it owes. */
static void dismiss(struct transfer *t, unsigned peer, enum source_role role)
{
    struct source *source = source_of(t, peer);
    struct target *g = &t->target;

    for (unsigned i = 0; i < g->next && source->outstanding > 0; i++) {
        if (g->chunks[i].asked && MUTATE(TRANSFER_DEBTS_STAY, false, g->chunks[i].asked_of == peer))
            release(t, &g->chunks[i]);
    }
    source->role = role;
}

static bool any_source(const struct transfer *t)
{
    for (unsigned i = 0; i < t->source_count; i++) {
        if (t->sources[i].role == PEER_SOURCE)
            return true;
    }
    return false;
}

/* The next source in turn that owes us less than it may. */
static struct source *pick_source(struct transfer *t)
{
    unsigned after = 0;

    while (after < t->source_count && t->sources[after].peer <= t->turn)
        after++;
    for (unsigned i = 0; i < t->source_count; i++) {
        struct source *s = &t->sources[(after + i) % t->source_count];
        bool free = s->outstanding < MUTATE(TRANSFER_ONE_OWES_ALL, UINT_MAX, TRANSFER_PER_PEER);
        if (s->role == PEER_SOURCE && free) {
            t->turn = s->peer;
            return s;
        }
    }
    return NULL;
}

static void ask_chunks(struct transfer *t, int64_t now_ns, struct effects *effects)
{
    struct target *g = &t->target;
    struct source *source;

    while (g->whole < g->count && g->chunks[g->whole].bytes != NULL)
        g->whole++;
    for (unsigned i = g->whole; i < g->count && g->outstanding < TRANSFER_OUTSTANDING; i++) {
        struct chunk *c = &g->chunks[i];
        if (c->bytes != NULL || MUTATE(TRANSFER_ASKS_TWICE, false, c->asked))
            continue;
        if ((source = pick_source(t)) == NULL)
            return;
        *c = (struct chunk){.asked = true, .asked_of = source->peer, .asked_at = now_ns};
        source->outstanding++;
        g->outstanding++;
        g->next = i >= g->next ? i + 1 : g->next;
        struct blob *get = transfer_get(g->height, i);
        effects_send(effects, (int32_t)source->peer, get);
        blob_drop(get);
    }
}

static void refuse(struct transfer *t, unsigned peer, const char *note, uint64_t number, struct effects *effects)
{
    effects_note(effects, note, peer, number);
    dismiss(t, peer, PEER_REFUSED);
}

/* ---- an offer */

static enum err adopt(struct transfer *t, const struct transfer_wire *m)
{
    struct digest root = chunks_root_of(m->hashes);
    enum err err = t->app.check(t->app.context, m->height, m->proof, &root);

    if (MUTATE(TRANSFER_OFFER_BELIEVED, false, err != ERR_OK))
        return err;
    drop_target(t);
    t->target = (struct target){
        .height = m->height,
        .proof = blob_new(m->proof),
        .hashes = blob_new(m->hashes),
        .count = (unsigned)(m->hashes.len / DIGEST_SIZE),
    };
    t->target.chunks = mem_array(t->target.count, sizeof t->target.chunks[0]);
    return ERR_OK;
}

static enum err judge_offer(struct transfer *t, unsigned from, const struct transfer_wire *m, struct effects *effects)
{
    const struct target *g = &t->target;

    if (g->height == m->height)
        return MUTATE(TRANSFER_HASHES_UNCOMPARED, true, bytes_equal(m->hashes, blob_bytes(g->hashes))) ? ERR_OK
                                                                                                       : ERR_MISMATCH;
    if (MUTATE(TRANSFER_TAKES_EARLIER, false, g->height > m->height))
        return ERR_STALE;
    if (g->height > 0) {
        /* The state that we are fetching is gone there. As long as others have it we go on. */
        dismiss(t, from, PEER_ELSEWHERE);
        if (MUTATE(TRANSFER_MOVES_AT_ONCE, false, any_source(t)))
            return ERR_STALE;
        effects_note(effects, "transfer.moved", m->height, g->height);
    }
    return adopt(t, m);
}

static enum err receive_offer(struct transfer *t, int64_t now_ns, unsigned from, const struct transfer_wire *m,
                              struct effects *effects)
{
    struct source *source = MUTATE(TRANSFER_STRANGERS_OFFER, &t->sources[0], source_of(t, from));

    if (!t->running || source == NULL || MUTATE(TRANSFER_REFUSED_OFFER, false, source->role == PEER_REFUSED) ||
        MUTATE(TRANSFER_TAKES_WHAT_IS_HAD, false, m->height <= t->above))
        return ERR_STALE;
    enum err err = judge_offer(t, from, m, effects);
    if (err == ERR_OK)
        source->role = PEER_SOURCE;
    else if (err != ERR_STALE && MUTATE(TRANSFER_BLAMES_THE_UNKNOWN, true, err != ERR_AGAIN))
        refuse(t, from, "transfer.bad_offer", m->height, effects);
    ask_chunks(t, now_ns, effects);
    return err;
}

/* ---- a chunk */

static bool chunk_right(const struct target *g, uint64_t index, struct bytes chunk)
{
    struct digest hash = merkle_leaf_hash(chunk);
    struct bytes expected = bytes_of(g->hashes->data + (size_t)index * DIGEST_SIZE, DIGEST_SIZE);

    return MUTATE(PBFT_CHUNK_UNCHECKED, chunk.len > 0, bytes_equal(digest_bytes(&hash), expected));
}

static void complete(struct transfer *t, struct effects *effects)
{
    struct target *g = &t->target;
    struct buf state = {0};

    for (unsigned i = 0; i < g->count; i++)
        buf_add(&state, g->chunks[i].bytes->data, g->chunks[i].bytes->len);
    enum err err = t->app.install(t->app.context, g->height, blob_bytes(g->proof), bytes_of_buf(&state), effects);
    effects_note(effects, err == ERR_OK ? "transfer.done" : "transfer.refused", g->height, g->count);
    buf_free(&state);
    transfer_stop(t, effects);
}

static enum err receive_chunk(struct transfer *t, int64_t now_ns, unsigned from, const struct transfer_wire *m,
                              struct effects *effects)
{
    struct target *g = &t->target;

    struct source *source = MUTATE(TRANSFER_STRANGERS_CHUNK, &t->sources[0], source_of(t, from));

    if (!t->running || source == NULL || MUTATE(TRANSFER_REFUSED_CHUNK, false, source->role == PEER_REFUSED) ||
        MUTATE(TRANSFER_CHUNK_OF_ANOTHER_STATE, g->count == 0, m->height != g->height) || m->index >= g->count ||
        MUTATE(TRANSFER_CHUNK_TWICE, false, g->chunks[m->index].bytes != NULL))
        return ERR_STALE;
    if (!chunk_right(g, m->index, m->chunk)) {
        MUTATE(TRANSFER_BAD_CHUNK_FORGIVEN, (void)0, refuse(t, from, "transfer.bad_chunk", m->index, effects));
        ask_chunks(t, now_ns, effects);
        return ERR_MISMATCH;
    }
    struct chunk *c = &g->chunks[m->index];
    if (c->asked)
        release(t, c);
    c->bytes = blob_new(m->chunk);
    g->have++;
    t->rounds = MUTATE(TRANSFER_CHUNK_IS_NO_FRUIT, t->rounds, 0);
    if (MUTATE(TRANSFER_SILENT_FOR_EVER, false, source->role == PEER_SILENT))
        source->role = PEER_SOURCE; /* late, but it has it */
    if (g->have == g->count)
        complete(t, effects);
    else
        ask_chunks(t, now_ns, effects);
    return ERR_OK;
}

/* ---- events */

bool transfer_owns(struct bytes message)
{
    return message.len >= 2 && message.data[0] >> 5 == 4 && message.data[1] >= TRANSFER_ASK &&
           message.data[1] <= TRANSFER_CHUNK;
}

enum err transfer_receive(struct transfer *t, int64_t now_ns, unsigned from, struct bytes message,
                          struct effects *effects)
{
    struct transfer_wire m;
    bool other = MUTATE(TRANSFER_OF_ITSELF, true, from != t->config.self);
    enum err err = from < t->config.peers && other ? transfer_decode(message, &m) : ERR_UNKNOWN;

    if (err != ERR_OK)
        return err;
    switch (m.type) {
    case TRANSFER_ASK:
    case TRANSFER_GET:
        return give(t, now_ns, from, &m, effects);
    case TRANSFER_OFFER:
        return receive_offer(t, now_ns, from, &m, effects);
    case TRANSFER_CHUNK:
        return receive_chunk(t, now_ns, from, &m, effects);
    }
    return ERR_UNKNOWN;
}

/* Who owes us a chunk for too long is passed over. */
static void pass_over(struct transfer *t, int64_t now_ns)
{
    struct target *g = &t->target;

    for (unsigned i = 0; i < g->next; i++) {
        const struct chunk *c = &g->chunks[i];
        if (c->asked && MUTATE(TRANSFER_WAITS_FOR_EVER, false, now_ns - c->asked_at >= t->config.timeout_ns))
            dismiss(t, c->asked_of, PEER_SILENT);
    }
}

void transfer_timer(struct transfer *t, int64_t now_ns, struct effects *effects)
{
    if (!t->running)
        return;
    pass_over(t, now_ns);
    if (t->target.height == 0 || !any_source(t)) {
        if (++t->rounds == MUTATE(TRANSFER_ENDLESS_ROUNDS, UINT_MAX, TRANSFER_ROUNDS)) {
            effects_note(effects, "transfer.fruitless", t->above, t->target.have);
            transfer_stop(t, effects);
            return;
        }
        ask_all(t, effects);
    }
    ask_chunks(t, now_ns, effects);
    MUTATE(TRANSFER_TIMER_ONCE, (void)0, arm(t, now_ns, effects));
}
