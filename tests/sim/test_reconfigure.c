#include "run.h"
#include "tap.h"

/* Who votes changes while the federation works. */

#define EVENTS(list) ", \"events\": [" list "]"

static const struct federation_state *last_state(const struct run *run)
{
    return &run->results.history.state;
}

/* Every epoch file that closes a membership epoch names the voters, and no other does. */
static unsigned closings(const struct run *run)
{
    unsigned count = 0;

    for (unsigned i = 0; i < run->epoch_count; i++)
        count += run->epochs[i].next_voters;
    return count;
}

static void a_validator_gets_another_key(void)
{
    struct run run;

    run_federation(&run, 4, 0, 3, EVENTS("{\"kind\": \"rotate_key\", \"node\": \"v0\", \"epoch\": 1}"), 4, 20);
    REQUIRE(run_anchored(&run));
    const struct sim_node *n = &run.rehearsal->nodes[0];
    CHECK_EQ_U64(last_state(&run)->membership_epoch, 2);
    CHECK_EQ_U64(closings(&run), 1);
    CHECK_EQ_I64(state_find(last_state(&run), &n->key.fingerprint), -1);
    CHECK_EQ_I64(state_find(last_state(&run), &n->next_key.fingerprint), 0);
    CHECK_EQ_U64(run.report.epochs[3].participants, 4); /* it goes on, by the new key */
    CHECK_EQ_U64(run.report.epochs[3].absent, 0);
    run_free(&run);
}

/* Half of the validators crash before it is durable what they were told: their operators say it again. */
static void what_was_not_durable_is_said_again(void)
{
    struct run run;

    run_federation(&run, 4, 0, 3,
                   EVENTS("{\"kind\": \"slow_disk\", \"nodes\": {\"role\": \"core\"}, \"epoch\": 1, \"after_ms\": 200,"
                          " \"factor\": 50, \"duration_ms\": 300},"
                          "{\"kind\": \"rotate_key\", \"node\": \"v0\", \"epoch\": 1, \"after_ms\": 300},"
                          "{\"kind\": \"crash\", \"node\": \"v1\", \"epoch\": 1, \"after_ms\": 301},"
                          "{\"kind\": \"crash\", \"node\": \"v2\", \"epoch\": 1, \"after_ms\": 301},"
                          "{\"kind\": \"restart\", \"node\": \"v1\", \"epoch\": 1, \"after_ms\": 700},"
                          "{\"kind\": \"restart\", \"node\": \"v2\", \"epoch\": 1, \"after_ms\": 700}"),
                   5, 20);
    REQUIRE(run_anchored(&run));
    CHECK_EQ_U64(last_state(&run)->membership_epoch, 2);
    run_free(&run);
}

/* It comes back with a log in which it has the old key. */
static void the_key_changes_while_its_node_is_down(void)
{
    struct run run;

    run_federation(&run, 4, 0, 3,
                   EVENTS("{\"kind\": \"crash\", \"node\": \"v2\", \"epoch\": 1, \"after_ms\": 300},"
                          "{\"kind\": \"rotate_key\", \"node\": \"v2\", \"epoch\": 2},"
                          "{\"kind\": \"restart\", \"node\": \"v2\", \"epoch\": 4}"),
                   7, 21);
    REQUIRE(run_anchored(&run));
    CHECK_EQ_U64(last_state(&run)->membership_epoch, 2);
    CHECK_EQ_U64(run.report.epochs[6].participants, 4);
    CHECK(digest_equal(&sim_node_key(&run.rehearsal->nodes[2])->fingerprint,
                       &run.rehearsal->nodes[2].next_key.fingerprint));
    run_free(&run);
}

/* A participant's new key begins no membership epoch, and its node finds it in its ledger. */
static void a_participant_with_a_new_key_starts_again(void)
{
    struct run run;

    run_federation(&run, 3, 1, 2,
                   EVENTS("{\"kind\": \"rotate_key\", \"node\": \"e0\", \"epoch\": 1},"
                          "{\"kind\": \"crash\", \"node\": \"e0\", \"epoch\": 3},"
                          "{\"kind\": \"restart\", \"node\": \"e0\", \"epoch\": 3, \"after_ms\": 200}"),
                   5, 27);
    REQUIRE(run_anchored(&run));
    CHECK_EQ_U64(last_state(&run)->membership_epoch, 1);
    CHECK_EQ_U64(run.report.epochs[4].participants, 4);
    CHECK(digest_equal(&sim_node_key(&run.rehearsal->nodes[3])->fingerprint,
                       &run.rehearsal->nodes[3].next_key.fingerprint));
    run_free(&run);
}

static void a_validator_joins(void)
{
    struct run run;

    run_federation(&run, 5, 0, 3, EVENTS("{\"kind\": \"join\", \"node\": \"v4\", \"epoch\": 2}"), 5, 22);
    REQUIRE(run_anchored(&run));
    CHECK_EQ_U64(last_state(&run)->validator_count, 5);
    CHECK_EQ_U64(last_state(&run)->max_byzantine, 1);
    CHECK_EQ_U64(last_state(&run)->quorum, 4);
    CHECK(rehearsal_is_validator(run.rehearsal, &run.rehearsal->nodes[4]));
    CHECK_EQ_U64(run.report.epochs[4].participants, 5);
    run_free(&run);
}

static void a_validator_leaves(void)
{
    struct run run;

    run_federation(&run, 5, 0, 4, EVENTS("{\"kind\": \"leave\", \"node\": \"v1\", \"epoch\": 2}"), 5, 23);
    REQUIRE(run_anchored(&run));
    CHECK_EQ_U64(last_state(&run)->validator_count, 4);
    CHECK_EQ_U64(last_state(&run)->quorum, 3);
    CHECK_EQ_U64(state_member(last_state(&run), 1)->status, MEMBER_LEFT);
    CHECK_EQ_U64(run.report.epochs[4].participants, 4);
    CHECK_EQ_U64(run.report.epochs[4].absent, 0);
    run_free(&run);
}

/* All that was agreed on in one epoch is one closing. */
static void three_changes_close_together(void)
{
    struct run run;

    run_federation(&run, 6, 1, 4,
                   EVENTS("{\"kind\": \"join\", \"node\": \"v5\", \"epoch\": 2},"
                          "{\"kind\": \"rotate_key\", \"node\": \"v0\", \"epoch\": 2},"
                          "{\"kind\": \"leave\", \"node\": \"v1\", \"epoch\": 2}"),
                   5, 24);
    REQUIRE(run_anchored(&run));
    CHECK_EQ_U64(last_state(&run)->membership_epoch, 2);
    CHECK_EQ_U64(last_state(&run)->validator_count, 5);
    CHECK(!state_member(last_state(&run), 1)->votes);
    CHECK_EQ_I64(state_find(last_state(&run), &run.rehearsal->nodes[0].next_key.fingerprint), 0);
    run_free(&run);
}

static void a_convicted_validator_loses_its_vote(void)
{
    struct run run;

    run_federation(
        &run, 5, 0, 4,
        EVENTS("{\"kind\": \"lie\", \"node\": \"v3\", \"epoch\": 2, \"after_ms\": 1, \"behaviour\": \"double_sign\"}"),
        5, 25);
    REQUIRE(run_anchored(&run));
    CHECK_EQ_U64(state_member(last_state(&run), 3)->status, MEMBER_CONVICTED);
    CHECK(!state_member(last_state(&run), 3)->votes);
    CHECK_EQ_U64(last_state(&run)->validator_count, 4);
    CHECK_EQ_U64(last_state(&run)->membership_epoch, 2);
    CHECK(run.report.epochs[4].quorum_reached);
    run_free(&run);
}

/* The primary is lost just when the membership epoch ends, and one more misses the end and comes back later. */
static void changes_while_nodes_fail(void)
{
    for (uint64_t seed = 30; seed < 36; seed++) {
        struct run run;
        run_federation(&run, 6, 1, 3,
                       EVENTS("{\"kind\": \"rotate_key\", \"node\": \"v2\", \"epoch\": 1},"
                              "{\"kind\": \"join\", \"node\": \"v4\", \"epoch\": 2},"
                              "{\"kind\": \"crash\", \"primary\": true, \"epoch\": 2, \"after_ms\": 700},"
                              "{\"kind\": \"join\", \"node\": \"v5\", \"epoch\": 3},"
                              "{\"kind\": \"restart\", \"node\": \"v0\", \"epoch\": 4},"
                              "{\"kind\": \"leave\", \"node\": \"v1\", \"epoch\": 4},"
                              "{\"kind\": \"crash\", \"node\": \"v3\", \"epoch\": 5, \"after_ms\": 20},"
                              "{\"kind\": \"restart\", \"node\": \"v3\", \"epoch\": 6}"),
                       8, seed);
        tap_seed(seed);
        CHECK(run.err == ERR_OK && run.report.roots_agree);
        CHECK_EQ_U64(last_state(&run)->membership_epoch, 5);
        CHECK_EQ_U64(last_state(&run)->validator_count, 5);
        run_free(&run);
    }
}

int main(void)
{
    TAP_RUN(a_validator_gets_another_key);
    TAP_RUN(what_was_not_durable_is_said_again);
    TAP_RUN(the_key_changes_while_its_node_is_down);
    TAP_RUN(a_participant_with_a_new_key_starts_again);
    TAP_RUN(a_validator_joins);
    TAP_RUN(a_validator_leaves);
    TAP_RUN(three_changes_close_together);
    TAP_RUN(a_convicted_validator_loses_its_vote);
    TAP_RUN(changes_while_nodes_fail);
    return tap_done();
}
