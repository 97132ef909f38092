#include "run.h"
#include "tap.h"

/* Nodes that lose their disks while the federation works. run_anchored() asks that all epochs are anchored and all
 * roots agree; the checkers look at every step, also at what was signed before the loss. */

#define EVENTS(list) ", \"events\": [" list "]"
#define WIPE(node, epoch) "{\"kind\": \"wipe\", \"node\": \"" node "\", \"epoch\": " #epoch ", \"after_ms\": 200"

/* All have every block, and nobody counts among the faulty. */
static bool all_whole(const struct run *run)
{
    for (unsigned i = 0; i < run->rehearsal->count; i++) {
        const struct sim_node *n = &run->rehearsal->nodes[i];

        if (n->up && (n->recovering || n->disk.height != fed_state(n->fed)->height))
            return false;
    }
    return true;
}

static void a_validator_recovers(void)
{
    struct run run;

    run_federation(&run, 4, 1, 3, EVENTS(WIPE("v1", 3) "}"), 8, 31);
    REQUIRE(run_anchored(&run));
    CHECK(all_whole(&run));
    CHECK(run_count(&run, "fault wipe") == 1);
    CHECK(run_count(&run, "v1 pbft.recovered") == 1);
    CHECK_EQ_U64(run.report.epochs[7].participants, 5);
    CHECK_EQ_U64(run.report.epochs[7].convicted, 0);
    run_free(&run);
}

static void a_state_comes_first_when_the_log_is_long(void)
{
    struct run run;

    run_federation(&run, 4, 1, 3, EVENTS(WIPE("v2", 22) "}," WIPE("e0", 24) ", \"duration_ms\": 400}"), 30, 32);
    REQUIRE(run_anchored(&run));
    CHECK(all_whole(&run));
    CHECK(run_count(&run, "v2 replica.installed") == 1);
    CHECK(run_count(&run, "v2 replica.whole") == 1);
    CHECK(run_count(&run, "e0 replica.installed") == 1);
    CHECK(run_count(&run, "e0 replica.whole") == 1);
    CHECK_EQ_U64(run.report.epochs[29].participants, 5);
    run_free(&run);
}

/* Every validator in turn: each time the others remember. */
static void one_after_the_other(void)
{
    struct run run;

    run_federation(&run, 4, 0, 3, EVENTS(WIPE("v0", 2) "}," WIPE("v1", 6) "}," WIPE("v2", 10) "}," WIPE("v3", 14) "}"),
                   20, 33);
    REQUIRE(run_anchored(&run));
    CHECK(all_whole(&run));
    CHECK(run_count(&run, " pbft.recovered") == 4);
    run_free(&run);
}

/* Over the links to a membership epoch that it never heard of, with the key that it had. */
static void voters_change_before_and_after(void)
{
    struct run run;

    run_federation(&run, 5, 1, 3,
                   EVENTS("{\"kind\": \"rotate_key\", \"node\": \"v1\", \"epoch\": 2},"
                          "{\"kind\": \"join\", \"node\": \"v4\", \"epoch\": 5}," WIPE("v1", 20) "}," WIPE(
                              "v4", 24) "},"
                                        "{\"kind\": \"rotate_key\", \"node\": \"v2\", \"epoch\": 26}"),
                   30, 34);
    REQUIRE(run_anchored(&run));
    CHECK(all_whole(&run));
    CHECK_EQ_U64(run.results.history.state.membership_epoch, 4);
    CHECK(run_count(&run, "v1 pbft.recovered") == 1);
    CHECK(run_count(&run, "v4 pbft.recovered") == 1);
    CHECK_EQ_U64(run.report.epochs[29].participants, 6);
    run_free(&run);
}

/* Cut off it signs what nobody hears of; then all memory of that is lost. */
static void what_nobody_heard_of_is_not_signed_again(void)
{
    struct run run;

    run_federation(&run, 4, 1, 3,
                   EVENTS("{\"kind\": \"partition\", \"groups\": [[\"v0\", \"v1\", \"v2\", \"e0\"]], \"epoch\": 3,"
                          " \"duration_ms\": 9000}," WIPE("v3", 4) ", \"duration_ms\": 8000}"),
                   8, 35);
    REQUIRE(run.err == ERR_OK && run.report.roots_agree);
    CHECK(all_whole(&run));
    run_free(&run);
}

/* The same under a key that it has got since genesis: the log tells of the key, and not of what was signed with it. */
static void nor_with_a_new_key(void)
{
    for (unsigned v = 0; v < 2; v++) {
        const char *who = v == 0 ? "e0" : "v3", *beside = v == 0 ? "v3" : "e0";
        struct buf more = {0};
        struct run run;

        buf_printf(&more,
                   EVENTS("{\"kind\": \"rotate_key\", \"node\": \"%s\", \"epoch\": 1},"
                          "{\"kind\": \"partition\", \"groups\": [[\"v0\", \"v1\", \"v2\", \"%s\"]], \"epoch\": 3,"
                          " \"after_ms\": 90, \"duration_ms\": 1500},"
                          "{\"kind\": \"wipe\", \"node\": \"%s\", \"epoch\": 3, \"after_ms\": 390, "
                          "\"duration_ms\": 500}"),
                   who, beside, who);
        run_federation(&run, 4, 1, 3, buf_text(&more), 20, 36);
        REQUIRE(run.err == ERR_OK && run.report.roots_agree);
        CHECK(all_whole(&run));
        run_free(&run);
        buf_free(&more);
    }
}

/* n = 2: nobody else can say what it may have signed, and nothing is decided any more. */
static void where_the_others_are_no_quorum_it_is_the_end(void)
{
    struct run run;

    run_federation(&run, 2, 0, 2, EVENTS(WIPE("v1", 2) "}"), 3, 36);
    REQUIRE(run.err == ERR_OK);
    CHECK(!run_anchored(&run));
    CHECK(run.rehearsal->nodes[1].recovering);
    run_free(&run);
}

int main(void)
{
    TAP_RUN(a_validator_recovers);
    TAP_RUN(a_state_comes_first_when_the_log_is_long);
    TAP_RUN(one_after_the_other);
    TAP_RUN(voters_change_before_and_after);
    TAP_RUN(what_nobody_heard_of_is_not_signed_again);
    TAP_RUN(nor_with_a_new_key);
    TAP_RUN(where_the_others_are_no_quorum_it_is_the_end);
    return tap_done();
}
