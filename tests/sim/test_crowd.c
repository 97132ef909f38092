#include <jansson.h>

#include "run.h"
#include "tap.h"

/* Many sites: more genomes than an epoch has room for, or fewer contributors than there are sites. */

enum { VALIDATORS = 4 };

static void crowd(struct buf *out, unsigned members, const char *policy, const char *events)
{
    buf_printf(
        out,
        "{\"name\": \"crowd\", \"quorum\": 3, \"max_ledger_drift\": 2, \"epoch_start\": 1, \"policy\": "
        "{\"iteration_limit\": 20, \"migrants\": 1, %s}, \"workload\": {\"family\": \"random\", \"instances\": 1, "
        "\"size_min\": 8, \"size_max\": 10}, \"events\": [%s], \"nodes\": [",
        policy, events);
    for (unsigned i = 0; i < members; i++)
        buf_printf(out, "%s{\"id\": \"n%u\", \"region\": \"r\", \"role\": \"%s\", \"stake\": 1}", i > 0 ? ", " : "", i,
                   i < VALIDATORS ? "core" : "edge");
    buf_add_text(out, "]}");
}

/* The same number in the report, in the epochs' files and in the summary. */
static void offers_that_find_no_room_are_told(void)
{
    enum { MEMBERS = 256 };
    struct run run;
    struct buf text = {0};
    uint64_t left_out = 0;

    crowd(&text, MEMBERS, "\"evaluations\": 8, \"archive\": 32", "");
    run_text(&run, buf_text(&text), 2, 3, 1);
    REQUIRE_OK(run.err);
    CHECK(run_anchored(&run));
    for (unsigned i = 0; i < run.epoch_count; i++) {
        const struct federated_epoch_report *e = &run.report.epochs[i];
        const json_t *told = json_object_get(json_object_get(run.epochs[i].file, "outcome"), "left_out");
        struct buf line = {0};

        CHECK_EQ_U64(e->participants, MEMBERS);
        CHECK_EQ_U64(told != NULL ? (uint64_t)json_integer_value(told) : 0, e->left_out);
        buf_printf(&line, "\"participants\": %u,\n      \"left_out\": %llu,", MEMBERS, (unsigned long long)e->left_out);
        CHECK_EQ_U64(strstr(buf_text(&run.artifacts), buf_text(&line)) != NULL, e->left_out > 0);
        left_out += e->left_out;
        buf_free(&line);
    }
    CHECK(left_out > 0);
    run_free(&run);
    buf_free(&text);
}

/* Some fail and come back, and are drawn again; nobody can tell whether nodes share their states. */
static void cohorts_contribute(void)
{
    enum { MEMBERS = 40, COHORT = 12, EPOCHS = 8 };
    struct run run, alone = {0};
    struct buf text = {0};

    crowd(
        &text, MEMBERS, "\"evaluations\": 3, \"cohort\": 12",
        "{\"kind\": \"crash\", \"epoch\": 2, \"node\": \"n1\"}, {\"kind\": \"crash\", \"epoch\": 2, \"node\": \"n9\"}, "
        "{\"kind\": \"restart\", \"epoch\": 4, \"node\": \"n1\"}, {\"kind\": \"restart\", \"epoch\": 4, \"node\": "
        "\"n9\"}");
    run_text(&run, buf_text(&text), EPOCHS, 3, 1);
    REQUIRE_OK(run.err);
    CHECK(run_anchored(&run));
    for (unsigned i = 0; i < run.epoch_count; i++)
        CHECK(run.report.epochs[i].participants <= COHORT && run.report.epochs[i].participants >= COHORT - 2);
    const struct federation_state *s = &run.results.history.state;
    unsigned contributed = 0;
    for (unsigned i = 0; i < s->member_count; i++) {
        CHECK_EQ_U64(state_member(s, i)->status, MEMBER_ACTIVE);
        contributed += state_member(s, i)->counted_epoch > 0;
    }
    CHECK(contributed > 2 * COHORT);
    CHECK_EQ_U64(run_entries(&run, "update"), run_entries(&run, "score"));
    REQUIRE_OK(scenario_parse("test.json", bytes_of_buf(&text), &alone.scenario, &alone.diag));
    run_scenario(&alone,
                 &(struct rehearsal_options){.seed = 3, .epochs = EPOCHS, .threads = 1, .shares_nothing = true});
    CHECK_EQ_BYTES(digest_bytes(&alone.bytes), digest_bytes(&run.bytes));
    run_free(&alone);
    run_free(&run);
    buf_free(&text);
}

/* More sites than can contribute to one epoch: through cohorts only. */
static void more_than_can_contribute(void)
{
    enum { MEMBERS = 300, COHORT = 30 };
    struct run run;
    struct buf text = {0};
    struct scenario s;
    struct diag diag = {0};

    crowd(&text, MEMBERS, "\"evaluations\": 1", "");
    CHECK_ERR(scenario_parse("test.json", bytes_of_buf(&text), &s, &diag), ERR_RANGE);
    CHECK(strstr(diag.text, "/nodes: 300 nodes, and at most 256 can contribute to an epoch") != NULL);
    buf_clear(&text);
    crowd(&text, MEMBERS, "\"evaluations\": 1, \"cohort\": 30, \"spot_checks\": 4", "");
    run_text(&run, buf_text(&text), 3, 5, 1);
    REQUIRE_OK(run.err);
    CHECK(run_anchored(&run));
    for (unsigned i = 0; i < run.epoch_count; i++)
        CHECK_EQ_U64(run.report.epochs[i].participants, COHORT);
    const struct federation_state *state = &run.results.history.state;
    unsigned late = 0;
    for (unsigned i = 256; i < MEMBERS; i++)
        late += state_member(state, i)->counted_epoch > 0;
    CHECK(late > 0);
    run_free(&run);
    buf_free(&text);
}

/* What is made for each member, or for each pair of nodes, is made for those that need it. */
static void a_thousand_and_more(void)
{
    enum { MEMBERS = 1100, COHORT = 40 };
    struct run run;
    struct buf text = {0};

    crowd(&text, MEMBERS, "\"evaluations\": 1, \"cohort\": 40",
          "{\"kind\": \"crash\", \"epoch\": 1, \"after_ms\": 100, \"node\": \"n1099\"}, {\"kind\": \"restart\", "
          "\"epoch\": "
          "2, \"node\": \"n1099\"}, {\"kind\": \"partition\", \"epoch\": 2, \"from\": [\"n1050\"], \"to\": [\"n0\"]}");
    run_text(&run, buf_text(&text), 3, 5, 1);
    REQUIRE_OK(run.err);
    CHECK(run_anchored(&run));
    const struct federation_state *state = &run.results.history.state;
    CHECK_EQ_U64(state->member_count, MEMBERS);
    unsigned late = 0;
    for (unsigned i = 1024; i < MEMBERS; i++)
        late += state_member(state, i)->counted_epoch > 0;
    CHECK(late > 0);
    run_free(&run);
    buf_free(&text);
}

int main(void)
{
    TAP_RUN(offers_that_find_no_room_are_told);
    TAP_RUN(cohorts_contribute);
    TAP_RUN(more_than_can_contribute);
    TAP_RUN(a_thousand_and_more);
    return tap_done();
}
