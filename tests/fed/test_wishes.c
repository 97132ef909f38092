#include "federation.h"

#include <string.h>

#include "codec/cbor.h"
#include "state/change.h"
#include "tap.h"

/* What operators want is said once: nobody repeats anything here. */

enum { VALIDATORS = 3, PARTICIPANT = VALIDATORS, NEWCOMERS = 5, GUEST = VALIDATORS + 1, WISH = 34 };

static struct federation fed;
static unsigned told, told_by; /* of GUEST + 0, 1, ...: so many; validators 0, 1, ... */

static void begin(uint64_t seed, uint64_t epochs)
{
    struct federation_options options = federation_usual(VALIDATORS, 1, seed);

    tap_seed(seed);
    options.last_epoch = epochs;
    options.newcomers = NEWCOMERS;
    options.collect_ns = options.score_ns = SECOND;
    federation_init(&fed, &options);
    for (unsigned i = 0; i < NEWCOMERS; i++)
        fed.nodes[GUEST + i].played = true; /* silent */
    federation_start(&fed);
}

static void end(void)
{
    CHECK(federation_run(&fed, 900 * SECOND));
    CHECK_EQ_TEXT(fed.breach, "");
}

static struct blob *body_of(const struct change *change, uint64_t until, const struct secret_key *key)
{
    struct digest id = digest_of(bytes_of_buf(&fed.genesis));
    struct buf body = {0};

    change_body_encode(change, until, &id, key, &body);
    struct blob *blob = blob_new(bytes_of_buf(&body));
    buf_free(&body);
    return blob;
}

static struct blob *join_of(unsigned node, uint64_t until)
{
    struct change change = {.kind = CHANGE_JOIN, .card = federation_card(&fed, node), .sponsor = "node-1"};

    return body_of(&change, until, &fed.nodes[node].key);
}

static void tell(struct federation *f, unsigned validator)
{
    for (unsigned i = 0; i < told; i++) {
        struct blob *body = join_of(GUEST + i, 60);
        node_tell(f, validator, FED_EVENT_SIGN_OFF, body);
        blob_drop(body);
    }
}

static void tell_all(struct federation *f, unsigned node)
{
    (void)node;
    for (unsigned i = 0; i < told_by; i++)
        tell(f, i);
}

static unsigned guests(void)
{
    const struct federation_state *s = federation_state(&fed);
    unsigned count = 0;

    for (unsigned i = 0; i < NEWCOMERS; i++)
        count += state_find(s, &fed.nodes[GUEST + i].key.fingerprint) >= 0;
    return count;
}

static unsigned wish_records(unsigned node)
{
    const struct disk *d = &fed.nodes[node].host.disk;
    unsigned count = 0;

    for (size_t i = 0; i < d->count; i++) {
        struct cbor_reader r;
        cbor_reader_init(&r, blob_bytes(d->records[i].blob));
        (void)cbor_get_array(&r);
        count += cbor_get_uint(&r) == WISH;
    }
    return count;
}

/* ---- */

/* policy.joins_per_epoch is two. */
static void who_has_no_room_comes_later(void)
{
    begin(1, 10);
    told = NEWCOMERS;
    told_by = VALIDATORS;
    federation_at(&fed, SECOND, tell_all, 0);
    end();
    CHECK_EQ_U64(guests(), NEWCOMERS);
    for (unsigned i = 0; i < VALIDATORS; i++)
        CHECK_EQ_U64(wish_records(i), 0); /* it is over */
    federation_fini(&fed);
}

static void tell_and_crash(struct federation *f, unsigned validator)
{
    node_cut_off(f, validator);
    tell(f, validator);
    node_crash(f, validator);
    node_start(f, validator);
    node_reconnect(f, validator);
}

/* Each of them crashes before anybody has heard anything. */
static void a_crash_forgets_no_wish(void)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        begin(seed, 10);
        told = NEWCOMERS;
        for (unsigned i = 0; i < VALIDATORS; i++)
            federation_at(&fed, (int64_t)(i + 1) * SECOND / 2, tell_and_crash, i);
        end();
        CHECK_EQ_U64(guests(), NEWCOMERS);
        federation_fini(&fed);
    }
}

static void crash_and_start(struct federation *f, unsigned node)
{
    node_crash(f, node);
    node_start(f, node);
}

/* One of them, of whom two are a quorum, is told early, and its records are compacted many times until it starts anew,
 * and another one is told. */
static void it_is_kept_for_long(void)
{
    begin(4, 60);
    told = 1;
    told_by = 1;
    federation_at(&fed, SECOND, tell_all, 0);
    federation_at(&fed, 12 * SECOND, crash_and_start, 0);
    federation_run(&fed, 12 * SECOND);
    CHECK_EQ_U64(guests(), 0);
    CHECK(federation_state(&fed)->height > 16); /* four checkpoints */
    federation_at(&fed, 16 * SECOND, tell, 1);
    end();
    CHECK_EQ_U64(guests(), 1);
    federation_fini(&fed);
}

/* ---- another key */

static void start_by(unsigned node, const struct secret_key *key, const struct secret_key *next, bool from_blocks,
                     int member)
{
    struct fed_config config = federation_config(&fed, node);
    struct ledger_store store = fed.nodes[node].host.disk.ledger;
    struct diag diag = {0};
    struct fed *started;

    config.key = *key;
    if (next != NULL)
        config.next_key = *next;
    if (from_blocks)
        store.snapshot = NULL;
    enum err err = fed_new(bytes_of_buf(&fed.genesis), &config, &store, &started, &diag);
    if (member < 0) {
        CHECK_ERR(err, ERR_MISMATCH);
        CHECK(strstr(diag.text, "another one by now") != NULL);
        return;
    }
    if (!CHECK_OK(err))
        return;
    CHECK_EQ_I64(fed_member(started), member);
    CHECK_EQ_I64(fed_self_replica(started), member);
    fed_free(started);
}

/* Its ledger knows of the new key; with the old one alone it is nobody. */
static void check_rotated(unsigned node)
{
    struct secret_key key;

    key_simulated(99, "another", &key);
    for (unsigned from_blocks = 0; from_blocks < 2; from_blocks++) {
        start_by(node, &fed.nodes[node].key, &key, from_blocks, (int)node);
        start_by(node, &key, NULL, from_blocks, (int)node);
        start_by(node, &fed.nodes[node].key, NULL, from_blocks, -1);
    }
}

/* A membership epoch ends, and takes the sign-offs with it that were not enough. */
static void rotate(struct federation *f, unsigned node)
{
    struct change change = {.kind = CHANGE_ROTATE, .card = federation_card(f, node)};
    struct secret_key key;

    key_simulated(99, "another", &key);
    change.card.key = key.public;
    struct blob *body = body_of(&change, 60, &key);
    for (unsigned i = 0; i < VALIDATORS; i++)
        node_tell(f, i, FED_EVENT_SIGN_OFF, body);
    blob_drop(body);
}

static void it_outlives_a_membership_epoch(void)
{
    begin(5, 60);
    told = 1;
    told_by = 1; /* the quorum is two of three */
    federation_at(&fed, SECOND, tell_all, 0);
    federation_at(&fed, 2 * SECOND, rotate, 2); /* it does not have that key: silent from then on */
    federation_run(&fed, 12 * SECOND);
    CHECK_EQ_U64(federation_state(&fed)->membership_epoch, 2);
    CHECK_EQ_U64(guests(), 0);
    federation_at(&fed, 12 * SECOND, tell, 1);
    federation_run(&fed, 60 * SECOND);
    CHECK_EQ_TEXT(fed.breach, "");
    CHECK_EQ_U64(guests(), 1);
    check_rotated(2);
    federation_fini(&fed);
}

static void leave_and_crash(struct federation *f, unsigned node)
{
    node_cut_off(f, node);
    node_tell(f, node, FED_EVENT_LEAVE, NULL);
    node_crash(f, node);
    node_start(f, node);
    node_reconnect(f, node);
}

static void who_wants_to_leave_does(void)
{
    begin(6, 10);
    federation_at(&fed, SECOND, leave_and_crash, PARTICIPANT);
    end();
    CHECK_EQ_U64(state_member(federation_state(&fed), PARTICIPANT)->status, MEMBER_LEFT);
    CHECK_EQ_U64(wish_records(PARTICIPANT), 0);
    federation_fini(&fed);
}

/* Its time is over, and nobody else wanted it. */
static void what_cannot_be_done_is_forgotten(void)
{
    begin(7, 10);
    struct blob *body = join_of(GUEST, 3);
    federation_run(&fed, SECOND);
    node_tell(&fed, 0, FED_EVENT_SIGN_OFF, body);
    node_tell(&fed, 0, FED_EVENT_SIGN_OFF, body); /* the same */
    CHECK_EQ_U64(wish_records(0), 1);
    end();
    CHECK_EQ_U64(guests(), 0);
    CHECK_EQ_U64(wish_records(0), 0);
    blob_drop(body);
    federation_fini(&fed);
}

static enum err refusal(unsigned node, enum fed_event_kind kind, struct blob *body)
{
    struct fed_event event = {.kind = kind, .now_ns = federation_now(&fed), .blob = body};
    struct effects effects = {0};
    enum err err = fed_step(fed.nodes[node].fed, &event, &effects);

    for (size_t i = 0; i < effects.count && err != ERR_OK; i++)
        CHECK(effects.items[i].kind != EFFECT_PERSIST);
    effects_free(&effects);
    blob_drop(body);
    return err;
}

/* What is wrong, or can never be, is said to the operator at once. */
static void the_operator_hears_why_not(void)
{
    struct change stake = {.kind = CHANGE_STAKE}, join = {.kind = CHANGE_JOIN};

    begin(8, 10);
    federation_run(&fed, 30 * SECOND);
    CHECK_ERR(refusal(PARTICIPANT, FED_EVENT_SIGN_OFF, join_of(GUEST, 60)), ERR_STATE); /* no vote */
    CHECK_ERR(refusal(0, FED_EVENT_LEAVE, NULL), ERR_STATE);
    CHECK_ERR(refusal(0, FED_EVENT_SIGN_OFF, join_of(GUEST, 1)), ERR_STALE);
    CHECK_ERR(refusal(0, FED_EVENT_SIGN_OFF, join_of(GUEST, 1000)), ERR_RANGE);
    CHECK_ERR(refusal(0, FED_EVENT_SIGN_OFF, join_of(1, 60)), ERR_DUPLICATE); /* a member's name */
    CHECK(refusal(0, FED_EVENT_SIGN_OFF, blob_new(bytes_of_text("no body"))) != ERR_OK);
    stake.card = federation_card(&fed, 0);
    CHECK_ERR(refusal(0, FED_EVENT_SIGN_OFF, body_of(&stake, 60, NULL)), ERR_DUPLICATE); /* what it has */
    stake.card.stake = 101;
    CHECK_ERR(refusal(0, FED_EVENT_SIGN_OFF, body_of(&stake, 60, NULL)), ERR_RANGE); /* more than any founder */
    join.card = federation_card(&fed, GUEST);
    snprintf(join.sponsor, sizeof join.sponsor, "node-%u", PARTICIPANT);
    CHECK_ERR(refusal(0, FED_EVENT_SIGN_OFF, body_of(&join, 60, &fed.nodes[GUEST].key)), ERR_STATE);
    federation_fini(&fed);
}

/* Nobody else wants any of them: they take turns, but no faster than the epochs. */
static void unwanted_ones_take_turns(void)
{
    begin(9, 10);
    told = NEWCOMERS;
    told_by = 1;
    federation_at(&fed, SECOND, tell_all, 0);
    end();
    CHECK_EQ_U64(guests(), 0);
    const struct federation_state *s = federation_state(&fed);
    CHECK_EQ_U64(s->ballots[0].count, BALLOTS_KEPT);
    CHECK(state_member(s, 0)->sequence >= 2 * 10 + NEWCOMERS);
    CHECK(state_member(s, 0)->sequence <= 2 * 10 + 10 * NEWCOMERS + 10);
    CHECK_EQ_U64(wish_records(0), NEWCOMERS);
    federation_fini(&fed);
}

int main(void)
{
    TAP_RUN(who_has_no_room_comes_later);
    TAP_RUN(a_crash_forgets_no_wish);
    TAP_RUN(it_is_kept_for_long);
    TAP_RUN(it_outlives_a_membership_epoch);
    TAP_RUN(who_wants_to_leave_does);
    TAP_RUN(what_cannot_be_done_is_forgotten);
    TAP_RUN(the_operator_hears_why_not);
    TAP_RUN(unwanted_ones_take_turns);
    return tap_done();
}
