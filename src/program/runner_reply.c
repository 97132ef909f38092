#include <jansson.h>
#include <string.h>

#include "program/cost.h"
#include "program/runner.h"

static bool status_parse(struct bytes text, enum evaluation_status *out)
{
    static const struct {
        const char *name;
        enum evaluation_status status;
    } known[] = {
        {"SUCCESS", EVALUATION_SUCCESS},   {"SAT", EVALUATION_SUCCESS},     {"UNSAT", EVALUATION_SUCCESS},
        {"TIMEOUT", EVALUATION_TIMEOUT},   {"CRASHED", EVALUATION_CRASHED}, {"CRASH", EVALUATION_CRASHED},
        {"MEMORYOUT", EVALUATION_CRASHED}, {"ABORT", EVALUATION_ABORT},
    };

    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (bytes_equal(text, bytes_of_text(known[i].name))) {
            *out = known[i].status;
            return true;
        }
    }
    return false;
}

/* A status word and the text of a cost, which only a success needs. */
static void answer_status(struct answer *a, const struct program_spec *spec, struct bytes status, struct bytes cost)
{
    enum evaluation_status known;

    if (!status_parse(status, &known))
        answer_set(a, EVALUATION_ABORT, "it says the status \"%.*s\", which nobody knows",
                   status.len < 40 ? (int)status.len : 40, (const char *)status.data);
    else if (known != EVALUATION_SUCCESS)
        answer_set(a, known, "it says so itself");
    else if (cost.len == 0)
        answer_set(a, EVALUATION_ABORT, "it says SUCCESS, and no cost%s",
                   spec->objective == OBJECTIVE_ANY ? "" : " of the kind that \"objective\" in the scenario names");
    else
        answer_cost(a, spec, cost);
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct bytes trim(struct bytes t)
{
    for (; t.len > 0 && is_blank(t.data[0]); t.data++)
        t.len--;
    while (t.len > 0 && is_blank(t.data[t.len - 1]))
        t.len--;
    return t;
}

/* Takes what stands before the first byte that is_end(), which is skipped. */
static struct bytes cut(struct bytes *t, bool (*is_end)(uint8_t))
{
    struct bytes head = {t->data, 0};

    while (head.len < t->len && !is_end(t->data[head.len]))
        head.len++;
    size_t used = head.len < t->len ? head.len + 1 : head.len;
    t->data += used;
    t->len -= used;
    return head;
}

static bool is_line_end(uint8_t c)
{
    return c == '\n';
}

static bool is_semicolon(uint8_t c)
{
    return c == ';';
}

static bool is_equals(uint8_t c)
{
    return c == '=';
}

/* "cost" or "cost time", and nothing else. */
static void irace_answer(const struct program_spec *spec, struct bytes text, struct answer *out)
{
    struct bytes rest = trim(text), cost = cut(&rest, is_blank), time;
    int64_t seconds = 0;

    rest = trim(rest);
    time = cut(&rest, is_blank);
    if (trim(rest).len > 0 ||
        (time.len > 0 && (cost_parse(time, COST_DECIMALS_MAX, &seconds, NULL) != ERR_OK || seconds < 0)))
        answer_set(out, EVALUATION_ABORT, "expected one or two numbers, it printed \"%.*s\"",
                   text.len < 60 ? (int)text.len : 60, (const char *)text.data);
    else
        answer_cost(out, spec, cost);
}

/* The last line with "cost=" or "status=" counts. */
static void smac_answer(const struct program_spec *spec, struct bytes text, struct answer *out)
{
    struct bytes status = bytes_of_text("SUCCESS"), cost = {0};
    bool found = false;

    while (text.len > 0) {
        struct bytes line = cut(&text, is_line_end), said_status = bytes_of_text("SUCCESS"), said_cost = {0};
        bool any = false;

        while (line.len > 0) {
            struct bytes value = cut(&line, is_semicolon), key = trim(cut(&value, is_equals));

            value = trim(value);
            if (bytes_equal(key, bytes_of_text("cost")))
                said_cost = value;
            else if (bytes_equal(key, bytes_of_text("status")))
                said_status = value;
            else
                continue;
            any = true;
        }
        if (any) {
            status = said_status;
            cost = said_cost;
            found = true;
        }
    }
    if (found)
        answer_status(out, spec, status, cost);
    else
        answer_set(out, EVALUATION_CRASHED, "no \"cost=...\" in what it printed");
}

/* What stands in the line behind the mark, in any case of letters. */
static bool find_mark(struct bytes line, const char *mark, struct bytes *out)
{
    size_t length = strlen(mark);

    for (size_t at = 0; at + length <= line.len; at++) {
        size_t i = 0;

        while (i < length && (line.data[at + i] | 0x20) == (uint8_t)(mark[i] | 0x20))
            i++;
        if (i < length)
            continue;
        *out = (struct bytes){line.data + at + length, line.len - at - length};
        return true;
    }
    return false;
}

/* The last line with a result: AClib's own mark, and those of the tools that its wrappers were written for before. */
static bool find_result(struct bytes text, struct bytes *out)
{
    static const char *const marks[] = {"result of this algorithm run:", "result for paramils:", "result for smac:"};
    bool found = false;

    while (text.len > 0) {
        struct bytes line = cut(&text, is_line_end);

        for (unsigned i = 0; i < sizeof marks / sizeof marks[0]; i++)
            found |= find_mark(line, marks[i], out);
    }
    return found;
}

/* The member that the objective names. */
static const json_t *result_cost(const struct program_spec *spec, const json_t *object)
{
    static const char *const keys[OBJECTIVE_COUNT] = {"cost", "runtime", "runlength", "cost"};
    const json_t *cost = json_object_get(object, keys[spec->objective]);

    if (cost == NULL && spec->objective == OBJECTIVE_ANY)
        return json_object_get(object, "runtime");
    return cost;
}

static void answer_members(struct answer *a, const struct program_spec *spec, const json_t *object, const json_t *cost)
{
    const char *status = json_string_value(json_object_get(object, "status"));
    struct buf text = {0};

    if (json_is_number(cost))
        json_line(cost, &text);
    else if (json_is_string(cost))
        buf_add_text(&text, json_string_value(cost));
    answer_status(a, spec, bytes_of_text(status != NULL ? status : ""), bytes_of_buf(&text));
    buf_free(&text);
}

void answer_told(struct answer *a, const struct program_spec *spec, const json_t *object)
{
    answer_members(a, spec, object, json_object_get(object, "cost"));
}

void answer_json(struct answer *a, const struct program_spec *spec, const json_t *object)
{
    const json_t *cost = spec->runner == RUNNER_ACLIB ? result_cost(spec, object) : json_object_get(object, "cost");
    const char *unit = json_string_value(json_object_get(object, "unit"));

    if (unit != NULL && spec->unit[0] != '\0' && strcmp(unit, spec->unit) != 0) {
        answer_set(a, EVALUATION_ABORT, "its cost is in \"%.40s\", and \"unit\" in the scenario is \"%s\"", unit,
                   spec->unit);
        return;
    }
    answer_members(a, spec, object, cost);
}

static bool is_comma(uint8_t c)
{
    return c == ',';
}

/* ParamILS and the first SMAC: "SAT, 0.15, 1200, 0, 12345", and maybe more. */
static void list_answer(const struct program_spec *spec, struct bytes result, struct answer *out)
{
    enum { STATUS, RUNTIME, RUNLENGTH, QUALITY, SEED, FIELDS };
    static const unsigned places[OBJECTIVE_COUNT] = {RUNTIME, RUNTIME, RUNLENGTH, QUALITY};
    struct bytes rest = result, fields[FIELDS];

    for (unsigned i = 0; i < FIELDS; i++)
        fields[i] = trim(cut(&rest, is_comma));
    if (fields[SEED].len == 0)
        answer_set(out, EVALUATION_ABORT, "expected status, runtime, runlength, quality and seed, it said \"%.*s\"",
                   result.len < 60 ? (int)result.len : 60, (const char *)result.data);
    else
        answer_status(out, spec, fields[STATUS], fields[places[spec->objective]]);
}

static void aclib_answer(const struct program_spec *spec, struct bytes text, struct answer *out)
{
    struct bytes result;
    struct json_doc doc;
    struct diag diag = {0};

    if (!find_result(text, &result)) {
        answer_set(out, EVALUATION_CRASHED,
                   "no \"Result of this algorithm run:\" or \"Result for ParamILS:\" in what it printed");
        return;
    }
    result = trim(result);
    if (result.len > 0 && result.data[0] != '{') {
        list_answer(spec, result, out);
        return;
    }
    if (json_doc_parse(&doc, "result", result, &diag) != ERR_OK) {
        answer_set(out, EVALUATION_ABORT, "its %s", diag.text);
        return;
    }
    answer_json(out, spec, doc.root);
    json_doc_free(&doc);
}

void runner_answer(const struct program_spec *spec, struct bytes text, long exited, struct answer *out)
{
    if (trim(text).len == 0)
        answer_set(out, EVALUATION_CRASHED, "it printed nothing");
    else if (spec->runner == RUNNER_IRACE && exited != 0)
        answer_set(out, EVALUATION_CRASHED, "exit status %ld", exited);
    else if (spec->runner == RUNNER_IRACE)
        irace_answer(spec, text, out);
    else if (spec->runner == RUNNER_SMAC)
        smac_answer(spec, text, out);
    else
        aclib_answer(spec, text, out);
}
