#include <string.h>

#include "run.h"
#include "tap.h"

/* Validators run the claims of sites again whose work a scenario discloses. */

enum { EPOCHS = 3, SEEDS = 3, SITE = 5 };

#define POLICY ", \"policy\": {\"evaluations\": 4, \"iteration_limit\": 500, \"spot_checks\": 64}"
#define SHARDS                                                                                                         \
    ", \"rebalance\": {\"shards\": 20, \"workload\": {\"family\": \"random\", \"size_min\": 20, \"size_max\": 24}}"
#define LIE(node, behaviour)                                                                                           \
    "{\"kind\": \"lie\", \"node\": \"" node "\", \"at_ms\": 0, \"behaviour\": \"" behaviour "\"}"
#define EVENTS(events) ", \"events\": [" events "]"

static uint64_t found(const struct run *run, unsigned member)
{
    return state_member(&run->results.history.state, member)->false_claims;
}

static void check_only(const struct run *run, unsigned liar)
{
    for (unsigned m = 0; m < run->results.history.state.member_count; m++)
        CHECK(m == liar || found(run, m) == 0);
}

/* How often the claims of e1, who lies so, are found false; nobody else's ever are. */
static uint64_t times_found(const char *lies, uint64_t seed)
{
    struct buf more = {0};
    uint64_t times = 0;
    struct run run;

    buf_printf(&more, POLICY SHARDS EVENTS("%s"), lies);
    run_federation(&run, 4, 2, 3, buf_text(&more), EPOCHS, seed);
    if (CHECK(run_anchored(&run))) {
        times = found(&run, SITE);
        check_only(&run, SITE);
    }
    run_free(&run);
    buf_free(&more);
    return times;
}

/* Whatever it is that they claim. (Who repeats what others say has nothing to say when it is the first; what is
 * repeated is false only where the work has changed meanwhile, which is so with some seeds.) */
static void false_claims_are_found(void)
{
    static const char *const lies[] = {LIE("e1", "inflated_claims"), LIE("e1", "negated_claims"),
                                       LIE("e1", "stale"),           LIE("e1", "inverted_scores"),
                                       LIE("e1", "alie_scores"),     LIE("e1", "colluding_scores")};

    for (unsigned i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        uint64_t times = 0;
        for (uint64_t seed = 1; seed <= 5 && times == 0; seed++)
            times = times_found(lies[i], seed);
        if (!CHECK(times >= 1))
            tap_note("not found: %s", lies[i]);
    }
}

/* A false UPDATE does not count in its own epoch. */
static void what_was_found_shows(void)
{
    struct run run;

    run_federation(&run, 4, 2, 3, POLICY EVENTS(LIE("e1", "inflated_claims")), EPOCHS, 40);
    REQUIRE(run_anchored(&run));
    CHECK_EQ_U64(run.report.epochs[0].false_claims, 1);
    CHECK_EQ_U64(run.report.epochs[0].participants, 5);
    CHECK_EQ_U64(run.report.epochs[0].quarantined, 1);
    CHECK(run_entries(&run, "recount") >= 2);
    CHECK(strstr(buf_text(&run.artifacts), "\"false_claims\": 1") != NULL);
    run_free(&run);
}

static void the_honest_are_not_found(void)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct run run;
        tap_seed(seed);
        run_federation(
            &run, 4, 2, 3,
            POLICY SHARDS EVENTS(
                LIE("v3", "false_recounts") ", {\"kind\": \"crash\", \"node\": \"e0\", "
                                            "\"epoch\": 2}, {\"kind\": \"restart\", \"node\": \"e0\", \"epoch\": 3}"),
            EPOCHS, seed);
        CHECK(run_anchored(&run));
        check_only(&run, UINT32_MAX);
        CHECK(run_entries(&run, "recount") > 10); /* the slanderer's: they were heard */
        CHECK(run_count(&run, " work recount ") > 100);
        run_free(&run);
    }
}

/* That is more liars than the federation bears; the simulator says so. */
static void two_slanderers_would_find_the_honest(void)
{
    struct run run;

    run_federation(&run, 4, 2, 3, POLICY EVENTS(LIE("v2", "false_recounts") ", " LIE("v3", "false_recounts")), 2, 41);
    CHECK_ERR(run.err, ERR_MISMATCH);
    CHECK(strstr(run.diag.text, "was found with a false claim, but never lied") != NULL);
    run_free(&run);
}

/* Without the policy, and about what nobody may see. */
static void nothing_else_is_looked_at(void)
{
    struct run run;

    run_federation(&run, 4, 2, 3, EVENTS(LIE("e1", "inflated_claims")), 2, 42);
    CHECK(run_anchored(&run));
    CHECK_EQ_U64(run_count(&run, " work recount "), 0);
    run_free(&run);
    run_federation(&run, 4, 2, 3,
                   POLICY EVENTS(LIE("e1", "inflated_claims") ", {\"kind\": \"drift\", \"node\": \"e1\", \"epoch\": 2, "
                                                              "\"workload\": {\"family\": \"queen\"}}"),
                   3, 43);
    CHECK(run_anchored(&run));
    CHECK(run_count(&run, " work recount ") > 0);
    check_only(&run, UINT32_MAX);
    run_free(&run);
}

static void threads_do_not_show(void)
{
    struct buf text = {0};
    struct run one, four;

    federation_text(&text, 4, 2, 3, POLICY SHARDS EVENTS(LIE("e1", "inflated_claims")));
    run_text(&one, buf_text(&text), 2, 44, 1);
    run_text(&four, buf_text(&text), 2, 44, 4);
    CHECK(run_anchored(&one) && digest_equal(&one.bytes, &four.bytes));
    run_free(&one);
    run_free(&four);
    buf_free(&text);
}

int main(void)
{
    TAP_RUN(false_claims_are_found);
    TAP_RUN(what_was_found_shows);
    TAP_RUN(the_honest_are_not_found);
    TAP_RUN(two_slanderers_would_find_the_honest);
    TAP_RUN(nothing_else_is_looked_at);
    TAP_RUN(threads_do_not_show);
    return tap_done();
}
