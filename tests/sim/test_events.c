#include <jansson.h>

#include "run.h"
#include "tap.h"

/* Each kind of event shows its effect. */

#define EVENTS(list) ", \"events\": [" list "]"

/* Sum of the virtual time of all epochs. */
static uint64_t length(const struct run *run)
{
    uint64_t ns = 0;

    for (uint64_t i = 0; run->err == ERR_OK && i < run->report.epoch_count; i++)
        ns += run->report.epochs[i].virtual_ns;
    return ns;
}

static const struct federated_epoch_report *epoch(const struct run *run, uint64_t number)
{
    return &run->report.epochs[number - 1];
}

static void crash_and_restart_of_a_participant(void)
{
    struct run run;

    run_federation(&run, 3, 1, 2,
                   EVENTS("{\"kind\": \"crash\", \"node\": \"e0\", \"epoch\": 2},"
                          "{\"kind\": \"restart\", \"node\": \"e0\", \"epoch\": 4}"),
                   6, 3);
    REQUIRE(run_anchored(&run));
    CHECK_EQ_U64(epoch(&run, 1)->participants, 4);
    CHECK_EQ_U64(epoch(&run, 2)->participants, 3);
    CHECK(epoch(&run, 2)->absent + epoch(&run, 2)->quarantined == 1);
    CHECK_EQ_U64(epoch(&run, 6)->participants, 4);
    CHECK_EQ_U64(run.rehearsal->nodes[3].restarts, 1);
    run_free(&run);
}

static void crash_of_the_primary(void)
{
    struct run run;

    run_federation(&run, 4, 0, 3, EVENTS("{\"kind\": \"crash\", \"primary\": true, \"epoch\": 2, \"after_ms\": 5}"), 3,
                   4);
    REQUIRE(run_anchored(&run));
    CHECK(epoch(&run, 2)->view_changes >= 1);
    CHECK(!epoch(&run, 2)->stalled);
    CHECK(!run.rehearsal->nodes[0].up);
    run_free(&run);
}

/* In how many epochs did an update of e0 take effect that it had made for this one? */
static unsigned counted(const struct run *run, json_int_t made_for)
{
    unsigned count = 0;

    for (unsigned i = 0; i < run->epoch_count; i++) {
        size_t at;
        json_t *entry;

        json_array_foreach(json_object_get(run->epochs[i].file, "entries"), at, entry)
        {
            const char *verdict = json_string_value(json_object_get(entry, "verdict"));
            const char *kind = json_string_value(json_object_get(entry, "kind"));
            json_t *epoch = json_object_get(json_object_get(entry, "decoded"), "federated_epoch");
            count += strcmp(json_string_value(json_object_get(entry, "node_id")), "e0") == 0 &&
                     strcmp(kind, "update") == 0 && strcmp(verdict, VERDICT_ACCEPTED) == 0 &&
                     json_integer_value(epoch) == made_for;
        }
    }
    return count;
}

/* Its update counts, and before it hears of that, some epochs go by; it learns of all of them at once. */
static void work_that_has_counted_is_not_offered_again(void)
{
    for (unsigned after_ms = 160; after_ms < 220; after_ms += 20) {
        struct buf more = {0};
        struct run run;

        buf_printf(&more,
                   EVENTS("{\"kind\": \"partition\", \"groups\": [[\"e0\"], [\"v0\", \"v1\", \"v2\"]], \"epoch\": 2, "
                          "\"after_ms\": %u, \"duration_ms\": 1800}"),
                   after_ms);
        run_federation(&run, 3, 1, 2, buf_text(&more), 8, 19);
        REQUIRE(run_anchored(&run));
        for (unsigned i = 1; i <= run.epoch_count; i++)
            CHECK(counted(&run, i) <= 1);
        run_free(&run);
        buf_free(&more);
    }
}

static void losing_the_quorum(void)
{
    struct run run;

    run_federation(&run, 4, 0, 3,
                   EVENTS("{\"kind\": \"crash\", \"node\": \"v2\", \"epoch\": 2, \"after_ms\": 5},"
                          "{\"kind\": \"crash\", \"node\": \"v3\", \"epoch\": 2, \"after_ms\": 7},"
                          "{\"kind\": \"restart\", \"node\": \"v3\", \"epoch\": 2, \"after_ms\": 4000},"
                          "{\"kind\": \"restart\", \"node\": \"v2\", \"epoch\": 3}"),
                   4, 5);
    REQUIRE(run_anchored(&run));
    CHECK(!epoch(&run, 1)->stalled && epoch(&run, 2)->stalled && !epoch(&run, 4)->stalled);
    CHECK(epoch(&run, 2)->virtual_ns > 4000000000);
    run_free(&run);
}

static void partition_and_heal(void)
{
    struct run run;

    run_federation(&run, 4, 1, 3,
                   EVENTS("{\"kind\": \"partition\", \"epoch\": 2, \"after_ms\": 5, \"duration_ms\": 2500, "
                          "\"groups\": [[\"v0\", \"v1\"], [\"v2\", \"v3\", \"e0\"]]},"
                          "{\"kind\": \"partition\", \"epoch\": 3, \"groups\": [[\"v0\", \"v1\", \"v2\", \"e0\"]]},"
                          "{\"kind\": \"heal\", \"epoch\": 4}"),
                   5, 6);
    REQUIRE(run_anchored(&run));
    CHECK(epoch(&run, 2)->stalled && epoch(&run, 2)->virtual_ns > 2500000000);
    CHECK(!epoch(&run, 3)->stalled);
    CHECK_EQ_U64(epoch(&run, 3)->participants, 4);
    CHECK(run.rehearsal->network.dropped > 0);
    run_free(&run);
}

/* For two participants, drawn, and twice; nobody starts them again but the end of the fault. */
static void a_crash_of_several_again_and_again(void)
{
    struct run run;
    unsigned restarts = 0;

    run_federation(&run, 3, 4, 2,
                   EVENTS("{\"kind\": \"crash\", \"nodes\": {\"role\": \"edge\", \"fraction\": 0.5}, \"epoch\": 2, "
                          "\"after_ms\": 5, \"duration_ms\": 2000, \"repeat\": {\"times\": 2, \"every_epochs\": 8}}"),
                   18, 21);
    REQUIRE(run_anchored(&run));
    CHECK_EQ_U64(run.scenario.event_count, 4);
    CHECK_EQ_U64(epoch(&run, 1)->participants, 7);
    CHECK_EQ_U64(epoch(&run, 2)->participants, 5);
    CHECK_EQ_U64(epoch(&run, 18)->participants, 7);
    for (unsigned i = 3; i < 7; i++) {
        CHECK(run.rehearsal->nodes[i].restarts % 2 == 0);
        restarts += (unsigned)run.rehearsal->nodes[i].restarts;
    }
    CHECK_EQ_U64(restarts, 4);
    run_free(&run);
}

/* What one validator says does not reach two others, which it hears: with four of them no three hear each other. */
static void one_way_and_overlapping(void)
{
    struct run run;

    run_federation(&run, 4, 1, 3,
                   EVENTS("{\"kind\": \"partition\", \"from\": [\"v0\"], \"to\": [\"v1\", \"v2\"], \"epoch\": 2, "
                          "\"after_ms\": 5, \"duration_ms\": 2500},"
                          "{\"kind\": \"partition\", \"from\": [\"v3\"], \"to\": [\"v1\", \"v2\"], \"epoch\": 2, "
                          "\"after_ms\": 5, \"duration_ms\": 2000},"
                          "{\"kind\": \"partition\", \"from\": {\"role\": \"core\"}, \"to\": {\"role\": \"edge\"}, "
                          "\"epoch\": 4},"
                          "{\"kind\": \"heal\", \"epoch\": 5}"),
                   7, 22);
    REQUIRE(run_anchored(&run));
    CHECK(epoch(&run, 2)->stalled && epoch(&run, 2)->virtual_ns > 2000000000);
    CHECK(!epoch(&run, 3)->stalled && !epoch(&run, 4)->stalled);
    CHECK_EQ_U64(epoch(&run, 4)->participants, 4);
    CHECK_EQ_U64(epoch(&run, 7)->participants, 5);
    CHECK(run.rehearsal->network.dropped > 0);
    CHECK(!faults_cut(run.rehearsal));
    run_free(&run);
}

/* A primary that tells half of the others another batch is found out by its own signatures; as a backup it only votes
 * for what nobody else does. */
static void a_validator_that_equivocates(void)
{
    struct run run;

    run_federation(&run, 5, 1, 4,
                   EVENTS("{\"kind\": \"lie\", \"node\": \"v0\", \"epoch\": 2, \"behaviour\": \"equivocate\"}"), 4, 23);
    REQUIRE(run_anchored(&run));
    CHECK(epoch(&run, 2)->view_changes > 0);
    CHECK_EQ_U64(epoch(&run, 4)->convicted, 1);
    CHECK_EQ_U64(state_member(&run.results.history.state, 0)->status, MEMBER_CONVICTED);
    CHECK_EQ_U64(run.results.history.state.validator_count, 4);
    run_free(&run);
    run_federation(&run, 4, 1, 3,
                   EVENTS("{\"kind\": \"lie\", \"node\": \"v3\", \"epoch\": 1, \"behaviour\": \"equivocate\"}"), 4, 24);
    REQUIRE(run_anchored(&run));
    CHECK_EQ_U64(epoch(&run, 4)->participants, 5);
    run_free(&run);
}

/* While it stands still nothing is decided without it, and afterwards it has missed nothing. */
static void a_pause(void)
{
    struct run run;

    run_federation(
        &run, 3, 1, 3,
        EVENTS("{\"kind\": \"pause\", \"node\": \"v2\", \"epoch\": 2, \"after_ms\": 5, \"duration_ms\": 2500}"), 4, 25);
    REQUIRE(run_anchored(&run));
    CHECK(epoch(&run, 2)->stalled && epoch(&run, 2)->virtual_ns > 2400000000);
    CHECK(!epoch(&run, 4)->stalled);
    CHECK_EQ_U64(epoch(&run, 4)->participants, 4);
    CHECK_EQ_U64(run.rehearsal->nodes[2].restarts, 0);
    run_free(&run);
}

static void disks_that_are_slow_and_full(void)
{
    struct run calm, slow, full;

    run_federation(&calm, 3, 1, 3, "", 3, 26);
    run_federation(&slow, 3, 1, 3,
                   EVENTS("{\"kind\": \"slow_disk\", \"nodes\": {\"role\": \"core\"}, \"epoch\": 1, \"factor\": 20}"),
                   3, 26);
    CHECK(run_anchored(&calm) && run_anchored(&slow));
    CHECK(length(&slow) > length(&calm) + 100000000);
    run_free(&calm);
    run_free(&slow);
    run_federation(&full, 4, 0, 3,
                   EVENTS("{\"kind\": \"full_disk\", \"node\": \"v0\", \"epoch\": 2, \"duration_ms\": 2000}"), 6, 27);
    REQUIRE(run_anchored(&full));
    CHECK_EQ_U64(run_count(&full, " v0 stops: its disk is full"), 1);
    CHECK_EQ_U64(full.rehearsal->nodes[0].restarts, 1);
    CHECK_EQ_U64(epoch(&full, 6)->participants, 4);
    run_free(&full);
}

static void a_clock_that_is_ahead(void)
{
    struct run calm, ahead;

    run_federation(&calm, 4, 1, 3, "", 4, 28);
    run_federation(&ahead, 4, 1, 3,
                   EVENTS("{\"kind\": \"clock_skew\", \"node\": \"v1\", \"epoch\": 1, \"ahead_ms\": 200, "
                          "\"drift_ppm\": 1000},"
                          "{\"kind\": \"wipe\", \"node\": \"v1\", \"epoch\": 2, \"duration_ms\": 100}"),
                   4, 28);
    CHECK(run_anchored(&calm) && run_anchored(&ahead));
    CHECK(clock_now(&ahead.rehearsal->nodes[1].clock) >= ahead.rehearsal->agenda.now_ns + 200000000);
    CHECK(!digest_equal(&calm.bytes, &ahead.bytes));
    run_free(&calm);
    run_free(&ahead);
}

static void loss_on_the_links_of_two_regions(void)
{
    struct run run;

    run_federation(&run, 4, 2, 3,
                   EVENTS("{\"kind\": \"loss_burst\", \"between\": [\"rv0\", \"rv1\"], \"loss_ppm\": 100000, "
                          "\"epoch\": 1, \"duration_ms\": 400},"
                          "{\"kind\": \"partition\", \"from\": [\"e0\"], \"to\": [\"e1\"], \"epoch\": 1, "
                          "\"after_ms\": 50},"
                          "{\"kind\": \"heal\", \"epoch\": 1, \"after_ms\": 100}"), /* the cut, and not the loss */
                   3, 29);
    CHECK(run_anchored(&run));
    CHECK(run.rehearsal->network.dropped > 0);
    CHECK_EQ_U64(run.rehearsal->network.burst_ppm, 0);
    for (unsigned i = 0; i < run.rehearsal->network.link_count; i++)
        CHECK_EQ_U64(network_traits(&run.rehearsal->network, i)->loss_ppm, 0);
    run_free(&run);
}

static void crashes_at_random(void)
{
    struct run run;
    uint64_t restarts = 0;

    run_federation(
        &run, 4, 2, 3,
        EVENTS("{\"kind\": \"random_crashes\", \"nodes\": {\"role\": \"core\"}, \"at_ms\": 0, \"mtbf_ms\": 8000, "
               "\"mttr_ms\": 500, \"duration_ms\": 20000}"),
        20, 30);
    REQUIRE(run_anchored(&run));
    for (unsigned i = 0; i < 6; i++)
        restarts += run.rehearsal->nodes[i].restarts;
    CHECK(restarts > 0);
    CHECK_EQ_U64(run.rehearsal->nodes[4].restarts + run.rehearsal->nodes[5].restarts, 0);
    run_free(&run);
}

static void latency_spike(void)
{
    struct run calm, spiked;

    run_federation(&calm, 3, 0, 2, "", 2, 7);
    run_federation(&spiked, 3, 0, 2,
                   EVENTS("{\"kind\": \"latency_spike\", \"epoch\": 1, \"factor\": 4, \"duration_ms\": 100000}"), 2, 7);
    CHECK(run_anchored(&calm) && run_anchored(&spiked));
    CHECK(length(&spiked) > length(&calm) + 100000000);
    run_free(&calm);
    run_free(&spiked);
}

static void loss_burst(void)
{
    struct run run;

    run_federation(&run, 4, 1, 3,
                   EVENTS("{\"kind\": \"loss_burst\", \"epoch\": 1, \"loss_ppm\": 200000, \"duration_ms\": 3000}"), 3,
                   8);
    CHECK(run_anchored(&run));
    CHECK(run.rehearsal->network.dropped > 10);
    CHECK_EQ_U64(run.rehearsal->network.burst_ppm, 0);
    run_free(&run);
}

static void slow_down(void)
{
    struct run calm, slow;

    run_federation(&calm, 3, 0, 2, "", 2, 9);
    run_federation(&slow, 3, 0, 2, EVENTS("{\"kind\": \"slow_down\", \"node\": \"v1\", \"epoch\": 1, \"factor\": 500}"),
                   2, 9);
    CHECK(run_anchored(&calm) && run_anchored(&slow));
    CHECK(length(&slow) > length(&calm) + 20000000);
    CHECK_EQ_U64(calm.report.iterations, slow.report.iterations);
    run_free(&calm);
    run_free(&slow);
}

/* What it leaves of the work that it found goes on at the usual speed. */
static void slow_down_ends(void)
{
    struct run calm, slow;

    run_federation(&calm, 3, 0, 2, "", 2, 9);
    run_federation(&slow, 3, 0, 2,
                   EVENTS("{\"kind\": \"slow_down\", \"node\": \"v1\", \"epoch\": 1, \"factor\": 10000, "
                          "\"duration_ms\": 500}"),
                   2, 9);
    CHECK(run_anchored(&calm) && run_anchored(&slow));
    CHECK(length(&slow) > length(&calm) + 300000000 && length(&slow) < length(&calm) + 600000000);
    run_free(&calm);
    run_free(&slow);
}

static void join(void)
{
    struct run run;

    run_federation(&run, 3, 2, 2, EVENTS("{\"kind\": \"join\", \"node\": \"e0\", \"epoch\": 2}"), 5, 10);
    REQUIRE(run_anchored(&run));
    CHECK_EQ_U64(epoch(&run, 1)->participants, 4);
    CHECK_EQ_U64(epoch(&run, 5)->participants, 5);
    CHECK_EQ_U64(run.results.history.state.member_count, 5);
    CHECK_EQ_I64(run.rehearsal->nodes[3].member, 4); /* e0, though e1 stands behind it in the file */
    run_free(&run);
}

/* The operators ask again for those whom an epoch had no room for. */
static void so_many_join_in_an_epoch(void)
{
    struct run run;

    run_federation(&run, 3, 4, 2,
                   ", \"policy\": {\"evaluations\": 2, \"iteration_limit\": 50, \"joins_per_epoch\": 1}" EVENTS(
                       "{\"kind\": \"join\", \"node\": \"e1\", \"epoch\": 1, \"sponsor\": \"v2\"},"
                       "{\"kind\": \"join\", \"node\": \"e2\", \"epoch\": 1, \"sponsor\": \"v2\"},"
                       "{\"kind\": \"join\", \"node\": \"e3\", \"epoch\": 1}"),
                   7, 16);
    REQUIRE(run_anchored(&run));
    const struct federation_state *s = &run.results.history.state;
    REQUIRE(s->member_count == 7);
    for (unsigned i = 4; i < 7; i++) {
        const struct member *m = state_member(s, i);
        bool named = strcmp(m->card.name, "e3") != 0;
        CHECK_EQ_U64(m->sponsor, named ? 3 : 1);
        CHECK(i == 4 || m->first_epoch > state_member(s, i - 1)->first_epoch);
    }
    CHECK_EQ_U64(epoch(&run, 7)->participants, 7);
    run_free(&run);
}

/* Its sponsor is gone: somebody else stands for it, or nobody comes in. */
static void a_sponsor_that_is_gone(void)
{
    struct run run;

    run_federation(&run, 4, 2, 3,
                   EVENTS("{\"kind\": \"crash\", \"node\": \"v0\", \"epoch\": 1},"
                          "{\"kind\": \"join\", \"node\": \"e0\", \"epoch\": 2},"
                          "{\"kind\": \"join\", \"node\": \"e1\", \"epoch\": 2, \"sponsor\": \"v0\"}"),
                   5, 17);
    REQUIRE(run_anchored(&run));
    REQUIRE(run.results.history.state.member_count == 5);
    CHECK_EQ_TEXT(state_member(&run.results.history.state, 4)->card.name, "e0");
    CHECK_EQ_U64(state_member(&run.results.history.state, 4)->sponsor, 2);
    run_free(&run);
}

static void stake_and_key_of_a_participant(void)
{
    struct run run;

    run_federation(&run, 3, 1, 2,
                   EVENTS("{\"kind\": \"stake\", \"node\": \"e0\", \"epoch\": 1, \"stake\": 3},"
                          "{\"kind\": \"rotate_key\", \"node\": \"e0\", \"epoch\": 2}"),
                   5, 18);
    REQUIRE(run_anchored(&run));
    CHECK_EQ_U64(state_member(&run.results.history.state, 3)->card.stake, 3);
    CHECK_EQ_U64(run.results.history.state.retired_count, 1);
    CHECK_EQ_I64(state_find(&run.results.history.state, &run.rehearsal->nodes[3].next_key.fingerprint), 3);
    CHECK_EQ_U64(run.results.history.state.membership_epoch, 1);
    CHECK_EQ_U64(epoch(&run, 5)->participants, 4);
    run_free(&run);
}

static void leave(void)
{
    struct run run;

    run_federation(&run, 3, 1, 2, EVENTS("{\"kind\": \"leave\", \"node\": \"e0\", \"epoch\": 2, \"after_ms\": 1}"), 4,
                   11);
    REQUIRE(run_anchored(&run));
    CHECK_EQ_U64(epoch(&run, 4)->participants, 3);
    CHECK_EQ_U64(epoch(&run, 4)->absent, 0);
    CHECK_EQ_U64(state_member(&run.results.history.state, 3)->status, MEMBER_LEFT);
    CHECK(!run.rehearsal->nodes[3].up);
    run_free(&run);
}

/* It may be the only one that knows of the block by which it left, when it crashes: its operator starts it again. */
static void a_leaver_that_crashes(void)
{
    struct run run;

    run_federation(&run, 3, 0, 2,
                   EVENTS("{\"kind\": \"join\", \"node\": \"v2\", \"epoch\": 1},"
                          "{\"kind\": \"leave\", \"node\": \"v1\", \"epoch\": 1},"
                          "{\"kind\": \"crash\", \"node\": \"v1\", \"epoch\": 5, \"after_ms\": 10},"
                          "{\"kind\": \"restart\", \"node\": \"v1\", \"epoch\": 5, \"after_ms\": 20}"),
                   6, 11);
    REQUIRE(run_anchored(&run));
    CHECK_EQ_U64(state_member(&run.results.history.state, 1)->status, MEMBER_LEFT);
    CHECK_EQ_U64(run.rehearsal->nodes[1].left, LEFT_ANSWERS);
    CHECK_EQ_U64(run.rehearsal->nodes[1].restarts, 1);
    CHECK(run.rehearsal->nodes[1].up);
    run_free(&run);
}

#define DRIFT(epoch)                                                                                                   \
    "{\"kind\": \"drift\", \"node\": \"v1\", \"epoch\": " epoch ", "                                                   \
    "\"workload\": {\"family\": \"mycielski\", \"instances\": 1}}"

static void drift(void)
{
    struct run calm, drifted;

    run_federation(&calm, 3, 0, 2, EVENTS(DRIFT("90")), 3, 12); /* who drifts at any time discloses nothing */
    run_federation(&drifted, 3, 0, 2, EVENTS(DRIFT("2")), 3, 12);
    REQUIRE(run_anchored(&calm) && run_anchored(&drifted));
    CHECK(memcmp(epoch(&calm, 1)->merkle_root, epoch(&drifted, 1)->merkle_root, 32) == 0);
    CHECK(memcmp(epoch(&calm, 3)->merkle_root, epoch(&drifted, 3)->merkle_root, 32) != 0);
    run_free(&calm);
    run_free(&drifted);
}

/* Whoever asks the scenario for the work of a site (a pick does) gets the very graphs that the site has in the run. */
static void drifted_work_is_the_scenarios(void)
{
    struct run run;
    struct workload before, after;
    struct diag diag = {0};

    run_federation(&run, 3, 0, 2,
                   EVENTS("{\"kind\": \"drift\", \"node\": \"v1\", \"epoch\": 2, "
                          "\"workload\": {\"family\": \"planted\", \"instances\": 2}}"),
                   2, 12);
    REQUIRE(run_anchored(&run));
    const struct workload *now = run.rehearsal->nodes[1].workload;
    REQUIRE_OK(scenario_workload(&run.scenario, 1, scenario_work(&run.scenario, 1, 1), NULL, 12, &before, &diag));
    REQUIRE_OK(scenario_workload(&run.scenario, 1, scenario_work(&run.scenario, 1, 2), NULL, 12, &after, &diag));
    REQUIRE(now->count == 2 && after.count == 2);
    for (unsigned i = 0; i < 2; i++)
        CHECK(digest_equal(&now->instances[i].hash, &after.instances[i].hash));
    CHECK(!digest_equal(&before.instances[0].hash, &after.instances[0].hash));
    workload_fini(&before);
    workload_fini(&after);
    run_free(&run);
}

/* Work that changes and changes back: sooner or later an earlier incumbent is the best one again, and restored by an
 * entry of its own. */
static void rollback(void)
{
    static const char text[] =
        "{\"name\": \"drift\", \"quorum\": 2, \"max_ledger_drift\": 2, \"epoch_start\": 1, "
        "\"policy\": {\"evaluations\": 6, \"iteration_limit\": 300, \"rollback_ppm\": 0, \"archive\": 8}, "
        "\"workload\": {\"family\": \"random\", \"instances\": 1}, \"nodes\": ["
        "{\"id\": \"a\", \"region\": \"x\", \"role\": \"core\", \"stake\": 1}, "
        "{\"id\": \"b\", \"region\": \"y\", \"role\": \"core\", \"stake\": 1}, "
        "{\"id\": \"c\", \"region\": \"z\", \"role\": \"core\", \"stake\": 1}], \"events\": ["
        "{\"kind\": \"drift\", \"node\": \"a\", \"epoch\": 4, \"workload\": {\"family\": \"queen\"}}, "
        "{\"kind\": \"drift\", \"node\": \"b\", \"epoch\": 4, \"workload\": {\"family\": \"queen\"}}, "
        "{\"kind\": \"drift\", \"node\": \"a\", \"epoch\": 6, \"workload\": {\"family\": \"random\"}}, "
        "{\"kind\": \"drift\", \"node\": \"b\", \"epoch\": 6, \"workload\": {\"family\": \"random\"}}]}";
    unsigned rolled_back = 0, entries = 0;

    for (uint64_t seed = 1; seed <= 5; seed++) {
        struct run run;

        tap_seed(seed);
        run_text(&run, text, 8, seed, 1);
        CHECK(run_anchored(&run));
        for (uint64_t i = 0; run.err == ERR_OK && i < 8; i++)
            rolled_back += run.report.epochs[i].rolled_back;
        entries += run_count(&run, " fed.rollback ");
        run_free(&run);
    }
    CHECK(rolled_back > 0 && entries >= rolled_back);
}

static unsigned shards_of(const struct run *run, unsigned epoch_index, int member)
{
    unsigned count = 0;

    for (unsigned i = 0; i < run->scenario.policy.shards; i++)
        count += run->epochs[epoch_index].owners[i] == member;
    return count;
}

static void shards_move_and_come_back(void)
{
    unsigned before;
    struct run run;

    run_federation(&run, 3, 1, 2,
                   ", \"rebalance\": {\"shards\": 12, \"workload\": {\"family\": \"queen\"}}" EVENTS(
                       "{\"kind\": \"crash\", \"node\": \"e0\", \"epoch\": 2},"
                       "{\"kind\": \"restart\", \"node\": \"e0\", \"epoch\": 4}"),
                   6, 13);
    REQUIRE(run_anchored(&run));
    before = shards_of(&run, 0, 3);
    CHECK(before > 0);
    CHECK_EQ_U64(epoch(&run, 1)->shards_moved, 0);
    CHECK_EQ_U64(epoch(&run, 2)->shards_moved, before);
    CHECK_EQ_U64(shards_of(&run, 2, 3), 0);
    CHECK_EQ_U64(shards_of(&run, 5, 3), before);
    run_free(&run);
}

/* When the trace first says it, in whole milliseconds; -1: never. */
static long first_ms(const struct run *run, const char *what)
{
    struct buf copy = {0};
    const char *at;
    long ms = -1;

    buf_add(&copy, run->trace.data, run->trace.len);
    at = strstr(buf_text(&copy), what);
    if (at != NULL) {
        while (at > (const char *)copy.data && at[-1] != '\n')
            at--;
        ms = strtol(at, NULL, 10);
    }
    buf_free(&copy);
    return ms;
}

/* Signed, durable, sent: in this order, and a crash in between leaves neither record nor message. */
static void nothing_is_sent_before_it_is_durable(void)
{
    struct run run;

    run_federation(&run, 3, 1, 2, ", \"network\": {\"disk_ms\": 70}", 1, 15);
    REQUIRE(run_anchored(&run));
    CHECK(first_ms(&run, " e0 fed.sign ") >= 0);
    CHECK(first_ms(&run, " e0 send fed.entry") >= first_ms(&run, " e0 fed.sign ") + 70);
    run_free(&run);
    run_federation(&run, 3, 1, 2,
                   ", \"network\": {\"disk_ms\": 70}" EVENTS("{\"kind\": \"crash\", \"node\": \"e0\", \"at_ms\": 140}"),
                   1, 15);
    REQUIRE(run_anchored(&run));
    CHECK(first_ms(&run, " e0 fed.sign ") >= 0 && first_ms(&run, " e0 fed.sign ") < 140);
    CHECK_EQ_I64(first_ms(&run, " e0 send fed.entry"), -1);
    CHECK_EQ_U64(run.rehearsal->nodes[3].disk.count, 0);
    run_free(&run);
}

/* What has nothing to do says so. */
static void idle_events(void)
{
    struct run run;

    run_federation(&run, 3, 0, 2,
                   EVENTS("{\"kind\": \"restart\", \"node\": \"v1\", \"epoch\": 1},"
                          "{\"kind\": \"heal\", \"at_ms\": 10}"),
                   1, 14);
    REQUIRE(run_anchored(&run));
    CHECK_EQ_U64(run.rehearsal->faults.count, 2);
    CHECK(run.rehearsal->faults.records[0].idle);
    CHECK_EQ_U64(run_count(&run, "v1 fault restart: nothing to do"), 1);
    CHECK_EQ_U64(run_count(&run, "10.000000 * fault heal"), 1);
    run_free(&run);
}

int main(void)
{
    TAP_RUN(crash_and_restart_of_a_participant);
    TAP_RUN(crash_of_the_primary);
    TAP_RUN(work_that_has_counted_is_not_offered_again);
    TAP_RUN(losing_the_quorum);
    TAP_RUN(partition_and_heal);
    TAP_RUN(a_crash_of_several_again_and_again);
    TAP_RUN(one_way_and_overlapping);
    TAP_RUN(a_validator_that_equivocates);
    TAP_RUN(a_pause);
    TAP_RUN(disks_that_are_slow_and_full);
    TAP_RUN(a_clock_that_is_ahead);
    TAP_RUN(loss_on_the_links_of_two_regions);
    TAP_RUN(crashes_at_random);
    TAP_RUN(latency_spike);
    TAP_RUN(loss_burst);
    TAP_RUN(slow_down);
    TAP_RUN(slow_down_ends);
    TAP_RUN(join);
    TAP_RUN(so_many_join_in_an_epoch);
    TAP_RUN(a_sponsor_that_is_gone);
    TAP_RUN(stake_and_key_of_a_participant);
    TAP_RUN(leave);
    TAP_RUN(a_leaver_that_crashes);
    TAP_RUN(drift);
    TAP_RUN(drifted_work_is_the_scenarios);
    TAP_RUN(rollback);
    TAP_RUN(shards_move_and_come_back);
    TAP_RUN(nothing_is_sent_before_it_is_durable);
    TAP_RUN(idle_events);
    return tap_done();
}
