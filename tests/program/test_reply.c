#include "program/cost.h"
#include "program/runner.h"
#include "tap.h"

/* What a program has printed, and what that costs in its own unit. */

struct reply {
    const char *text;
    enum evaluation_status status;
    int64_t cost;     /* of a success */
    const char *says; /* of anything else */
};

static void check(const struct program_spec *spec, const struct reply *replies, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct answer got = {0};

        runner_answer(spec, bytes_of_text(replies[i].text), 0, &got);
        if (!CHECK_EQ_U64(got.status, replies[i].status) ||
            !CHECK(got.status != EVALUATION_SUCCESS || (int64_t)got.cost + spec->cost_min == replies[i].cost) ||
            !CHECK(replies[i].says == NULL || strstr(got.says, replies[i].says) != NULL))
            tap_note("%s: %s", replies[i].text, got.says);
    }
}

#define CHECK_ALL(spec, replies) check(spec, replies, sizeof(replies) / sizeof(replies)[0])

static void lines_of_paramils(void)
{
    static const struct reply runtime[] = {
        {"c a remark\nResult for ParamILS: SAT, 0.15, 1200, 7, 12345\n", EVALUATION_SUCCESS, 15, NULL},
        {"Result for ParamILS:UNSAT,2,0,0,1,some more, of it", EVALUATION_SUCCESS, 200, NULL},
        {"Result for SMAC: SUCCESS, 1.5, -1, 3.25, 9", EVALUATION_SUCCESS, 150, NULL},
        {"Result of this Algorithm Run: SAT, 0.5, 1, 0, 9", EVALUATION_SUCCESS, 50, NULL},
        {"Result for ParamILS: SAT, 1, 1, 1, 1\nResult for ParamILS: SAT, 2, 1, 1, 1", EVALUATION_SUCCESS, 200, NULL},
        {"Result for ParamILS: TIMEOUT, 10, 0, 0, 1", EVALUATION_TIMEOUT, 0, "says so itself"},
        {"Result for ParamILS: CRASHED, 10, 0, 0, 1", EVALUATION_CRASHED, 0, "says so itself"},
        {"Result for ParamILS: ABORT, 10, 0, 0, 1", EVALUATION_ABORT, 0, "says so itself"},
        {"Result for ParamILS: SAT, soon, 0, 0, 1", EVALUATION_ABORT, 0, "\"soon\" is not a number"},
        {"Result for ParamILS: SAT, 1, 0", EVALUATION_ABORT, 0,
         "expected status, runtime, runlength, quality and seed"},
        {"Result for ParamILS: SAT, -1, 0, 0, 1", EVALUATION_ABORT, 0, "-1 is below zero"},
        {"Result for somebody: SAT, 1, 0, 0, 1", EVALUATION_CRASHED, 0, "\"Result for ParamILS:\""},
    };
    static const struct reply quality[] = {
        {"Result for ParamILS: SAT, 0.15, 1200, 7.5, 12345", EVALUATION_SUCCESS, 750, NULL},
        {"Result of this algorithm run: {\"status\": \"SUCCESS\", \"cost\": 3, \"runtime\": 1}", EVALUATION_SUCCESS,
         300, NULL},
        {"Result of this algorithm run: {\"status\": \"SUCCESS\", \"runtime\": 1}", EVALUATION_ABORT, 0,
         "no cost of the"},
    };
    static const struct reply length[] = {
        {"Result for ParamILS: SAT, 0.15, 12, 7.5, 1", EVALUATION_SUCCESS, 1200, NULL}};
    struct program_spec spec;

    program_spec_init(&spec);
    spec.runner = RUNNER_ACLIB;
    spec.decimals = 2;
    CHECK_ALL(&spec, runtime);
    spec.objective = OBJECTIVE_RUNTIME;
    CHECK_ALL(&spec, runtime);
    spec.objective = OBJECTIVE_QUALITY;
    CHECK_ALL(&spec, quality);
    spec.objective = OBJECTIVE_RUNLENGTH;
    CHECK_ALL(&spec, length);
}

static void costs_below_zero(void)
{
    static const struct reply replies[] = {
        {"-0.93", EVALUATION_SUCCESS, -93, NULL},
        {"-1", EVALUATION_SUCCESS, -100, NULL},
        {"0.5", EVALUATION_SUCCESS, 50, NULL},
        {"-0.935", EVALUATION_SUCCESS, -93, NULL}, /* half up */
        {"-0.936", EVALUATION_SUCCESS, -94, NULL},
        {"-1.01", EVALUATION_ABORT, 0, "the cost -1.01 is below -1, the least that \"cost_min\""},
        {"-1e30", EVALUATION_ABORT, 0, "is below -1,"},
        {"-inf", EVALUATION_ABORT, 0, "is not a number"},
        {"-0.5 -1", EVALUATION_ABORT, 0, "expected one or two numbers"},
    };
    static const struct reply above[] = {
        {"12.5", EVALUATION_SUCCESS, 1250, NULL},
        {"9.99", EVALUATION_ABORT, 0, "the cost 9.99 is below 10,"},
    };
    struct program_spec spec;

    program_spec_init(&spec);
    spec.runner = RUNNER_IRACE;
    spec.decimals = 2;
    spec.cost_min = -100;
    CHECK_ALL(&spec, replies);
    spec.cost_min = 1000;
    CHECK_ALL(&spec, above);
}

static void units_agree(void)
{
    static const struct {
        const char *text;
        enum evaluation_status status;
    } replies[] = {
        {"{\"status\": \"SUCCESS\", \"cost\": 3, \"unit\": \"steps\"}", EVALUATION_SUCCESS},
        {"{\"status\": \"SUCCESS\", \"cost\": 3}", EVALUATION_SUCCESS},
        {"{\"status\": \"SUCCESS\", \"cost\": 3, \"unit\": \"ms\"}", EVALUATION_ABORT},
    };
    struct program_spec spec;

    program_spec_init(&spec);
    for (unsigned i = 0; i < 6; i++) {
        struct json_doc doc;
        struct answer got = {0};

        snprintf(spec.unit, sizeof spec.unit, "%s", i < 3 ? "steps" : "");
        if (!CHECK_OK(json_doc_parse(&doc, "reply", bytes_of_text(replies[i % 3].text), NULL)))
            return;
        answer_json(&got, &spec, doc.root);
        CHECK_EQ_U64(got.status, i < 3 ? replies[i].status : EVALUATION_SUCCESS);
        json_doc_free(&doc);
    }
}

static void costs_in_their_own_unit(void)
{
    struct program_spec spec;
    struct buf text = {0};

    program_spec_init(&spec);
    program_cost_print(&spec, 12, &text);
    CHECK(strcmp(buf_text(&text), "12") == 0);
    spec.decimals = 3;
    spec.cost_min = -1000;
    snprintf(spec.unit, sizeof spec.unit, "nats");
    buf_clear(&text);
    program_cost_print(&spec, 70, &text);
    CHECK(strcmp(buf_text(&text), "-0.93 nats") == 0);
    buf_clear(&text);
    program_cost_print(&spec, 1000, &text);
    CHECK(strcmp(buf_text(&text), "0 nats") == 0);
    CHECK(program_mean_cost(&spec, 70.04) == -0.93);
    CHECK(program_mean_cost(&spec, 70.06) == -0.9299);
    buf_free(&text);
}

int main(void)
{
    TAP_RUN(lines_of_paramils);
    TAP_RUN(costs_below_zero);
    TAP_RUN(units_agree);
    TAP_RUN(costs_in_their_own_unit);
    return tap_done();
}
