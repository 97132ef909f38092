#include <jansson.h>

#include "run.h"
#include "tap.h"

/* Whole runs of small federations through the real machines. */

static void three_nodes_anchor(void)
{
    struct run run;

    run_federation(&run, 2, 1, 2, "", 2, 1);
    CHECK_OK(run.err);
    CHECK(run_anchored(&run));
    CHECK_EQ_U64(run.report.epoch_count, 2);
    CHECK(run.report.messages > 0 && run.report.iterations > 0 && run.report.gain > 0);
    run_free(&run);
}

static void federations_of_each_size(void)
{
    for (unsigned validators = 1; validators <= 6; validators++) {
        unsigned participants = validators % 2;
        struct run run;

        tap_seed(validators);
        run_federation(&run, validators, participants,
                       validators <= 2   ? validators
                       : validators <= 4 ? 3
                                         : 4,
                       "", 2, 7);
        CHECK(run_anchored(&run));
        for (uint64_t i = 0; run.err == ERR_OK && i < 2; i++) {
            CHECK_EQ_U64(run.report.epochs[i].participants, validators + participants);
            CHECK_EQ_U64(run.report.epochs[i].view_changes, 0);
            CHECK(!run.report.epochs[i].stalled);
        }
        run_free(&run);
    }
}

static const char busy[] =
    ", \"network\": {\"default\": {\"latency_ms\": 15, \"jitter_ms\": 9, \"loss_ppm\": 20000}}"
    ", \"rebalance\": {\"shards\": 4, \"workload\": {\"family\": \"queen\"}}"
    ", \"events\": [{\"kind\": \"crash\", \"node\": \"v1\", \"epoch\": 2, \"after_ms\": 30}, "
    "{\"kind\": \"restart\", \"node\": \"v1\", \"epoch\": 2, \"after_ms\": 2500}, "
    "{\"kind\": \"slow_down\", \"node\": \"e0\", \"epoch\": 1, \"factor\": 3, \"duration_ms\": 500}]";

static void run_busy(struct run *run, uint64_t seed, unsigned threads)
{
    struct buf text = {0};

    federation_text(&text, 4, 1, 3, busy);
    run_text(run, buf_text(&text), 3, seed, threads);
    buf_free(&text);
}

static void same_bytes_whatever_the_threads(void)
{
    struct run first, again;

    run_busy(&first, 11, 1);
    CHECK(run_anchored(&first));
    for (unsigned threads = 1; threads <= 3; threads++) {
        run_busy(&again, 11, threads);
        CHECK_EQ_BYTES(digest_bytes(&again.bytes), digest_bytes(&first.bytes));
        run_free(&again);
    }
    run_busy(&again, 12, 1);
    CHECK(!digest_equal(&again.bytes, &first.bytes));
    run_free(&again);
    run_free(&first);
}

/* Signatures checked and blocks executed once for all nodes, or by each for itself: nobody can tell. */
static void same_bytes_whoever_verifies(void)
{
    struct run first, again;
    struct buf text = {0};

    federation_text(&text, 4, 1, 3, busy);
    run_text(&first, buf_text(&text), 3, 13, 1);
    CHECK(verify_cache_hits(first.rehearsal->verdicts) > verify_cache_misses(first.rehearsal->verdicts));
    CHECK(executed_cache_hits(first.rehearsal->states) > executed_cache_misses(first.rehearsal->states));
    again = (struct run){0};
    REQUIRE_OK(scenario_parse("test.json", bytes_of_buf(&text), &again.scenario, &again.diag));
    run_scenario(&again, &(struct rehearsal_options){.seed = 13, .epochs = 3, .threads = 1, .shares_nothing = true});
    CHECK(again.rehearsal->verdicts == NULL && again.rehearsal->states == NULL);
    CHECK_EQ_BYTES(digest_bytes(&again.bytes), digest_bytes(&first.bytes));
    run_free(&first);
    run_free(&again);
    buf_free(&text);
}

static int stop_at_once(void *context, const struct federated_progress *now)
{
    unsigned *calls = context;

    (*calls)++;
    return now->epoch >= 1 && now->epochs == 50;
}

static void progress_may_stop_a_run(void)
{
    unsigned calls = 0;
    struct federated_simulation_options wanted = {.epochs = 50, .progress = stop_at_once, .progress_context = &calls};
    struct progress progress;
    struct rehearsal_options options = {.seed = 1, .epochs = 50, .threads = 1, .progress = &progress};
    struct rehearsal *r = NULL;
    struct scenario scenario;
    struct diag diag = {0};
    struct buf text = {0};

    federation_text(&text, 3, 0, 2, "");
    REQUIRE_OK(scenario_parse("test.json", bytes_of_buf(&text), &scenario, &diag));
    progress_init(&progress, &wanted, &scenario);
    REQUIRE_OK(rehearsal_new(&scenario, &options, &r, &diag));
    CHECK_ERR(rehearsal_run(r, &diag), ERR_STATE);
    CHECK_EQ_U64(calls, 1);
    rehearsal_free(r);
    progress_fini(&progress);
    scenario_fini(&scenario);
    buf_free(&text);
}

/* With nobody to hear, nothing is anchored; the run ends at its limit and says so. */
static void an_epoch_that_never_ends(void)
{
    struct run run;

    run_federation(
        &run, 3, 0, 2,
        ", \"events\": [{\"kind\": \"partition\", \"epoch\": 2, \"groups\": [[\"v0\"], [\"v1\"], [\"v2\"]]}]", 3, 5);
    CHECK_OK(run.err);
    CHECK(run.report.epochs[0].quorum_reached);
    CHECK(!run.report.epochs[1].quorum_reached && run.report.epochs[1].stalled);
    CHECK(!run.report.epochs[2].quorum_reached);
    CHECK_EQ_U64(run.epoch_count, 1);
    CHECK(run.report.roots_agree);
    run_free(&run);
}

/* Too few take part: the log itself gives the epoch up, and the next one begins. */
static void an_epoch_that_is_given_up(void)
{
    struct run run;
    json_t *file;

    run_federation(&run, 3, 1, 2,
                   ", \"guard_rails\": {\"collect_deadline_ms\": 400, \"score_deadline_ms\": 400, "
                   "\"min_participants\": 4, \"retry\": {\"budget\": 1}}"
                   ", \"events\": [{\"kind\": \"crash\", \"node\": \"e0\", \"epoch\": 2}, "
                   "{\"kind\": \"restart\", \"node\": \"e0\", \"epoch\": 3}]",
                   4, 6);
    REQUIRE_OK(run.err);
    CHECK(run.report.epochs[0].quorum_reached && !run.report.epochs[1].quorum_reached);
    CHECK(run.report.epochs[3].quorum_reached);
    CHECK(!run.report.epochs[1].stalled && run.report.roots_agree);
    CHECK_EQ_U64(run.epoch_count, 4);
    file = run.epochs[1].file;
    CHECK(json_is_false(json_object_get(file, "anchored")) && json_is_null(json_object_get(file, "merkle_root")));
    run_free(&run);
}

int main(void)
{
    TAP_RUN(three_nodes_anchor);
    TAP_RUN(federations_of_each_size);
    TAP_RUN(same_bytes_whatever_the_threads);
    TAP_RUN(same_bytes_whoever_verifies);
    TAP_RUN(progress_may_stop_a_run);
    TAP_RUN(an_epoch_that_never_ends);
    TAP_RUN(an_epoch_that_is_given_up);
    return tap_done();
}
