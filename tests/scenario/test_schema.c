#include <dirent.h>
#include <jansson.h>

#include "codec/json.h"
#include "schema.h"
#include "scenario/scenario.h"
#include "tap.h"

/* docs/scenario.schema.json and the loader say the same. */

static struct json_doc schema_doc;

/* Between them they use everything; programs and families of graphs do not go together. */
static const char *const full_names[] = {"tests/scenario/full.json", "tests/scenario/full_programs.json"};
enum { FULL_COUNT = 2 };
static struct json_doc full_docs[FULL_COUNT];
static unsigned full; /* the one that is looked at */

static bool loader_accepts(const json_t *value)
{
    struct buf text = {0};
    struct scenario s;
    struct diag diag = {0};
    enum err err;

    json_render(value, &text);
    err = scenario_parse(tap_source(full_names[full]), bytes_of_buf(&text), &s, &diag);
    if (err == ERR_OK)
        scenario_fini(&s);
    buf_free(&text);
    return err == ERR_OK;
}

static bool accepts(const json_t *value)
{
    struct schema s = {.root = schema_doc.root};
    bool ok = schema_accepts(&s, schema_doc.root, value);

    if (!ok)
        tap_note("schema: %s", s.why);
    return ok;
}

static bool quietly_accepts(const json_t *value)
{
    struct schema s = {.root = schema_doc.root};

    return schema_accepts(&s, schema_doc.root, value);
}

/* Counts the property schemas below, and those among them that no value of `seen` has met. */
static void count_properties(const json_t *schema, const json_t *seen, unsigned *count, unsigned *missed)
{
    const char *key, *name;
    json_t *value, *property;
    size_t i;
    char address[32];

    json_array_foreach((json_t *)(uintptr_t)schema, i, value)
    {
        count_properties(value, seen, count, missed);
    }
    json_object_foreach((json_t *)(uintptr_t)schema, key, value)
    {
        count_properties(value, seen, count, missed);
        if (strcmp(key, "properties") != 0)
            continue;
        json_object_foreach(value, name, property)
        {
            snprintf(address, sizeof address, "%p", (const void *)property);
            ++*count;
            if (json_object_get(seen, address) == NULL) {
                ++*missed;
                tap_note("no full form uses %s", name);
            }
        }
    }
}

static void full_forms_use_every_property(void)
{
    struct schema s = {.root = schema_doc.root, .seen = json_object()};
    unsigned count = 0, missed = 0;

    for (full = 0; full < FULL_COUNT; full++) {
        if (!CHECK(schema_accepts(&s, schema_doc.root, full_docs[full].root)))
            tap_note("%s", s.why);
        CHECK(loader_accepts(full_docs[full].root));
    }
    count_properties(schema_doc.root, s.seen, &count, &missed);
    CHECK(count > 60);
    CHECK_EQ_U64(missed, 0);
    json_decref(s.seen);
}

/* With the member replaced, do both say no? Puts the old value back. Steals value. */
static void both_refuse(json_t *object, const char *key, json_t *value, const char *what)
{
    json_t *old = json_incref(json_object_get(object, key));

    json_object_set_new(object, key, value);
    if (!CHECK(!quietly_accepts(full_docs[full].root)) || !CHECK(!loader_accepts(full_docs[full].root)))
        tap_note("%s: %s", key, what);
    json_object_set_new(object, key, old);
}

static void try_member(json_t *object, const char *key, const json_t *schema)
{
    const json_t *lo = json_object_get(schema, "minimum"), *hi = json_object_get(schema, "maximum");

    both_refuse(object, key, json_null(), "null");
    if (json_object_get(schema, "enum") != NULL)
        both_refuse(object, key, json_string("no such name"), "a name that is not in the list");
    if (json_object_get(schema, "maxLength") != NULL)
        both_refuse(object, key, json_string(""), "an empty text");
    if (json_object_get(schema, "pattern") != NULL) {
        both_refuse(object, key, json_string("../../etc/x"), "a path");
        both_refuse(object, key, json_string("*"), "a wildcard");
        both_refuse(object, key, json_string("a b"), "a space");
        both_refuse(object, key, json_string("-x"), "an option");
        both_refuse(object, key,
                    json_string("a\xc2\x9b"
                                "31m"),
                    "a control character");
        both_refuse(object, key, json_string("a\xe2\x80\xae"), "a mark of direction");
    }
    if (lo != NULL)
        both_refuse(object, key, json_integer(json_integer_value(lo) - 1), "below the minimum");
    if (hi != NULL)
        both_refuse(object, key, json_integer(json_integer_value(hi) + 1), "above the maximum");
    if (json_object_get(schema, "type") != NULL &&
        strcmp(json_string_value(json_object_get(schema, "type")), "integer") == 0)
        both_refuse(object, key, json_real(1.5), "decimals");
}

/* Every object and member of value, with the schema that it must meet. */
static void walk(json_t *value, const json_t *schema)
{
    struct schema s = {.root = schema_doc.root};
    const json_t *target = schema_resolve(&s, schema), *properties = json_object_get(target, "properties");
    const char *key;
    size_t i;
    json_t *member;
    void *next;

    json_array_foreach(value, i, member)
    {
        walk(member, json_object_get(target, "items"));
    }
    if (!json_is_object(value))
        return;
    json_object_set_new(value, "nobody_knows_this", json_true());
    CHECK(!quietly_accepts(full_docs[full].root));
    CHECK(!loader_accepts(full_docs[full].root));
    json_object_del(value, "nobody_knows_this");
    json_object_foreach_safe(value, next, key, member)
    {
        try_member(value, key, schema_resolve(&s, json_object_get(properties, key)));
        walk(json_object_get(value, key), json_object_get(properties, key));
    }
}

static void schema_and_loader_refuse_the_same(void)
{
    for (full = 0; full < FULL_COUNT; full++) {
        CHECK(quietly_accepts(full_docs[full].root) && loader_accepts(full_docs[full].root));
        walk(full_docs[full].root, schema_doc.root);
        CHECK(quietly_accepts(full_docs[full].root) && loader_accepts(full_docs[full].root));
    }
}

static bool check_shipped(const char *folder, const char *name)
{
    struct buf path = {0};
    struct json_doc doc;
    struct scenario s;
    struct diag diag = {0};
    bool ok = false;

    buf_printf(&path, "%s/%s", folder, name);
    if (CHECK_OK(json_doc_load(&doc, buf_text(&path), SCENARIO_SIZE_MAX, &diag))) {
        ok = CHECK(accepts(doc.root));
        json_doc_free(&doc);
        if (CHECK_OK(scenario_load(buf_text(&path), &s, &diag)))
            scenario_fini(&s);
    }
    if (!ok || diag.text[0] != '\0')
        tap_note("%s %s", name, diag.text);
    buf_free(&path);
    return ok;
}

static unsigned check_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    unsigned count = 0;

    if (!CHECK(dir != NULL))
        return 0;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        const char *dot = strrchr(entry->d_name, '.');

        if (dot != NULL && strcmp(dot, ".json") == 0)
            count += check_shipped(folder, entry->d_name);
    }
    closedir(dir);
    return count;
}

static void every_shipped_scenario(void)
{
    CHECK(check_folder(tap_source("artifacts/mec/M5/scenarios")) >= 5);
    CHECK(check_shipped(tap_source("examples/python"), "descend.json"));
    CHECK(check_shipped(tap_source("examples/minisat"), "minisat.json"));
}

int main(void)
{
    struct diag diag = {0};

    if (json_doc_load(&schema_doc, tap_source("docs/scenario.schema.json"), 1 << 20, &diag) != ERR_OK ||
        json_doc_load(&full_docs[0], tap_source(full_names[0]), 1 << 20, &diag) != ERR_OK ||
        json_doc_load(&full_docs[1], tap_source(full_names[1]), 1 << 20, &diag) != ERR_OK) {
        printf("Bail out! %s\n", diag.text);
        return 1;
    }
    TAP_RUN(full_forms_use_every_property);
    TAP_RUN(schema_and_loader_refuse_the_same);
    TAP_RUN(every_shipped_scenario);
    json_doc_free(&schema_doc);
    for (full = 0; full < FULL_COUNT; full++)
        json_doc_free(&full_docs[full]);
    return tap_done();
}
