#include <string.h>

#include "driver/outbox.h"
#include "transfer/messages.h"

#include "tap.h"

/* One machine, whose peers are scripted: what it asks, of whom, and what it takes. */

enum { PEERS = 5, SELF = 0, CHUNK = 16, CHUNKS = 12, TIMER = 3, TIMEOUT = 100 };

struct one {
    struct transfer *machine;
    struct outbox outbox;
    struct buf state, hashes;
    int64_t now;
    uint64_t installed;
    enum err verdict;     /* of the application, on the next proof */
    unsigned asks[PEERS]; /* what each was sent since one_forget */
    unsigned gets[PEERS], offers[PEERS], chunks[PEERS];
    uint64_t offered; /* height of the latest offer that it sent */
    bool got[CHUNKS]; /* chunks that were asked for */
    unsigned blamed;  /* bits */
    bool fruitless, armed;
};

static enum err check(void *context, uint64_t height, struct bytes proof, const struct digest *root)
{
    const struct one *o = context;
    struct digest right = chunks_root(bytes_of_buf(&o->state), CHUNK);

    (void)height, (void)proof;
    return o->verdict != ERR_OK ? o->verdict : digest_equal(root, &right) ? ERR_OK : ERR_MISMATCH;
}

static enum err install(void *context, uint64_t height, struct bytes proof, struct bytes state, struct effects *effects)
{
    struct one *o = context;

    (void)proof, (void)effects;
    CHECK(bytes_equal(state, bytes_of_buf(&o->state)));
    o->installed = height;
    return ERR_OK;
}

static void do_send(void *context, const struct effect *e)
{
    struct one *o = context;
    struct transfer_wire m;

    CHECK_OK(transfer_decode(blob_bytes(e->blob), &m));
    unsigned to = (unsigned)e->to;
    o->asks[to] += m.type == TRANSFER_ASK;
    o->gets[to] += m.type == TRANSFER_GET;
    o->offers[to] += m.type == TRANSFER_OFFER;
    o->chunks[to] += m.type == TRANSFER_CHUNK;
    if (m.type == TRANSFER_GET)
        o->got[m.index] = true;
    if (m.type == TRANSFER_OFFER)
        o->offered = m.height;
}

static void do_timer_set(void *context, uint32_t timer, int64_t at_ns)
{
    struct one *o = context;

    (void)timer, (void)at_ns;
    o->armed = true;
}

static void do_timer_stop(void *context, uint32_t timer)
{
    struct one *o = context;

    (void)timer;
    o->armed = false;
}

static void do_note(void *context, const char *name, uint64_t number, uint64_t other)
{
    struct one *o = context;

    (void)other;
    if (strncmp(name, "transfer.bad", 12) == 0)
        o->blamed |= 1U << number;
    else if (strcmp(name, "transfer.fruitless") == 0)
        o->fruitless = true;
}

static const struct outbox_actions ACTIONS = {
    .send = do_send,
    .timer_set = do_timer_set,
    .timer_stop = do_timer_stop,
    .note = do_note,
};

static void settle(struct one *o, struct effects *effects)
{
    outbox_carry(&o->outbox, effects);
    effects_free(effects);
}

static void one_init(struct one *o)
{
    struct transfer_config config = {PEERS, SELF, CHUNK, TIMEOUT, TIMER};
    struct transfer_app app = {o, check, install};

    *o = (struct one){0};
    outbox_init(&o->outbox, &ACTIONS, o);
    o->machine = transfer_new(&config, &app);
    for (size_t i = 0; i < CHUNKS * CHUNK; i++)
        buf_add_byte(&o->state, (uint8_t)(i / CHUNK));
    chunks_hash(bytes_of_buf(&o->state), CHUNK, &o->hashes);
}

static void one_fini(struct one *o)
{
    transfer_free(o->machine);
    outbox_fini(&o->outbox);
    buf_free(&o->state);
    buf_free(&o->hashes);
}

static void one_forget(struct one *o)
{
    memset(o->asks, 0, sizeof o->asks);
    memset(o->gets, 0, sizeof o->gets);
    memset(o->offers, 0, sizeof o->offers);
    memset(o->chunks, 0, sizeof o->chunks);
}

/* Asks peers 1 to 3; 4 is not among them. */
static void begin(struct one *o, uint64_t above)
{
    static const unsigned OTHERS[] = {1, 2, 3};
    struct effects effects = {0};

    transfer_begin(o->machine, o->now, above, OTHERS, 3, &effects);
    settle(o, &effects);
}

static enum err hear(struct one *o, unsigned from, struct blob *message)
{
    struct effects effects = {0};
    enum err err = transfer_receive(o->machine, o->now, from, blob_bytes(message), &effects);

    settle(o, &effects);
    blob_drop(message);
    return err;
}

static enum err offer(struct one *o, unsigned from, uint64_t height)
{
    return hear(o, from, transfer_offer(height, bytes_of_text("proof"), bytes_of_buf(&o->hashes)));
}

static enum err chunk(struct one *o, unsigned from, uint64_t height, uint64_t index)
{
    struct bytes bytes = chunks_at(bytes_of_buf(&o->state), CHUNK, index);

    return hear(o, from, transfer_chunk(height, index, bytes));
}

static enum err spoilt(struct one *o, unsigned from, uint64_t index)
{
    return hear(o, from, transfer_chunk(10, index, bytes_of_text("sixteen bytes...")));
}

static void time_passes(struct one *o)
{
    struct effects effects = {0};

    o->now += TIMEOUT;
    o->armed = false;
    transfer_timer(o->machine, o->now, &effects);
    settle(o, &effects);
}

/* ---- whom it asks, and whom it believes */

/* Who sent a bad chunk gave its word for a good one. It is asked for nothing more, and nothing more is taken of it,
 * whatever becomes of the others. */
static void a_refused_giver_is_not_asked_again(void)
{
    struct one o;

    one_init(&o);
    begin(&o, 4);
    CHECK(o.asks[1] == 1 && o.asks[2] == 1 && o.asks[3] == 1 && o.asks[4] == 0);
    CHECK_OK(offer(&o, 1, 10));
    CHECK(o.gets[1] == TRANSFER_PER_PEER);
    CHECK_ERR(spoilt(&o, 1, 0), ERR_MISMATCH);
    CHECK_EQ_U64(o.blamed, 1U << 1);
    one_forget(&o);
    CHECK_ERR(chunk(&o, 1, 10, 0), ERR_STALE);
    CHECK_ERR(offer(&o, 1, 10), ERR_STALE);
    CHECK_ERR(offer(&o, 1, 20), ERR_STALE);
    time_passes(&o); /* nobody else has it: all are asked again, but for that one */
    CHECK(o.asks[1] == 0 && o.asks[2] == 1 && o.asks[3] == 1);
    CHECK_ERR(offer(&o, 1, 10), ERR_STALE);
    CHECK_EQ_U64(o.gets[1], 0);
    CHECK_OK(offer(&o, 2, 10));
    CHECK(o.gets[2] == TRANSFER_PER_PEER); /* what the refused one owed is asked of others */
    one_fini(&o);
}

static void who_gives_a_false_offer_is_not_asked_again(void)
{
    struct one o;

    one_init(&o);
    begin(&o, 4);
    o.verdict = ERR_SIGNATURE;
    CHECK_ERR(offer(&o, 1, 10), ERR_SIGNATURE);
    CHECK_EQ_U64(o.blamed, 1U << 1);
    o.verdict = ERR_AGAIN; /* not to be judged here: no fault of the giver */
    CHECK_ERR(offer(&o, 2, 10), ERR_AGAIN);
    CHECK_EQ_U64(o.blamed, 1U << 1);
    o.verdict = ERR_OK;
    CHECK_ERR(offer(&o, 1, 10), ERR_STALE);
    CHECK_OK(offer(&o, 2, 10));
    /* The same height with other hashes. */
    struct blob *other = transfer_offer(10, bytes_of_text("proof"), bytes_of(o.hashes.data, DIGEST_SIZE));
    CHECK_ERR(hear(&o, 3, other), ERR_MISMATCH);
    CHECK_EQ_U64(o.blamed, 1U << 1 | 1U << 3);
    one_fini(&o);
}

static void strangers_and_oneself_are_not_believed(void)
{
    struct one o;

    one_init(&o);
    CHECK_ERR(offer(&o, 1, 10), ERR_STALE); /* nothing is fetched */
    begin(&o, 4);
    CHECK_ERR(offer(&o, 4, 10), ERR_STALE);
    CHECK_ERR(offer(&o, SELF, 10), ERR_UNKNOWN);
    CHECK_ERR(offer(&o, PEERS, 10), ERR_UNKNOWN);
    CHECK_ERR(offer(&o, 1, 4), ERR_STALE); /* no higher than what is here */
    CHECK_OK(offer(&o, 1, 10));
    CHECK_ERR(chunk(&o, 4, 10, 0), ERR_STALE);
    CHECK_ERR(chunk(&o, 1, 11, 0), ERR_STALE);
    CHECK_ERR(hear(&o, 1, transfer_chunk(10, CHUNKS, bytes_of_text("sixteen bytes..."))), ERR_STALE);
    CHECK_OK(chunk(&o, 1, 10, 0));
    CHECK_ERR(chunk(&o, 1, 10, 0), ERR_STALE);
    CHECK_EQ_U64(o.blamed, 0);
    one_fini(&o);
}

/* ---- how much it asks */

static void no_peer_owes_more_than_it_may(void)
{
    struct one o;

    one_init(&o);
    begin(&o, 4);
    for (unsigned i = 1; i <= 3; i++)
        CHECK_OK(offer(&o, i, 10));
    CHECK(o.gets[1] == TRANSFER_PER_PEER && o.gets[2] == TRANSFER_PER_PEER && o.gets[3] == TRANSFER_PER_PEER);
    for (unsigned i = 0; i < 6; i++)
        CHECK(o.got[i]); /* each chunk of one peer */
    CHECK(!o.got[6]);
    CHECK_OK(chunk(&o, 1, 10, 0));
    CHECK(o.gets[1] == TRANSFER_PER_PEER + 1 && o.got[6]);
    one_fini(&o);
}

/* Who is silent is passed over, and its debts go to others; what comes late from it is taken. */
static void the_silent_are_passed_over(void)
{
    struct one o;

    one_init(&o);
    begin(&o, 4);
    CHECK_OK(offer(&o, 1, 10));
    one_forget(&o);
    CHECK_OK(offer(&o, 2, 10));
    CHECK_EQ_U64(o.gets[2], TRANSFER_PER_PEER);
    CHECK_OK(chunk(&o, 2, 10, 2));
    CHECK_OK(chunk(&o, 2, 10, 3));
    one_forget(&o);
    o.now += TIMEOUT / 2;
    CHECK_OK(chunk(&o, 2, 10, 4));
    CHECK_OK(chunk(&o, 2, 10, 5));
    o.now -= TIMEOUT / 2;
    one_forget(&o);
    time_passes(&o); /* 1 owes chunks 0 and 1 since then; what 2 owes is younger */
    CHECK(o.armed);
    CHECK_EQ_U64(o.gets[1], 0);
    CHECK_EQ_U64(o.gets[2], 0); /* it owes two */
    CHECK_OK(chunk(&o, 2, 10, 6));
    CHECK_EQ_U64(o.gets[2], 1); /* chunk 0, which 1 owed */
    CHECK_OK(chunk(&o, 1, 10, 1));
    CHECK(o.gets[1] > 0); /* it is back */
    one_fini(&o);
}

static void all_of_it_is_installed_once(void)
{
    struct one o;

    one_init(&o);
    begin(&o, 4);
    begin(&o, 5); /* while one is fetched: no effect */
    CHECK_EQ_U64(o.asks[1], 1);
    CHECK_OK(offer(&o, 1, 10));
    for (unsigned i = 0; i < CHUNKS; i++) {
        CHECK_EQ_U64(o.installed, 0);
        CHECK_OK(chunk(&o, 1, 10, i));
    }
    CHECK_EQ_U64(o.installed, 10);
    CHECK(!transfer_running(o.machine) && !o.armed);
    CHECK_ERR(offer(&o, 2, 20), ERR_STALE);
    one_fini(&o);
}

/* Each round asks everybody; after some with nothing to show for it the transfer is given up. A chunk is something. */
static void a_fruitless_transfer_ends(void)
{
    struct one o;

    one_init(&o);
    begin(&o, 4);
    for (unsigned i = 1; i < TRANSFER_ROUNDS; i++) {
        time_passes(&o);
        CHECK(transfer_running(o.machine) && o.armed);
    }
    CHECK_EQ_U64(o.asks[2], TRANSFER_ROUNDS);
    CHECK_OK(offer(&o, 1, 10));
    CHECK_OK(chunk(&o, 1, 10, 0));
    for (unsigned i = 1; i < TRANSFER_ROUNDS; i++) {
        time_passes(&o);
        CHECK(transfer_running(o.machine));
    }
    time_passes(&o);
    CHECK(o.fruitless && !transfer_running(o.machine) && !o.armed);
    one_fini(&o);
}

/* A later state is fetched only when the present one is nowhere to be had any more. */
static void it_goes_on_with_what_others_still_have(void)
{
    struct one o;

    one_init(&o);
    begin(&o, 4);
    CHECK_OK(offer(&o, 1, 10));
    CHECK_OK(offer(&o, 2, 10));
    CHECK_ERR(offer(&o, 3, 9), ERR_STALE);
    CHECK_ERR(offer(&o, 1, 20), ERR_STALE); /* gone there, not at 2 */
    CHECK_OK(chunk(&o, 2, 10, 2));
    CHECK_OK(offer(&o, 2, 20)); /* gone */
    CHECK_ERR(chunk(&o, 2, 10, 3), ERR_STALE);
    CHECK_ERR(offer(&o, 2, 15), ERR_STALE); /* and never back */
    for (unsigned i = 0; i < CHUNKS; i++)
        CHECK_OK(chunk(&o, 2, 20, i));
    CHECK_EQ_U64(o.installed, 20);
    CHECK_EQ_U64(o.blamed, 0);
    one_fini(&o);
}

/* ---- what it gives */

static void keep(struct one *o, uint64_t height)
{
    CHECK_OK(transfer_keep(o->machine, o->now, height, bytes_of_text("proof"), bytes_of_buf(&o->state)));
}

static void it_gives_what_it_keeps(void)
{
    struct one o;

    one_init(&o);
    struct bytes proof = bytes_of_text("proof");
    CHECK_ERR(hear(&o, 1, transfer_ask(0)), ERR_MISSING);
    CHECK_ERR(transfer_keep(o.machine, o.now, 5, proof, bytes_of(NULL, 0)), ERR_LIMIT);
    keep(&o, 10);
    keep(&o, 30);
    CHECK_OK(hear(&o, 1, transfer_ask(29)));
    CHECK_EQ_U64(o.offers[1], 1);
    CHECK_ERR(hear(&o, 1, transfer_ask(30)), ERR_MISSING);
    CHECK_OK(hear(&o, 1, transfer_get(30, 3)));
    CHECK_EQ_U64(o.chunks[1], 1);
    CHECK_ERR(hear(&o, 1, transfer_get(30, CHUNKS)), ERR_RANGE);
    CHECK_OK(hear(&o, 1, transfer_get(10, 3))); /* gone: the latest is offered */
    CHECK(o.chunks[1] == 1 && o.offers[1] == 2 && o.offered == 30);
    one_fini(&o);
}

/* Checkpoints follow each other faster than a state is fetched, and what is lost is asked for a time-out later. */
static void who_was_offered_a_state_may_fetch_it_to_the_end(void)
{
    struct one o;

    one_init(&o);
    keep(&o, 10);
    CHECK_OK(hear(&o, 1, transfer_ask(0)));
    for (uint64_t index = 0; index < CHUNKS; index++) {
        o.now += (TRANSFER_ROUNDS - 1) * TIMEOUT;
        for (uint64_t i = 1; i <= 5; i++)
            keep(&o, 10 + 5 * index + i);
        CHECK_OK(hear(&o, 1, transfer_get(10, index)));
        CHECK_OK(hear(&o, 1, transfer_ask(0))); /* it has heard nothing for a while */
        CHECK(o.chunks[1] == index + 1 && o.offered == 10);
    }
    CHECK_OK(hear(&o, 1, transfer_ask(10))); /* it has it */
    CHECK_EQ_U64(o.offered, 10 + 5 * CHUNKS);
    CHECK_OK(hear(&o, 2, transfer_get(10, 0))); /* lent to another */
    CHECK(o.chunks[2] == 0 && o.offers[2] == 1);
    one_fini(&o);
}

static void nothing_is_lent_to_who_asks_no_more(void)
{
    struct one o;

    one_init(&o);
    keep(&o, 10);
    CHECK_OK(hear(&o, 1, transfer_ask(0)));
    o.now += TRANSFER_ROUNDS * TIMEOUT;
    keep(&o, 20);
    CHECK_OK(hear(&o, 1, transfer_get(10, 0)));
    CHECK(o.chunks[1] == 0 && o.offered == 20);
    one_fini(&o);
}

static void one_peer_draws_so_many_answers_in_a_while(void)
{
    struct one o;
    unsigned given = 0;

    one_init(&o);
    keep(&o, 10);
    for (unsigned i = 0; i < 2 * TRANSFER_ANSWERS_MAX; i++)
        given += hear(&o, 1, i % 2 == 0 ? transfer_ask(0) : transfer_get(10, 0)) == ERR_OK;
    CHECK_EQ_U64(given, TRANSFER_ANSWERS_MAX);
    CHECK_OK(hear(&o, 2, transfer_ask(0)));
    o.now += TIMEOUT;
    CHECK_OK(hear(&o, 1, transfer_ask(0)));
    one_fini(&o);
}

int main(void)
{
    TAP_RUN(a_refused_giver_is_not_asked_again);
    TAP_RUN(who_gives_a_false_offer_is_not_asked_again);
    TAP_RUN(strangers_and_oneself_are_not_believed);
    TAP_RUN(no_peer_owes_more_than_it_may);
    TAP_RUN(the_silent_are_passed_over);
    TAP_RUN(all_of_it_is_installed_once);
    TAP_RUN(a_fruitless_transfer_ends);
    TAP_RUN(it_goes_on_with_what_others_still_have);
    TAP_RUN(it_gives_what_it_keeps);
    TAP_RUN(who_was_offered_a_state_may_fetch_it_to_the_end);
    TAP_RUN(nothing_is_lent_to_who_asks_no_more);
    TAP_RUN(one_peer_draws_so_many_answers_in_a_while);
    return tap_done();
}
