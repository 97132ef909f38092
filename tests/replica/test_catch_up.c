#include "replica/log.h"

#include <string.h>

#include "pbft/messages.h"
#include "tap.h"
#include "transfer/messages.h"

/* Catch-up of one replica, message by message: whom it asks, what it takes, whom it shuns, when it gives up blocks for
 * a state, and what it makes of a store that cannot be read. */

enum { NOBODY = 1000 };

static struct log chain;

static void setup(struct node *n, unsigned self, uint64_t height, uint64_t closing)
{
    struct diag diag = {0};

    log_make(&chain, height, closing);
    REQUIRE_OK(node_new(n, &chain, self, NULL, true, &diag));
    node_start(n, false);
}

static void teardown(struct node *n)
{
    node_free(n);
    log_free(&chain);
}

/* Whom the next poll asks for blocks from `height` on. */
static unsigned polled(struct node *n, uint64_t height)
{
    unsigned to = NOBODY;
    uint64_t from = 0;

    CHECK_OK(node_timer(n, REPLICA_TIMER_POLL));
    if (node_sent(n, REPLICA_FETCH, &to, &from) > 0)
        CHECK_EQ_U64(from, height);
    return to;
}

static void blocks_come_until_it_is_level(void)
{
    struct node n;
    unsigned to;
    uint64_t from;

    setup(&n, LEARNER, 20, 0);
    unsigned peer = polled(&n, 1);
    REQUIRE(peer < VOTERS);
    CHECK(!replica_level(n.replica));
    CHECK_OK(node_receive(&n, peer, blocks_of(&chain, 1, 16, 20)));
    CHECK_EQ_U64(n.height, 16);
    CHECK_EQ_U64(node_appended(&n), 16);
    REQUIRE(node_sent(&n, REPLICA_FETCH, &to, &from) == 1); /* there is more where these come from */
    CHECK_EQ_U64(to, peer);
    CHECK_EQ_U64(from, 17);
    CHECK_OK(node_receive(&n, peer, blocks_of(&chain, 17, 20, 20)));
    CHECK_EQ_U64(n.height, 20);
    CHECK_EQ_U64(n.sum, chain.sums[20]);
    CHECK_EQ_U64(node_sent(&n, REPLICA_FETCH, NULL, NULL), 0);
    CHECK(replica_level(n.replica));
    teardown(&n);
}

/* They come again, or with a gap below them. */
static void other_blocks_are_passed_over(void)
{
    struct node n;
    unsigned to;
    uint64_t from;

    setup(&n, LEARNER, 20, 0);
    CHECK_OK(node_receive(&n, 0, blocks_of(&chain, 1, 3, 3)));
    CHECK_OK(node_receive(&n, 1, blocks_of(&chain, 2, 4, 4)));
    CHECK_EQ_U64(n.height, 4);
    CHECK_OK(node_receive(&n, 2, blocks_of(&chain, 7, 9, 9)));
    CHECK_EQ_U64(n.height, 4);
    REQUIRE(node_sent(&n, REPLICA_FETCH, &to, &from) == 1);
    CHECK_EQ_U64(to, 2);
    CHECK_EQ_U64(from, 5);
    teardown(&n);
}

/* By whom this block comes instead of the right one: is it taken? */
static bool takes(struct node *n, unsigned from, struct blob *block)
{
    struct bytes bytes = blob_bytes(block);
    uint64_t before = n->height;

    CHECK(node_receive(n, from, replica_message_blocks(20, &bytes, 1)) != ERR_OK);
    blob_drop(block);
    CHECK(node_noted(n, "replica.bad_block"));
    return n->height > before;
}

static void a_bad_block_shuns_its_giver(void)
{
    struct digest other = digest_of(bytes_of_text("other"));
    struct node n;

    setup(&n, LEARNER, 20, 0);
    unsigned first = polled(&n, 1);
    CHECK(!takes(&n, first, log_forge(&chain, 1, 99, &chain.ids[0], 2))); /* no quorum */
    unsigned second = polled(&n, 1), third = polled(&n, 1), fourth = polled(&n, 1);
    CHECK(second != first && third != first && fourth != first);
    for (unsigned i = 0; i < 2 * VOTERS; i++)
        CHECK(polled(&n, 1) != first);
    for (unsigned peer = 0; peer < VOTERS; peer++) { /* all of them did: then everybody is asked again */
        if (peer != first)
            CHECK(!takes(&n, peer, log_forge(&chain, 1, 1, &other, 3))); /* on another block */
    }
    bool again = false;
    for (unsigned i = 0; i < VOTERS; i++)
        again = again || polled(&n, 1) == first;
    CHECK(again);
    CHECK_OK(node_receive(&n, first, blocks_of(&chain, 1, 2, 2))); /* what is right is taken, whoever gives it */
    CHECK_EQ_U64(n.height, 2);
    teardown(&n);
}

/* A certified block that comes out otherwise here is nobody's fault but ours. */
static void an_own_fault_shuns_nobody(void)
{
    struct node n;

    setup(&n, LEARNER, 20, 0);
    n.rotten = true;
    CHECK_ERR(node_receive(&n, 0, blocks_of(&chain, 1, 1, 1)), ERR_STATE);
    CHECK(node_noted(&n, "replica.divergence"));
    CHECK(!node_noted(&n, "replica.bad_block"));
    CHECK_EQ_U64(n.height, 0);
    teardown(&n);
}

static void a_hint_is_followed_once(void)
{
    struct node n;

    setup(&n, 0, 20, 0);
    CHECK_EQ_U64(polled(&n, 1), NOBODY); /* who votes does not poll for nothing */
    CHECK_OK(node_receive(&n, 3, replica_message_status(9)));
    CHECK(!replica_level(n.replica));
    CHECK_EQ_U64(polled(&n, 1), 3);
    unsigned next = polled(&n, 1);
    CHECK(next != 3 && next != 0 && next != NOBODY);
    CHECK_OK(node_receive(&n, next, replica_message_status(0))); /* it was a lie, or is over */
    CHECK(replica_level(n.replica));
    CHECK_EQ_U64(polled(&n, 1), NOBODY);
    teardown(&n);
}

/* How long the last step waits until the next poll; 0: it set no timer for it. */
static int64_t waits(const struct node *n)
{
    return n->said.poll_at_ns == 0 ? 0 : n->said.poll_at_ns - n->now_ns;
}

/* On a link that carries little the answers to what is asked again would be all that it carries. */
static void questions_that_come_to_nothing_get_rarer(void)
{
    struct node n;
    int64_t expected = 10;

    setup(&n, LEARNER, 20, 0);
    for (unsigned i = 0; i < 20; i++) {
        unsigned peer = polled(&n, 1);
        CHECK(peer != NOBODY);
        CHECK_EQ_I64(waits(&n), expected);
        expected = expected < 4000 ? 2 * expected : 8000;              /* the longest view time-out */
        CHECK_OK(node_receive(&n, peer, blocks_of(&chain, 5, 6, 20))); /* late, and of no use */
    }
    CHECK_OK(node_receive(&n, polled(&n, 1), blocks_of(&chain, 1, 4, 20)));
    CHECK_EQ_U64(n.height, 4);
    CHECK_EQ_I64(waits(&n), 10);
    for (unsigned i = 0; i < 3; i++)
        (void)polled(&n, 5);
    CHECK_EQ_I64(waits(&n), 40);
    CHECK_OK(node_receive(&n, 0, replica_message_status(3))); /* who is behind says nothing of what there is */
    (void)polled(&n, 5);
    CHECK_EQ_I64(waits(&n), 80);
    CHECK_OK(node_receive(&n, 0, replica_message_status(4)));
    (void)polled(&n, 5);
    CHECK_EQ_I64(waits(&n), 10);
    teardown(&n);
}

/* Whoever was cut off asks ever more rarely, and would else go on waiting when the cut is over. */
static void news_ends_the_waiting(void)
{
    struct node n;

    setup(&n, 0, 20, 0);
    CHECK_OK(node_receive(&n, 3, replica_message_status(9)));
    for (unsigned i = 0; i < 8; i++)
        (void)polled(&n, 1);
    CHECK_EQ_I64(waits(&n), 10 << 7);
    CHECK_OK(node_receive(&n, 3, replica_message_status(9)));
    CHECK_EQ_I64(waits(&n), 0);
    CHECK_OK(node_receive(&n, 3, replica_message_status(10)));
    CHECK_EQ_I64(waits(&n), 10);
    CHECK_EQ_U64(polled(&n, 1), 3);
    CHECK_EQ_I64(waits(&n), 20);
    teardown(&n);
}

/* A state is fetched whole: the offer, its one chunk. */
static void install(struct node *n, uint64_t height)
{
    struct blob *proof, *state;
    struct buf hashes = {0};

    log_state(&chain, height, &proof, &state);
    chunks_hash(blob_bytes(state), STATE_SIZE, &hashes);
    CHECK_OK(node_receive(n, 3, transfer_offer(height, blob_bytes(proof), bytes_of_buf(&hashes))));
    CHECK_EQ_U64(node_sent(n, TRANSFER_GET, NULL, NULL), 1);
    CHECK_OK(node_receive(n, 3, transfer_chunk(height, 0, blob_bytes(state))));
    CHECK_EQ_U64(n->height, height);
    CHECK_EQ_U64(n->sum, chain.sums[height]);
    blob_drop(proof);
    blob_drop(state);
    buf_free(&hashes);
}

static void gone_blocks_are_given_up_for_a_state(void)
{
    struct node n;

    setup(&n, LEARNER, 20, 0);
    unsigned peer = polled(&n, 1);
    CHECK_OK(node_receive(&n, (peer + 1) % VOTERS, replica_message_blocks(20, NULL, 0))); /* was not asked */
    CHECK_EQ_U64(node_sent(&n, TRANSFER_ASK, NULL, NULL), 0);
    CHECK_OK(node_receive(&n, peer, replica_message_blocks(20, NULL, 0)));
    CHECK(node_noted(&n, "replica.gone"));
    CHECK_EQ_U64(node_sent(&n, TRANSFER_ASK, NULL, NULL), VOTERS);
    CHECK_EQ_U64(polled(&n, 1), NOBODY); /* one thing after the other */
    install(&n, 16);
    CHECK(node_noted(&n, "replica.installed"));
    CHECK_EQ_U64(replica_height(n.replica), 16);
    CHECK_OK(node_receive(&n, 1, blocks_of(&chain, 17, 20, 20)));
    CHECK_EQ_U64(n.height, 20);
    teardown(&n);
}

/* Somebody says that it is far ahead: that costs an attempt, and the next one only GAP blocks later. */
static void far_behind_a_state_is_fetched(void)
{
    struct node n;

    setup(&n, LEARNER, 40, 0);
    CHECK_OK(node_receive(&n, 2, replica_message_status(GAP)));
    CHECK_EQ_U64(polled(&n, 1), NOBODY);
    CHECK_EQ_U64(node_sent(&n, TRANSFER_ASK, NULL, NULL), VOTERS);
    for (unsigned i = 0; i < TRANSFER_ROUNDS; i++)
        CHECK_OK(node_timer(&n, REPLICA_TIMER_TRANSFER));
    CHECK(node_noted(&n, "transfer.fruitless"));
    CHECK(polled(&n, 1) != NOBODY);
    CHECK_EQ_U64(node_sent(&n, TRANSFER_ASK, NULL, NULL), 0);
    CHECK_OK(node_receive(&n, 2, replica_message_status(GAP - 1))); /* not far */
    CHECK(polled(&n, 1) != NOBODY);
    teardown(&n);
}

/* ---- blocks below an installed state */

static void begin_backfill(struct node *n, uint64_t closing)
{
    setup(n, LEARNER, 40, closing);
    CHECK_OK(node_receive(n, 0, blocks_of(&chain, 1, 2, 40)));
    CHECK_OK(node_receive(n, 2, replica_message_status(40)));
    CHECK_EQ_U64(polled(n, 3), NOBODY);
    install(n, 24);
    CHECK_OK(node_receive(n, 1, blocks_of(&chain, 25, 40, 40)));
    CHECK_EQ_U64(n->height, 40);
}

static enum err give(struct node *n, struct blob *block)
{
    struct bytes bytes = blob_bytes(block);
    enum err err = node_receive(n, 3, replica_message_blocks(40, &bytes, 1));

    blob_drop(block);
    return err;
}

static void the_ledger_becomes_whole(uint64_t closing)
{
    struct node n;
    unsigned to;
    uint64_t from;

    begin_backfill(&n, closing);
    CHECK_OK(node_timer(&n, REPLICA_TIMER_POLL));
    CHECK_EQ_U64(node_sent(&n, REPLICA_FETCH, &to, &from), 2); /* for what is new, and what is missing */
    CHECK_EQ_U64(from, 3);
    CHECK_OK(node_receive(&n, to, blocks_of(&chain, 3, 18, 40)));
    CHECK_EQ_U64(node_appended(&n), 16);
    REQUIRE(node_sent(&n, REPLICA_FETCH, NULL, &from) == 1);
    CHECK_EQ_U64(from, 19);
    CHECK_OK(node_receive(&n, to, blocks_of(&chain, 19, 24, 40)));
    CHECK_EQ_U64(node_appended(&n), 6);
    CHECK(node_noted(&n, "replica.whole"));
    CHECK_EQ_U64(n.applied, 18); /* none of them was executed */
    CHECK_EQ_U64(n.height, 40);
    teardown(&n);
}

static void blocks_below_a_state_are_filled_in(void)
{
    the_ledger_becomes_whole(0);
    the_ledger_becomes_whole(10); /* over the end of a membership epoch */
}

/* Each of them, though a quorum signed it, is not the block that is missing. */
static void only_the_missing_blocks_fill_in(void)
{
    struct digest other = digest_of(bytes_of_text("other"));
    struct node n;

    begin_backfill(&n, 0);
    CHECK_ERR(give(&n, log_forge(&chain, 3, 3, &other, 3)), ERR_MISMATCH); /* stands on another */
    CHECK_EQ_U64(node_appended(&n), 0);
    CHECK(give(&n, log_forge(&chain, 3, 3, &chain.ids[2], 2)) != ERR_OK); /* no quorum */
    CHECK_EQ_U64(node_appended(&n), 0);
    CHECK_OK(node_receive(&n, 1, blocks_of(&chain, 4, 5, 40))); /* not the lowest */
    CHECK_EQ_U64(node_appended(&n), 0);
    CHECK_OK(node_receive(&n, 1, blocks_of(&chain, 3, 18, 40)));
    CHECK_OK(node_receive(&n, 1, blocks_of(&chain, 19, 23, 40)));
    CHECK_EQ_U64(node_appended(&n), 5);
    CHECK_ERR(give(&n, log_forge(&chain, 24, 99, &chain.ids[23], 3)), ERR_MISMATCH); /* leads to another state */
    CHECK_EQ_U64(node_appended(&n), 0);
    CHECK_OK(node_receive(&n, 1, blocks_of(&chain, 24, 24, 40)));
    CHECK_EQ_U64(node_appended(&n), 1);
    teardown(&n);
}

/* ---- membership epochs */

static void who_was_away_steps_over(void)
{
    struct node n;

    for (unsigned self = 0; self <= VOTERS; self++) {
        setup(&n, self, 20, 10);
        CHECK_EQ_U64(replica_votes(n.replica), self < VOTERS);
        CHECK_OK(node_receive(&n, (self + 1) % VOTERS, blocks_of(&chain, 1, 16, 20)));
        CHECK_EQ_U64(n.height, 16); /* certified by the voters of both */
        CHECK_EQ_U64(replica_membership_epoch(n.replica), 2);
        CHECK_EQ_U64(replica_votes(n.replica), self != 0); /* peer 0 was replaced by peer VOTERS */
        teardown(&n);
    }
}

static void requests_are_handed_on(void)
{
    struct node n;

    setup(&n, 1, 20, 10);
    CHECK_OK(node_request(&n, bytes_of_text("later")));
    CHECK_EQ_U64(replica_status(n.replica).pending, 1);
    CHECK_OK(node_receive(&n, 2, blocks_of(&chain, 1, 16, 16)));
    CHECK_EQ_U64(replica_membership_epoch(n.replica), 2);
    CHECK_EQ_U64(replica_status(n.replica).pending, 1);
    teardown(&n);
}

static void members_of(uint64_t membership_epoch, struct members *out)
{
    static struct claim_forms forms;
    struct replica_voters voters;

    claim_forms_init(&forms);
    log_voters(membership_epoch, &voters);
    *out = (struct members){.n = VOTERS, .f = 1, .quorum = 3, .membership_epoch = membership_epoch};
    out->federation_id = digest_of(bytes_of_text("replica"));
    for (unsigned i = 0; i < VOTERS; i++) {
        out->keys[i] = voters.set.keys[i];
        out->fingerprints[i] = voters.set.fingerprints[i];
    }
    members_prepare(out, &forms);
}

static struct blob *vote_of(unsigned peer, uint64_t membership_epoch)
{
    struct statement says = {.type = MESSAGE_COMMIT, .view = 0, .sequence = 1};
    struct members members;
    struct claim claim;

    members_of(membership_epoch, &members);
    statement_sign(&members, peer, log_key(peer), &says, &claim);
    return message_make(&members, &claim, (struct bytes){0});
}

/* The primary's proposal and one PREPARE: with its own that is a quorum, and the batch is executed. */
static void speculate(struct node *n)
{
    static const uint8_t BATCH[] = {0x81, 0x41, 'x'};
    struct bytes batch = bytes_of(BATCH, sizeof BATCH);
    struct statement says = {.type = MESSAGE_PRE_PREPARE, .sequence = 1, .digest = digest_of(batch)};
    struct members members;
    struct claim proposal, prepare;

    members_of(1, &members);
    statement_sign(&members, 0, log_key(0), &says, &proposal);
    CHECK_OK(node_receive(n, 0, message_make(&members, &proposal, batch)));
    says.type = MESSAGE_PREPARE;
    statement_sign(&members, 2, log_key(2), &says, &prepare);
    CHECK_OK(node_receive(n, 2, message_pair(&members, &prepare, &proposal)));
    CHECK_EQ_U64(n->executed, 1);
}

static void what_is_not_decided_is_forgotten_first(void)
{
    struct node n;

    setup(&n, 1, 40, 0);
    speculate(&n);
    CHECK_OK(node_receive(&n, 2, blocks_of(&chain, 1, 2, 2)));
    CHECK_EQ_U64(n.undone, 1);
    CHECK_EQ_U64(n.height, 2);
    CHECK_EQ_U64(replica_status(n.replica).executed, 2);
    teardown(&n);
    setup(&n, 1, 40, 0);
    speculate(&n);
    CHECK_OK(node_receive(&n, 2, replica_message_status(40)));
    CHECK_EQ_U64(polled(&n, 1), NOBODY);
    install(&n, 24);
    CHECK_EQ_U64(n.undone, 1);
    CHECK_EQ_U64(replica_status(n.replica).executed, 24);
    teardown(&n);
}

static void a_state_leads_into_a_later_membership_epoch(void)
{
    struct node n;

    setup(&n, VOTERS, 40, 10);
    CHECK(!replica_votes(n.replica));
    CHECK_OK(node_receive(&n, 2, replica_message_status(40)));
    CHECK_EQ_U64(polled(&n, 1), NOBODY);
    install(&n, 16);
    CHECK_EQ_U64(replica_membership_epoch(n.replica), 2);
    CHECK(replica_votes(n.replica));
    CHECK_EQ_U64(replica_status(n.replica).decided, 16);
    teardown(&n);
}

static void earlier_and_later_membership_epochs_hear_of_each_other(void)
{
    struct node n;
    unsigned to;
    uint64_t height;

    setup(&n, 1, 20, 10);
    CHECK(node_receive(&n, 3, vote_of(3, 2)) != ERR_OK); /* a later one */
    CHECK(node_noted(&n, "replica.laggard"));
    for (unsigned i = 0; i < 8; i++)
        (void)polled(&n, 1);
    CHECK(node_receive(&n, 3, vote_of(3, 2)) != ERR_OK);
    CHECK_EQ_I64(waits(&n), 0);
    CHECK(node_receive(&n, 3, vote_of(3, 3)) != ERR_OK); /* one more: that is news, and ends the waiting */
    CHECK_EQ_I64(waits(&n), 10);
    CHECK_EQ_U64(polled(&n, 1), 3);
    CHECK_OK(node_receive(&n, 3, blocks_of(&chain, 1, 16, 16)));
    CHECK(node_receive(&n, 2, vote_of(2, 1)) != ERR_OK); /* one that is over */
    REQUIRE(node_sent(&n, REPLICA_STATUS, &to, &height) == 1);
    CHECK_EQ_U64(to, 2);
    CHECK_EQ_U64(height, 16);
    teardown(&n);
}

/* ---- giving */

static void who_asks_gets_what_there_is(void)
{
    struct shelf shelf = {.log = &chain, .from = 1, .to = 20};
    struct ledger_store store = shelf_store(&shelf);
    struct diag diag = {0};
    struct node n;
    uint64_t height;

    log_make(&chain, 20, 0);
    REQUIRE_OK(node_new(&n, &chain, 1, &store, true, &diag));
    node_start(&n, true);
    CHECK_EQ_U64(n.height, 20);
    CHECK_OK(node_receive(&n, 0, replica_message_fetch(3)));
    CHECK_EQ_U64(node_sent(&n, REPLICA_BLOCKS, NULL, &height), 1);
    CHECK_EQ_U64(height, 20);
    CHECK_OK(node_receive(&n, 0, replica_message_fetch(21)));
    CHECK_EQ_U64(node_sent(&n, REPLICA_STATUS, NULL, &height), 1);
    shelf.from = 10; /* the store has let go of the others */
    CHECK_OK(node_receive(&n, 2, replica_message_fetch(3)));
    REQUIRE(node_sent(&n, REPLICA_BLOCKS, NULL, NULL) == 1);
    CHECK(!node_noted(&n, "replica.store_error"));
    shelf.broken = 12; /* what can be read is served, and the error is told */
    CHECK_OK(node_receive(&n, 3, replica_message_fetch(10)));
    CHECK_EQ_U64(node_sent(&n, REPLICA_BLOCKS, NULL, NULL), 1);
    CHECK(node_noted(&n, "replica.store_error"));
    teardown(&n);
}

/* Questions may be held up on the way, and come late and many at once. */
static void the_same_is_not_given_time_and_again(void)
{
    struct shelf shelf = {.log = &chain, .from = 1, .to = 20};
    struct ledger_store store = shelf_store(&shelf);
    struct diag diag = {0};
    unsigned answers = 0;
    struct node n;

    log_make(&chain, 20, 0);
    REQUIRE_OK(node_new(&n, &chain, 1, &store, true, &diag));
    node_start(&n, true);
    for (unsigned i = 0; i < 1000; i++) { /* each a nanosecond after the other; polls are 10 apart */
        CHECK_OK(node_receive(&n, 0, replica_message_fetch(1 + i % 5)));
        answers += node_sent(&n, REPLICA_BLOCKS, NULL, NULL);
    }
    CHECK(answers > 5 && answers < 9); /* in 0, 10, 30, 70, ... */
    CHECK_OK(node_receive(&n, 2, replica_message_fetch(1)));
    CHECK_EQ_U64(node_sent(&n, REPLICA_BLOCKS, NULL, NULL), 1); /* somebody else */
    CHECK_OK(node_receive(&n, 0, replica_message_fetch(17)));
    CHECK_EQ_U64(node_sent(&n, REPLICA_BLOCKS, NULL, NULL), 1); /* what it has not got */
    teardown(&n);
}

/* ---- a store that cannot be read */

static enum err start_on(struct shelf *shelf, struct diag *diag)
{
    struct ledger_store store = shelf_store(shelf);
    struct node n;
    enum err err = node_new(&n, &chain, 1, &store, true, diag);

    if (err == ERR_OK)
        CHECK_EQ_U64(n.height, 40);
    node_free(&n);
    return err;
}

static void an_unreadable_store_is_not_the_end_of_the_log(void)
{
    struct blob *proof, *state;

    log_make(&chain, 40, 0);
    for (uint64_t k = 1; k <= 41; k++) {
        struct shelf shelf = {.log = &chain, .from = 1, .to = 40, .broken = k};
        struct diag diag = {0};
        CHECK_ERR(start_on(&shelf, &diag), ERR_IO);
        CHECK(strstr(diag.text, "of the store cannot be read") != NULL);
    }
    log_state(&chain, 24, &proof, &state);
    struct blob *snapshot = snapshot_encode(&(struct snapshot){24, blob_bytes(proof), blob_bytes(state)});
    struct shelf shelf = {.log = &chain, .from = 25, .to = 40, .whole = 11, .snapshots = {{24, snapshot}}};
    struct diag diag = {0};
    CHECK_OK(start_on(&shelf, &diag));
    for (uint64_t k = 9; k <= 13; k++) { /* where the search for the gap comes by */
        shelf.broken = k;
        enum err err = start_on(&shelf, &diag);
        CHECK(err == ERR_IO || err == ERR_OK);
        if (k >= 11 && k <= 12)
            CHECK_ERR(err, ERR_IO);
    }
    shelf.broken = 0;
    shelf.snapshots[0].bytes = NULL;
    CHECK_ERR(start_on(&shelf, &diag), ERR_IO);
    CHECK(strstr(diag.text, "snapshot of the store") != NULL);
    blob_drop(snapshot);
    blob_drop(proof);
    blob_drop(state);
    log_free(&chain);
}

/* After a restart with a gap the fill goes on where it was. */
static void a_gap_is_filled_after_a_restart(void)
{
    struct blob *proof, *state;
    struct diag diag = {0};
    struct node n;
    uint64_t from;

    log_make(&chain, 40, 10);
    log_state(&chain, 24, &proof, &state);
    struct blob *snapshot = snapshot_encode(&(struct snapshot){24, blob_bytes(proof), blob_bytes(state)});
    struct shelf shelf = {.log = &chain, .from = 25, .to = 40, .whole = 10, .snapshots = {{24, snapshot}}};
    struct ledger_store store = shelf_store(&shelf);
    REQUIRE_OK(node_new(&n, &chain, 1, &store, true, &diag));
    CHECK_EQ_U64(n.height, 40);
    n.interest = REPLICA_RESTS;
    node_start(&n, true);
    unsigned asked;
    REQUIRE(node_sent(&n, REPLICA_FETCH, &asked, &from) == 1);
    CHECK_EQ_U64(from, 41); /* who votes asks what is newer first, also when it rests */
    CHECK_OK(node_receive(&n, asked, replica_message_status(40)));
    CHECK_OK(node_timer(&n, REPLICA_TIMER_POLL));
    REQUIRE(node_sent(&n, REPLICA_FETCH, NULL, &from) == 1);
    CHECK_EQ_U64(from, 11);
    CHECK_OK(node_receive(&n, 2, blocks_of(&chain, 11, 24, 40)));
    CHECK_EQ_U64(node_appended(&n), 14);
    CHECK(node_noted(&n, "replica.whole"));
    CHECK_OK(node_timer(&n, REPLICA_TIMER_POLL));
    CHECK_EQ_U64(node_sent(&n, REPLICA_FETCH, NULL, NULL), 0);
    blob_drop(snapshot);
    blob_drop(proof);
    blob_drop(state);
    teardown(&n);
}

int main(void)
{
    TAP_RUN(blocks_come_until_it_is_level);
    TAP_RUN(other_blocks_are_passed_over);
    TAP_RUN(a_bad_block_shuns_its_giver);
    TAP_RUN(an_own_fault_shuns_nobody);
    TAP_RUN(a_hint_is_followed_once);
    TAP_RUN(questions_that_come_to_nothing_get_rarer);
    TAP_RUN(news_ends_the_waiting);
    TAP_RUN(gone_blocks_are_given_up_for_a_state);
    TAP_RUN(far_behind_a_state_is_fetched);
    TAP_RUN(blocks_below_a_state_are_filled_in);
    TAP_RUN(only_the_missing_blocks_fill_in);
    TAP_RUN(who_was_away_steps_over);
    TAP_RUN(requests_are_handed_on);
    TAP_RUN(what_is_not_decided_is_forgotten_first);
    TAP_RUN(a_state_leads_into_a_later_membership_epoch);
    TAP_RUN(earlier_and_later_membership_epochs_hear_of_each_other);
    TAP_RUN(who_asks_gets_what_there_is);
    TAP_RUN(the_same_is_not_given_time_and_again);
    TAP_RUN(an_unreadable_store_is_not_the_end_of_the_log);
    TAP_RUN(a_gap_is_filled_after_a_restart);
    return tap_done();
}
