#include "audit/observed.h"

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mutate.h"
#include "base/text.h"

/* docs/rfc/M5-federation.md section 7 has these fields. */

enum { TEXT_MAX = 128 };

enum type { TYPE_COUNT, TYPE_BOOLEAN, TYPE_TEXT, TYPE_TEXT_OR_NULL, TYPE_DECIMAL, TYPE_SHA256, TYPE_REAL };

static const char *const type_names[] = {
    [TYPE_COUNT] = "a whole number, as a decimal string above 2^53",
    [TYPE_BOOLEAN] = "true or false",
    [TYPE_TEXT] = "a text of 1 to 128 bytes",
    [TYPE_TEXT_OR_NULL] = "a text of 1 to 128 bytes, or null",
    [TYPE_DECIMAL] = "a whole number below 2^64 as a decimal string",
    [TYPE_SHA256] = "64 lower-case hex digits",
    [TYPE_REAL] = "a number with decimals",
};

struct field {
    const char *key;
    enum type type;
    bool may_miss;
};

static const struct field whole_fields[] = {
    {"seed", TYPE_DECIMAL, false}, {"scenario_sha256", TYPE_SHA256, false}, {"gain", TYPE_COUNT, false}};
static const struct field epoch_fields[] = {
    {"view_changes", TYPE_COUNT, false}, {"stalled", TYPE_BOOLEAN, false}, {"virtual_ms", TYPE_COUNT, false}};
static const struct field event_fields[] = {{"kind", TYPE_TEXT, false},       {"node_id", TYPE_TEXT_OR_NULL, false},
                                            {"behaviour", TYPE_TEXT, true},   {"ends", TYPE_BOOLEAN, false},
                                            {"effect", TYPE_BOOLEAN, false},  {"epoch", TYPE_COUNT, false},
                                            {"virtual_ms", TYPE_COUNT, false}};
static const struct field network_fields[] = {
    {"messages", TYPE_COUNT, false}, {"bytes", TYPE_COUNT, false}, {"dropped", TYPE_COUNT, false}};
static const struct field work_fields[] = {{"evaluations", TYPE_COUNT, false}, {"iterations", TYPE_COUNT, false}};
static const struct field node_fields[] = {{"node_id", TYPE_TEXT, false}, {"role", TYPE_TEXT, false},
                                           {"site", TYPE_TEXT, false},    {"region", TYPE_TEXT, false},
                                           {"stake", TYPE_COUNT, false},  {"up", TYPE_BOOLEAN, false},
                                           {"height", TYPE_COUNT, false}, {"restarts", TYPE_COUNT, false}};
static const struct field cost_fields[] = {{"node_id", TYPE_TEXT, false},
                                           {"unit", TYPE_TEXT_OR_NULL, false},
                                           {"first", TYPE_REAL, false},
                                           {"last", TYPE_REAL, false}};
static const struct field roots_fields[] = {{"agree", TYPE_BOOLEAN, false}};

#define COUNT(fields) (sizeof(fields) / sizeof(fields)[0])

struct checking {
    const char *file;
    struct audit_report *report;
    bool wrong;
};

/* Without a sign, a leading zero or anything else but digits; below 2^64. */
static bool is_decimal(const json_t *value, uint64_t *out)
{
    const char *text = json_string_value(value);

    return text != NULL && (text[0] != '0' || text[1] == '\0') && u64_parse(text, out) == ERR_OK;
}

static bool is_count(const json_t *value)
{
    uint64_t number;

    if (json_is_integer(value))
        return json_integer_value(value) >= 0 && json_integer_value(value) <= (json_int_t)1 << 53;
    return is_decimal(value, &number) && number > (uint64_t)1 << 53;
}

static bool is_sha256(const json_t *value)
{
    const char *text = json_string_value(value);

    return text != NULL && strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

static bool fits(const json_t *value, enum type type)
{
    size_t len = json_string_length(value);
    uint64_t number;

    switch (type) {
    case TYPE_COUNT:
        return is_count(value);
    case TYPE_BOOLEAN:
        return json_is_boolean(value);
    case TYPE_TEXT_OR_NULL:
        return json_is_null(value) || (len >= 1 && len <= TEXT_MAX);
    case TYPE_TEXT:
        return len >= 1 && len <= TEXT_MAX;
    case TYPE_DECIMAL:
        return is_decimal(value, &number);
    case TYPE_SHA256:
        return is_sha256(value);
    case TYPE_REAL:
        return json_is_real(value);
    }
    return false;
}

static void check_fields(struct checking *c, const json_t *object, const char *pointer, const struct field *fields,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_object_get(object, fields[i].key);
        char at[128];

        if (value == NULL ? fields[i].may_miss : MUTATE(AUDIT_ANY_OBSERVATION, true, fits(value, fields[i].type)))
            continue;
        snprintf(at, sizeof at, "%s/%s", pointer, fields[i].key);
        audit_fail(c->report, RULE_SUMMARY_FORM, c->file, at, "expected %s", type_names[fields[i].type]);
        c->wrong = true;
    }
}

/* An object of which everything is observed: these keys and no others, in this order. */
static void check_closed(struct checking *c, const json_t *object, const char *pointer, const struct field *fields,
                         size_t count)
{
    json_t *o = (json_t *)(uintptr_t)object;
    size_t at = 0;

    check_fields(c, object, pointer, fields, count);
    for (void *i = json_object_iter(o); i != NULL; i = json_object_iter_next(o, i), at++) {
        while (at < count && fields[at].may_miss && strcmp(fields[at].key, json_object_iter_key(i)) != 0)
            at++;
        if (at < count && strcmp(fields[at].key, json_object_iter_key(i)) == 0)
            continue;
        audit_fail(c->report, RULE_SUMMARY_FORM, c->file, pointer, "expected %s and no other key here",
                   at < count ? fields[at].key : "the end");
        c->wrong = true;
        return;
    }
}

static void check_each(struct checking *c, const json_t *array, const char *name, const struct field *fields,
                       size_t count, bool closed)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        char pointer[64];

        snprintf(pointer, sizeof pointer, "/%s/%zu", name, i);
        if (closed)
            check_closed(c, json_array_get(array, i), pointer, fields, count);
        else
            check_fields(c, json_array_get(array, i), pointer, fields, count);
    }
}

static void must_be_array(struct checking *c, const json_t *summary, const char *key)
{
    char pointer[64];

    if (json_is_array(json_object_get(summary, key)))
        return;
    snprintf(pointer, sizeof pointer, "/%s", key);
    audit_fail(c->report, RULE_SUMMARY_FORM, c->file, pointer, "expected an array");
    c->wrong = true;
}

bool observed_row_fits(const json_t *row)
{
    for (size_t i = 0; i < COUNT(epoch_fields); i++) {
        const json_t *value = json_object_get(row, epoch_fields[i].key);

        if (value == NULL || !fits(value, epoch_fields[i].type))
            return false;
    }
    return true;
}

void observed_row_clear(json_t *row)
{
    for (size_t i = 0; i < COUNT(epoch_fields); i++)
        json_put(row, epoch_fields[i].key, json_null());
}

void observed_check(const json_t *summary, const char *file, struct audit_report *report)
{
    struct checking c = {.file = file, .report = report};

    check_fields(&c, summary, "", whole_fields, COUNT(whole_fields));
    must_be_array(&c, summary, "epochs");
    must_be_array(&c, summary, "events");
    must_be_array(&c, summary, "nodes");
    must_be_array(&c, summary, "costs");
    check_each(&c, json_object_get(summary, "epochs"), "epochs", epoch_fields, COUNT(epoch_fields), false);
    check_each(&c, json_object_get(summary, "events"), "events", event_fields, COUNT(event_fields), true);
    check_closed(&c, json_object_get(summary, "network"), "/network", network_fields, COUNT(network_fields));
    check_closed(&c, json_object_get(summary, "work"), "/work", work_fields, COUNT(work_fields));
    check_each(&c, json_object_get(summary, "nodes"), "nodes", node_fields, COUNT(node_fields), false);
    check_each(&c, json_object_get(summary, "costs"), "costs", cost_fields, COUNT(cost_fields), true);
    check_fields(&c, json_object_get(summary, "roots"), "/roots", roots_fields, COUNT(roots_fields));
    if (!c.wrong)
        audit_pass(report, RULE_SUMMARY_FORM);
}
