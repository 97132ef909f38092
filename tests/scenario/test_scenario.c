#include "state/genesis.h"
#include "scenario/scenario.h"
#include "tap.h"

/* What the loader makes of good scenarios: every value in its place, and the defaults. */

static const int64_t ms = 1000000;

static const char minimal[] =
    "{\"name\": \"own\", \"quorum\": 1, \"max_ledger_drift\": 3, \"epoch_start\": 100,"
    " \"nodes\": [{\"id\": \"x\", \"region\": \"here\", \"role\": \"validator\", \"stake\": 5},"
    " {\"id\": \"y\", \"region\": \"here\", \"role\": \"participant\", \"stake\": 2}]}";

static void minimal_form_and_its_defaults(void)
{
    struct scenario s;
    struct diag diag = {0};

    REQUIRE_OK(scenario_parse("minimal.json", bytes_of_text(minimal), &s, &diag));
    CHECK_EQ_TEXT(s.name, "own");
    CHECK_EQ_U64(s.quorum, 1);
    CHECK_EQ_U64(s.max_byzantine, 0);
    CHECK_EQ_U64(s.policy.max_ledger_drift, 3);
    CHECK_EQ_U64(s.epoch_start, 100);
    CHECK_EQ_U64(s.node_count, 2);
    CHECK_EQ_U64(s.region_count, 1);
    CHECK_EQ_U64(s.nodes[0].card.role, ROLE_CORE);
    CHECK_EQ_U64(s.nodes[0].card.site, SITE_LOCAL);
    CHECK_EQ_U64(s.nodes[1].card.role, ROLE_EDGE);
    CHECK_EQ_U64(s.nodes[1].card.site, SITE_EDGE);
    CHECK(strcmp(s.nodes[0].workload.family, s.nodes[1].workload.family) != 0);
    CHECK_EQ_U64(s.policy.min_participants, 2);
    CHECK_EQ_U64(s.policy.shards, 0);
    CHECK_EQ_U64(s.event_count, 0);
    CHECK(s.default_link.latency_ns > s.local_link.latency_ns);
    scenario_fini(&s);
}

static void check_nodes(const struct scenario *s)
{
    CHECK_EQ_U64(s->node_count, 7);
    CHECK_EQ_U64(s->region_count, 3);
    CHECK_EQ_U64(s->nodes[1].card.site, SITE_LOCAL);
    CHECK_EQ_U64(s->nodes[2].card.site, SITE_LOCAL);
    CHECK_EQ_U64(s->nodes[3].card.site, SITE_REMOTE);
    CHECK_EQ_U64(s->nodes[3].card.stake, 40);
    CHECK(s->nodes[1].speed > 2.4 && s->nodes[1].speed < 2.6);
    CHECK(s->nodes[1].disclosed && !s->nodes[0].disclosed);
    CHECK_EQ_TEXT(s->nodes[0].workload.family, "random");
    CHECK_EQ_U64(s->nodes[0].workload.instances, 3);
    CHECK_EQ_U64(s->nodes[0].workload.size_max, 50);
    CHECK_EQ_TEXT(s->nodes[4].workload.family, "queen");
    CHECK_EQ_U64(s->nodes[4].workload.size_max, 6);
    CHECK_EQ_U64(s->nodes[5].workload.file_count, 1);
    CHECK_EQ_U64(s->nodes[5].workload.instances, 1);
    CHECK_EQ_U64(s->nodes[6].joins_later, true);
    CHECK_EQ_U64(s->nodes[5].joins_later, false);
}

static void check_network(const struct scenario *s)
{
    CHECK_EQ_I64(s->default_link.latency_ns, 30 * ms);
    CHECK_EQ_I64(s->default_link.jitter_ns, 3 * ms / 2);
    CHECK_EQ_U64(s->default_link.loss_ppm, 100);
    CHECK_EQ_U64(s->default_link.bytes_per_second, 1000000);
    CHECK_EQ_I64(s->local_link.latency_ns, ms / 4);
    CHECK_EQ_U64(s->link_count, 2);
    CHECK_EQ_U64(s->links[0].from, 0);
    CHECK_EQ_U64(s->links[0].to, 1);
    CHECK_EQ_I64(s->links[0].latency_ns, 12 * ms);
    CHECK_EQ_U64(s->links[1].from, 2);
    CHECK_EQ_U64(s->links[1].to, 2);
    CHECK_EQ_I64(s->links[1].jitter_ns, 0); /* from local */
    CHECK_EQ_I64(s->disk_ns, 3 * ms);
    CHECK_EQ_I64(s->limit_ns, 120000 * ms);
}

static void check_rules(const struct scenario *s)
{
    const struct policy *p = &s->policy;

    CHECK_EQ_U64(p->collect_deadline_ns, 5000 * (uint64_t)ms);
    CHECK_EQ_U64(p->score_deadline_ns, 6000 * (uint64_t)ms);
    CHECK_EQ_U64(p->close_tolerance_ns, 200 * (uint64_t)ms);
    CHECK_EQ_U64(p->min_participants, 4);
    CHECK_EQ_U64(p->batch_max, 32);
    CHECK_EQ_I64(s->batch_delay_ns, 5 * ms);
    CHECK_EQ_U64(s->view_timeout_ns, 900 * (uint64_t)ms);
    CHECK_EQ_U64(p->retry_budget, 2);
    CHECK_EQ_I64(s->submit_ns, 300 * ms);
    CHECK_EQ_I64(s->submit_max_ns, 2400 * ms);
    CHECK_EQ_U64(p->spot_checks, 7);
    CHECK_EQ_U64(p->cohort, 5);
    CHECK(p->cohort_weights == COHORT_BY_STAKE && p->cohort_validators == COHORT_VALIDATORS_FIRST);
    CHECK_EQ_U64(p->joins_per_epoch, 3);
    CHECK_EQ_U64(p->checkpoint_interval, 8);
    CHECK_EQ_U64(p->window, 48);
    CHECK_EQ_U64(p->rule, RANK_MEDIAN);
    CHECK_EQ_U64(p->stake_cap_ppm, 300000);
    CHECK_EQ_U64(p->trim_ppm, 100000);
    CHECK_EQ_U64(p->margin_ppm, 1000);
    CHECK_EQ_U64(p->rollback_ppm, 2000);
    CHECK_EQ_U64(p->stale_discount_ppm, 3000);
    CHECK_EQ_U64(p->optimiser, OPTIMISER_MIES);
    CHECK_EQ_U64(p->evaluations, 12);
    CHECK_EQ_U64(p->iteration_limit, 500);
    CHECK_EQ_U64(p->migrants, 3);
    CHECK_EQ_U64(p->archive_max, 5);
    CHECK_EQ_U64(p->topology, TOPOLOGY_RING);
    CHECK_EQ_U64(p->shards, 6);
    CHECK_EQ_TEXT(s->shared.family, "planted");
}

static void check_events(const struct scenario *s)
{
    const struct scenario_event *e = s->events;

    CHECK(s->event_count > 14 + 2 * 3 + 2 * 2 + 1 + 6);
    CHECK(e[0].kind == EVENT_CRASH && e[0].primary && e[0].at_epoch && e[0].epoch == 8 && e[0].after_ns == 10 * ms);
    CHECK(e[1].kind == EVENT_CRASH && !e[1].at_epoch && e[1].at_ns == 20000 * ms && e[1].node == 4);
    CHECK(e[2].kind == EVENT_RESTART && e[2].node == 4);
    CHECK(e[3].kind == EVENT_PARTITION && e[3].duration_ns == 100 * ms);
    CHECK(e[3].group_of[0] == 1 && e[3].group_of[1] == 1 && e[3].group_of[2] == 2 && e[3].group_of[3] == 0);
    CHECK(e[4].kind == EVENT_HEAL);
    CHECK(e[5].kind == EVENT_LATENCY_SPIKE && e[5].factor_ppm == 2500000);
    CHECK(e[6].kind == EVENT_LOSS_BURST && e[6].loss_ppm == 200000);
    CHECK(e[7].kind == EVENT_SLOW_DOWN && e[7].node == 1 && e[7].duration_ns == 0);
    CHECK(e[8].kind == EVENT_JOIN && e[8].node == 6 && e[8].sponsored && e[8].sponsor == 1);
    CHECK(e[9].kind == EVENT_LEAVE && e[9].node == 5);
    CHECK(e[10].kind == EVENT_LIE && e[10].lie == LIE_DOUBLE_SIGN);
    CHECK(e[11].kind == EVENT_DRIFT && strcmp(e[11].workload.family, "rook") == 0);
    CHECK(e[12].kind == EVENT_WIPE && e[12].node == 2 && e[12].duration_ns == 250 * ms);
    CHECK(e[13].kind == EVENT_STAKE && e[13].node == 5 && e[13].stake == 17);
}

static void full_form_value_by_value(void)
{
    struct scenario s;
    struct diag diag = {0};

    if (!CHECK_OK(scenario_load(tap_source("tests/scenario/full.json"), &s, &diag))) {
        tap_note("%s", diag.text);
        return;
    }
    CHECK_EQ_U64(s.seed, UINT64_MAX);
    CHECK_EQ_U64(s.max_byzantine, 1);
    CHECK_EQ_U64(s.epoch_start, 7);
    check_nodes(&s);
    check_network(&s);
    check_rules(&s);
    check_events(&s);
    scenario_fini(&s);
}

/* Nobody has to compute a limit for far regions. */
static void latency_limit_makes_room(void)
{
    static const char text[] = "{\"name\": \"far\", \"quorum\": 2, \"max_ledger_drift\": 3, \"epoch_start\": 1,"
                               " \"network\": {\"default\": {\"latency_ms\": 600, \"jitter_ms\": 0}, \"disk_ms\": 10},"
                               " \"nodes\": [{\"id\": \"x\", \"region\": \"here\", \"role\": \"core\", \"stake\": 1},"
                               " {\"id\": \"y\", \"region\": \"there\", \"role\": \"core\", \"stake\": 1}]}";
    struct scenario s;
    struct diag diag = {0};

    REQUIRE_OK(scenario_parse("far.json", bytes_of_text(text), &s, &diag));
    CHECK_EQ_U64(s.view_timeout_ns, 4 * 610 * (uint64_t)ms);
    scenario_fini(&s);
}

/* So many nodes, with this policy. */
static enum err crowd(unsigned nodes, const char *policy, struct scenario *s, struct diag *diag)
{
    struct buf text = {0};

    buf_printf(&text,
               "{\"name\": \"crowd\", \"quorum\": 1, \"max_ledger_drift\": 3, \"epoch_start\": 1%s, \"nodes\": [",
               policy);
    for (unsigned i = 0; i < nodes; i++)
        buf_printf(&text, "%s{\"id\": \"n%u\", \"region\": \"r\", \"role\": \"%s\", \"stake\": 1}", i > 0 ? ", " : "",
                   i, i == 0 ? "core" : "edge");
    buf_add_text(&text, "]}");
    *diag = (struct diag){0};
    enum err err = scenario_parse("crowd.json", bytes_of_buf(&text), s, diag);
    buf_free(&text);
    return err;
}

/* What an epoch has no room for is not asked for: 255 candidates less the archive and two earlier incumbents. */
static void offers_fit(void)
{
    static const struct {
        unsigned nodes;
        const char *policy;
        unsigned migrants; /* 0: refused */
    } cases[] = {
        {100, "", 2},
        {124, "", 2},
        {125, "", 1},
        {256, "", 1},
        {256, ", \"policy\": {\"migrants\": 1, \"archive\": 32}", 1},
        {31, ", \"policy\": {\"migrants\": 8}", 8},
        {32, ", \"policy\": {\"migrants\": 8}", 0},
        {125, ", \"policy\": {\"migrants\": 2}", 0},
        {126, ", \"policy\": {\"migrants\": 2, \"archive\": 0}", 2},
        {127, ", \"policy\": {\"migrants\": 2, \"archive\": 0}", 0},
    };
    struct scenario s;
    struct diag diag;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (cases[i].migrants == 0) {
            CHECK_ERR(crowd(cases[i].nodes, cases[i].policy, &s, &diag), ERR_RANGE);
            continue;
        }
        REQUIRE_OK(crowd(cases[i].nodes, cases[i].policy, &s, &diag));
        CHECK_EQ_U64(s.policy.migrants, cases[i].migrants);
        scenario_fini(&s);
    }
    CHECK_ERR(crowd(100, ", \"policy\": {\"migrants\": 8}", &s, &diag), ERR_RANGE);
    CHECK(strstr(diag.text, "/policy/migrants: 100 members x 8 migrants are 800 offers") != NULL);
    CHECK(strstr(diag.text, "and 249 are left; for 100 members at most 2 fit") != NULL);
}

static void names_of_events_and_lies(void)
{
    CHECK_EQ_TEXT(scenario_event_name(EVENT_LATENCY_SPIKE), "latency_spike");
    CHECK_EQ_TEXT(lie_name(LIE_NONE), "honest");
    for (unsigned i = 0; i < EVENT_KIND_COUNT; i++)
        CHECK(scenario_event_name((enum scenario_event_kind)i) != NULL);
    for (unsigned i = 0; i < LIE_COUNT; i++)
        CHECK(lie_name((enum lie)i) != NULL);
}

/* Two sites with programs, of which the first starts from a file. */
static const char two_programs[] =
    "{\"name\": \"own\", \"quorum\": 2, \"max_ledger_drift\": 3, \"epoch_start\": 1, \"space\": \"space.json\", "
    "\"nodes\": ["
    "{\"id\": \"x\", \"region\": \"r\", \"role\": \"core\", \"stake\": 5, \"workload\": {\"program\": {\"runner\": "
    "\"irace\","
    " \"command\": [\"sh\"], \"instances\": [\"full.json\"], \"initial\": \"initial.txt\"}}},"
    "{\"id\": \"y\", \"region\": \"r\", \"role\": \"core\", \"stake\": 5, \"workload\": {\"program\": {\"runner\": "
    "\"irace\","
    " \"command\": [\"sh\"], \"instances\": [\"space.json\"]}}}]}";

static bool hides(const struct program_spec *p, const char *file)
{
    for (unsigned i = 0; i < p->hidden_count; i++) {
        if (strcmp(p->hidden[i], file) == 0)
            return true;
    }
    return false;
}

/* What a site starts from is read, and no business of another site's program. */
static void initial_configurations_are_the_sites_own(void)
{
    struct scenario s;
    struct diag diag = {0};

    REQUIRE_OK(scenario_parse(tap_source("tests/scenario/two.json"), bytes_of_text(two_programs), &s, &diag));
    CHECK_EQ_U64(s.nodes[0].workload.program->initial_count, 1);
    CHECK_EQ_U64(s.nodes[1].workload.program->initial_count, 0);
    CHECK(!hides(s.nodes[0].workload.program, "initial.txt"));
    CHECK(hides(s.nodes[1].workload.program, "initial.txt"));
    scenario_fini(&s);
}

/* The optimiser that nobody named is the one for programs. */
static void programs_are_searched_by_bayes(void)
{
    struct scenario s;
    struct diag diag = {0};

    REQUIRE_OK(scenario_load(tap_source("tests/scenario/full_programs.json"), &s, &diag));
    CHECK_EQ_U64(s.policy.optimiser, OPTIMISER_BAYES);
    scenario_fini(&s);
}

int main(void)
{
    TAP_RUN(minimal_form_and_its_defaults);
    TAP_RUN(full_form_value_by_value);
    TAP_RUN(latency_limit_makes_room);
    TAP_RUN(offers_fit);
    TAP_RUN(initial_configurations_are_the_sites_own);
    TAP_RUN(names_of_events_and_lies);
    TAP_RUN(programs_are_searched_by_bayes);
    return tap_done();
}
