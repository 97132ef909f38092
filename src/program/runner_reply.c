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
        answer_set(a, EVALUATION_ABORT, "it says SUCCESS, and no cost");
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
    uint64_t ignored;

    rest = trim(rest);
    time = cut(&rest, is_blank);
    if (trim(rest).len > 0 || (time.len > 0 && cost_parse(time, COST_DECIMALS_MAX, &ignored, NULL) != ERR_OK))
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

/* What follows the mark, in any case of letters; the last line that has it. */
static bool find_result(struct bytes text, struct bytes *out)
{
    static const char mark[] = "result of this algorithm run:";
    bool found = false;

    while (text.len > 0) {
        struct bytes line = cut(&text, is_line_end);

        for (size_t at = 0; at + sizeof mark - 1 <= line.len; at++) {
            size_t i = 0;

            while (mark[i] != '\0' && (line.data[at + i] | 0x20) == (uint8_t)(mark[i] | 0x20))
                i++;
            if (mark[i] != '\0')
                continue;
            *out = (struct bytes){line.data + at + i, line.len - at - i};
            found = true;
            break;
        }
    }
    return found;
}

void answer_json(struct answer *a, const struct program_spec *spec, const json_t *object)
{
    const char *status = json_string_value(json_object_get(object, "status"));
    const json_t *cost = json_object_get(object, "cost");
    struct buf text = {0};

    if (cost == NULL && spec->runner == RUNNER_ACLIB)
        cost = json_object_get(object, "runtime");
    if (json_is_number(cost))
        json_line(cost, &text);
    else if (json_is_string(cost))
        buf_add_text(&text, json_string_value(cost));
    answer_status(a, spec, bytes_of_text(status != NULL ? status : ""), bytes_of_buf(&text));
    buf_free(&text);
}

static void aclib_answer(const struct program_spec *spec, struct bytes text, struct answer *out)
{
    struct bytes result;
    struct json_doc doc;
    struct diag diag = {0};

    if (!find_result(text, &result)) {
        answer_set(out, EVALUATION_CRASHED, "no \"Result of this algorithm run:\" in what it printed");
        return;
    }
    if (json_doc_parse(&doc, "result", trim(result), &diag) != ERR_OK) {
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
