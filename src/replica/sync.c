#include <string.h>

#include "base/mutate.h"
#include "replica/internal.h"

/* Asking for what is missing, and answering who asks. */

void sync_init(struct replica *r)
{
    r->sync.known = r->config.peers;
    r->sync.wait_ns = r->config.poll_ns;
    r->sync.helped = true;
}

void sync_free(struct replica *r)
{
    mem_free(r->sync.shunned);
    mem_free(r->sync.given);
}

void sync_meet(struct replica *r, unsigned peers)
{
    r->sync.known = peers;
}

/* ---- whom to ask */

/* Room for so many items in place of *count, zeros at the end. */
static void *grown(void *items, unsigned *count, unsigned wanted, size_t size)
{
    if (wanted <= *count)
        return items;
    items = mem_resize(items, wanted, size);
    memset((char *)items + *count * size, 0, (wanted - *count) * size);
    *count = wanted;
    return items;
}

static void shun(struct replica *r, unsigned peer, uint64_t height)
{
    struct sync *s = &r->sync;

    s->shunned = grown(s->shunned, &s->shunned_count, peer + 1, sizeof s->shunned[0]);
    s->shunned[peer] = MUTATE(REPLICA_SHUNS_NOBODY, false, true);
    effects_note(r->out, "replica.bad_block", peer, height);
}

static bool may_ask(const struct replica *r, unsigned peer)
{
    return peer != r->config.self && (peer >= r->sync.shunned_count || !r->sync.shunned[peer]);
}

/* Voters in turn, beginning beside ourselves, so that not everybody asks the same one. */
static bool next_in_turn(struct replica *r, unsigned *out)
{
    const struct replica_voters *v = &r->chain.voters;

    for (unsigned tries = 0; tries < v->set.count; tries++) {
        unsigned peer = v->peers[(r->config.self + 1 + r->sync.turn++) % v->set.count];
        if (may_ask(r, peer)) {
            *out = peer;
            return true;
        }
    }
    return false;
}

/* Who gave a hint first, but only once: who hints all the time need not answer. */
static bool whom_to_ask(struct replica *r, unsigned *out)
{
    struct sync *s = &r->sync;
    bool pointed = s->pointed && may_ask(r, s->pointed_to);

    s->pointed = false;
    if (pointed) {
        *out = s->pointed_to;
        return true;
    }
    if (next_in_turn(r, out))
        return true;
    s->shunned_count = 0; /* all of them gave bad blocks, or there is nobody else */
    return next_in_turn(r, out);
}

/* ---- what is missing */

static uint64_t known_decided(const struct replica *r)
{
    return r->consensus.pbft != NULL ? pbft_known_decided(r->consensus.pbft) : 0;
}

/* Is anything above the chain's height to be asked for? */
static bool is_behind(const struct replica *r)
{
    enum replica_interest interest = r->app.interest(r->app.context);

    if (r->consensus.pbft == NULL)
        return interest != REPLICA_RESTS;
    switch (r->sync.state) {
    case SYNC_PROBING:
    case SYNC_BEHIND:
    case SYNC_FETCHING:
    case SYNC_TRANSFERRING:
        return true;
    case SYNC_LEVEL:
    case SYNC_BACKFILL:
        break;
    }
    return interest == REPLICA_SEARCHES || known_decided(r) > r->chain.height;
}

static void become_level(struct replica *r)
{
    r->sync.state = backfill_wanted(r) ? SYNC_BACKFILL : SYNC_LEVEL;
}

static void ask(struct replica *r, unsigned from, uint64_t height)
{
    struct blob *message = replica_message_fetch(height);

    effects_send(r->out, (int32_t)from, message);
    effects_after(r->out, AFTER_NONE);
    blob_drop(message);
}

static bool begin_transfer(struct replica *r)
{
    if (!states_begin(r))
        return false;
    r->sync.tried = r->chain.height + r->config.state_gap;
    r->sync.state = SYNC_TRANSFERRING;
    return true;
}

static bool is_far(const struct replica *r)
{
    uint64_t known = known_decided(r), height = r->chain.height;

    if (r->sync.heard > known)
        known = r->sync.heard;
    return known > height && known - height >= r->config.state_gap && height >= r->sync.tried;
}

/* The next blocks, or a state. */
static void fetch(struct replica *r, unsigned from)
{
    if (r->sync.state == SYNC_TRANSFERRING || replica_outruns_disk(r) || (is_far(r) && begin_transfer(r)))
        return;
    ask(r, from, r->chain.height + 1);
    r->sync.asked_of = from;
    if (r->sync.state != SYNC_PROBING)
        r->sync.state = SYNC_FETCHING;
}

static void poll(struct replica *r)
{
    unsigned peer;

    if (!whom_to_ask(r, &peer))
        return;
    r->sync.helped = false;
    if (r->sync.state == SYNC_BACKFILL)
        ask(r, peer, r->backfill.next);
    if (is_behind(r))
        fetch(r, peer);
}

/* ---- the timer */

static void arm(struct replica *r, int64_t at_ns)
{
    if (r->sync.poll_at_ns == at_ns)
        return;
    r->sync.poll_at_ns = at_ns;
    if (at_ns != 0)
        effects_timer_set(r->out, REPLICA_TIMER_POLL, at_ns);
    else
        effects_timer_stop(r->out, REPLICA_TIMER_POLL);
}

static bool is_wanted(const struct replica *r)
{
    return r->sync.state == SYNC_BACKFILL || is_behind(r);
}

/* Does it look for nothing new? Whoever votes asks at least once after a start, also when the application rests: nobody
 * sends it unasked what was decided while it was away. */
static bool rests(const struct replica *r)
{
    return r->consensus.pbft == NULL && r->app.interest(r->app.context) == REPLICA_RESTS;
}

/* Somebody has decided what was not known of, or votes in a later membership epoch: the question that comes to
 * something is the next one. */
static void note_news(struct replica *r, uint64_t height, uint64_t membership_epoch)
{
    struct sync *s = &r->sync;
    struct news *n = &s->news;

    if (height <= n->height && MUTATE(REPLICA_EPOCH_IS_NO_NEWS, true, membership_epoch <= n->membership_epoch))
        return;
    n->height = height > n->height ? height : n->height;
    n->membership_epoch = membership_epoch > n->membership_epoch ? membership_epoch : n->membership_epoch;
    s->wait_ns = MUTATE(REPLICA_NEWS_WAITS, s->wait_ns, r->config.poll_ns);
    if (s->poll_at_ns > r->now_ns + s->wait_ns)
        arm(r, r->now_ns + s->wait_ns);
}

void sync_arm(struct replica *r)
{
    note_news(r, known_decided(r), 0);
    if (r->sync.state == SYNC_PROBING && rests(r))
        become_level(r);
    if (!is_wanted(r))
        arm(r, 0);
    else if (r->sync.poll_at_ns == 0)
        arm(r, r->now_ns + r->sync.wait_ns);
}

/* There was progress: the next poll is a whole interval away. */
static void put_off(struct replica *r)
{
    r->sync.helped = true;
    r->sync.wait_ns = r->config.poll_ns;
    if (r->sync.poll_at_ns != 0)
        arm(r, r->now_ns + r->sync.wait_ns);
}

/* Up to the longest view time-out. */
static int64_t doubled(const struct replica *r, int64_t wait_ns)
{
    int64_t longest = r->config.pbft.view_timeout_max_ns;

    if (longest <= r->config.poll_ns)
        return r->config.poll_ns;
    return 2 * wait_ns < longest ? 2 * wait_ns : longest;
}

static void back_off(struct replica *r)
{
    bool steady = MUTATE(REPLICA_POLLS_AT_ONE_PACE, true, r->sync.helped);

    r->sync.wait_ns = steady ? r->config.poll_ns : doubled(r, r->sync.wait_ns);
}

void sync_poll(struct replica *r)
{
    r->sync.poll_at_ns = 0;
    if (!is_wanted(r))
        return;
    back_off(r);
    poll(r);
}

void sync_start(struct replica *r, bool probe)
{
    const struct replica_voters *v = &r->chain.voters;
    bool alone = v->self >= 0 && v->set.count == 1;

    r->sync.pushed = r->chain.height;
    if (probe && !alone && !rests(r))
        r->sync.state = SYNC_PROBING;
    else
        become_level(r);
    if (r->sync.state == SYNC_PROBING)
        poll(r);
}

/* ---- giving */

/* Blocks from this height on, as many as fit. */
static unsigned collect(struct replica *r, uint64_t from, struct blob *held[REPLICA_BLOCKS_MAX])
{
    unsigned count = 0;
    size_t size = 0;

    while (count < REPLICA_BLOCKS_MAX) {
        struct blob *block = NULL;
        enum err err = chain_read(r, from + count, &block);
        if (err != ERR_OK && err != ERR_MISSING) /* the asker gets what there is; the driver's operator must know */
            effects_note(r->out, "replica.store_error", from + count, err);
        if (err != ERR_OK)
            break;
        size += block->len;
        if (count > 0 && size > REPLICA_BLOCKS_SIZE_MAX) {
            blob_drop(block);
            break;
        }
        held[count++] = block;
    }
    return count;
}

/* Has the peer been sent this block, and what came behind it, just now? */
static bool is_given(const struct replica *r, struct given *g, uint64_t from)
{
    if (from < g->from || from > g->to) {
        g->wait_ns = r->config.poll_ns;
        return false;
    }
    if (r->now_ns - g->at_ns < g->wait_ns)
        return MUTATE(REPLICA_GIVES_TIME_AND_AGAIN, false, true);
    g->wait_ns = doubled(r, g->wait_ns);
    return false;
}

static void note_given(const struct replica *r, struct given *g, uint64_t from, unsigned count)
{
    if (count > 0)
        *g = (struct given){from, from + count - 1, r->now_ns, g->wait_ns};
}

static void serve(struct replica *r, unsigned to, uint64_t from)
{
    struct blob *held[REPLICA_BLOCKS_MAX], *message;
    struct bytes blocks[REPLICA_BLOCKS_MAX];

    struct sync *s = &r->sync;

    s->given = grown(s->given, &s->given_count, to + 1, sizeof s->given[0]);
    if (is_given(r, &s->given[to], from))
        return;
    unsigned count = collect(r, from, held);
    note_given(r, &s->given[to], from, count);
    for (unsigned i = 0; i < count; i++)
        blocks[i] = blob_bytes(held[i]);
    if (from > r->chain.height || from == 0)
        message = replica_message_status(r->chain.height);
    else
        message = replica_message_blocks(r->chain.height, blocks, count); /* no block: they are gone here */
    effects_send(r->out, (int32_t)to, message);
    effects_after(r->out, count > 0 ? chain_write_of(r, from + count - 1) : AFTER_NONE);
    blob_drop(message);
    while (count > 0)
        blob_drop(held[--count]);
}

/* The learners are divided among who votes: at each height each of them is somebody's. */
void sync_push(struct replica *r)
{
    const struct replica_voters *v = &r->chain.voters;

    for (uint64_t h = r->sync.pushed + 1; v->self >= 0 && h <= r->chain.height; h++) {
        struct blob *block = NULL, *message = NULL;
        if (chain_read(r, h, &block) != ERR_OK)
            continue; /* who wants it will ask */
        for (unsigned p = 0; p < r->sync.known; p++) {
            if ((p + h) % v->set.count != (unsigned)v->self || !r->app.follows(r->app.context, p))
                continue;
            if (message == NULL) {
                struct bytes bytes = blob_bytes(block);
                message = replica_message_blocks(h, &bytes, 1);
            }
            effects_send(r->out, (int32_t)p, message);
            effects_after(r->out, chain_write_of(r, h));
        }
        blob_drop(message);
        blob_drop(block);
    }
    r->sync.pushed = r->chain.height;
}

/* ---- taking */

/* The next block: *applied grows. ERR_AGAIN: there is a gap below it. */
static enum err take_next(struct replica *r, struct blob *bytes, const struct replica_block *block, unsigned *applied)
{
    enum err err = chain_take(r, bytes, block);

    if (err != ERR_OK)
        return err;
    consensus_follow(r);
    consensus_advance(r);
    ++*applied;
    return ERR_OK;
}

static enum err take(struct replica *r, unsigned from, struct bytes encoded, unsigned *applied)
{
    struct blob *bytes = blob_cache_blob(r->config.blobs, encoded);
    struct replica_block block = {0};
    enum err err = r->app.open(r->app.context, bytes, &block);

    if (err == ERR_OK && block.height <= r->chain.height)
        err = backfill_take(r, bytes, &block);
    else if (err == ERR_OK)
        err = take_next(r, bytes, &block, applied);
    blob_drop(bytes);
    if (err == ERR_STATE) /* the fault is ours */
        effects_note(r->out, "replica.divergence", block.height, 0);
    else if (err != ERR_OK && err != ERR_STALE && err != ERR_AGAIN)
        shun(r, from, r->chain.height + 1);
    return err == ERR_STALE ? ERR_OK : err;
}

static void note_progress(struct replica *r, unsigned applied)
{
    effects_note(r->out, "replica.catch_up", r->chain.height, applied);
    put_off(r);
    r->sync.pushed = r->chain.height; /* who decided them has pushed them */
}

/* Who is higher lacks the next blocks itself. */
static void blocks_gone(struct replica *r, unsigned from)
{
    effects_note(r->out, "replica.gone", r->chain.height + 1, from);
    if (!begin_transfer(r))
        r->sync.state = SYNC_BEHIND;
}

/* What follows from an answer of which so many blocks were the next ones; err: of the one after them. */
static void go_on(struct replica *r, unsigned from, const struct replica_wire *m, unsigned applied, enum err err)
{
    struct sync *s = &r->sync;
    bool asked = (s->state == SYNC_FETCHING || s->state == SYNC_PROBING) &&
                 MUTATE(REPLICA_STRANGERS_BLOCKS_GONE, true, from == s->asked_of);

    if (s->state == SYNC_TRANSFERRING)
        return;
    if (err != ERR_OK && err != ERR_AGAIN)
        s->state = asked ? SYNC_BEHIND : s->state; /* somebody else is asked */
    else if (m->height <= r->chain.height)
        become_level(r);
    else if (applied > 0 || (err == ERR_AGAIN && !asked))
        fetch(r, from);
    else if (asked && m->count == 0)
        blocks_gone(r, from);
    else if (s->state == SYNC_LEVEL || s->state == SYNC_BACKFILL || (asked && s->state == SYNC_FETCHING))
        s->state = SYNC_BEHIND;
}

static enum err receive_blocks(struct replica *r, unsigned from, const struct replica_wire *m)
{
    uint64_t missing = r->backfill.next;
    unsigned applied = 0;
    enum err err = ERR_OK;

    for (unsigned i = 0; i < m->count && err == ERR_OK && !replica_outruns_disk(r); i++)
        err = take(r, from, m->blocks[i], &applied);
    if (applied > 0)
        note_progress(r, applied);
    if (r->backfill.next > missing)
        put_off(r);
    if (backfill_wanted(r) && r->backfill.next > missing && !replica_outruns_disk(r))
        ask(r, from, r->backfill.next);
    go_on(r, from, m, applied, err);
    return err == ERR_AGAIN ? ERR_OK : err;
}

/* Somebody seems to know more: it is asked at the next poll. */
static void point_to(struct replica *r, unsigned from)
{
    r->sync.pointed = true;
    r->sync.pointed_to = from;
    if (r->sync.state == SYNC_LEVEL || r->sync.state == SYNC_BACKFILL)
        r->sync.state = SYNC_BEHIND;
}

static void receive_status(struct replica *r, unsigned from, uint64_t height)
{
    if (height > r->chain.height) {
        effects_note(r->out, "replica.hint", height, from);
        point_to(r, from);
        return;
    }
    r->sync.helped |= height == r->chain.height; /* who says less says so late, or lags */
    if (r->sync.state != SYNC_TRANSFERRING)
        become_level(r);
}

enum err sync_receive(struct replica *r, unsigned from, struct bytes message)
{
    struct replica_wire m;
    enum err err = replica_message_decode(message, &m);

    if (err != ERR_OK)
        return err;
    if (m.type == REPLICA_FETCH) {
        serve(r, from, m.height);
        return ERR_OK;
    }
    r->sync.heard = m.height;
    note_news(r, m.height, 0);
    if (m.type == REPLICA_BLOCKS)
        return receive_blocks(r, from, &m);
    receive_status(r, from, m.height);
    return ERR_OK;
}

void sync_hear(struct replica *r, unsigned from, struct bytes message)
{
    uint64_t theirs, ours = r->chain.voters.set.membership_epoch;

    if (!pbft_membership_epoch(message, &theirs) || theirs == ours)
        return;
    if (theirs > ours) {
        effects_note(r->out, "replica.laggard", theirs, from);
        note_news(r, 0, theirs);
        point_to(r, from);
        return;
    }
    struct blob *status = replica_message_status(r->chain.height);
    effects_send(r->out, (int32_t)from, status);
    effects_after(r->out, AFTER_NONE);
    blob_drop(status);
}

/* ---- states */

/* A transfer is over: a state was installed, or nothing came of it. */
static void end_transfer(struct replica *r, uint64_t before)
{
    struct sync *s = &r->sync;

    if (r->chain.height > before) {
        s->pushed = r->chain.height;
        put_off(r);
        consensus_advance(r);
    }
    if (s->state != SYNC_TRANSFERRING || states_running(r))
        return;
    if (r->chain.height > before && s->heard <= r->chain.height)
        become_level(r);
    else
        s->state = SYNC_BEHIND;
}

enum err sync_receive_state(struct replica *r, unsigned from, struct bytes message)
{
    uint64_t before = r->chain.height;
    enum err err = states_receive(r, from, message);

    end_transfer(r, before);
    return err;
}

void sync_transfer_timer(struct replica *r)
{
    states_timer(r);
    end_transfer(r, r->chain.height);
}
