#include <jansson.h>

#include "../scenario/schema.h"
#include "genome/space.h"
#include "tap.h"

#include "base/file.h"

/* docs/search-space.schema.json and the reader agree. */

static struct json_doc schema_doc;
static struct space space;

static bool schema_takes(const json_t *value)
{
    struct schema s = {.root = schema_doc.root};
    return schema_accepts(&s, schema_doc.root, value);
}

static bool reader_takes(json_t *value, struct diag *diag)
{
    struct buf text = {0};
    json_render(value, &text);
    bool taken = space_parse(SPACE_JSON, "f", bytes_of_buf(&text), &space, diag) == ERR_OK;
    buf_free(&text);
    return taken;
}

static void schema_takes_what_is_printed(void)
{
    static const char *const files[] = {"acotsp.txt", "every_construct.txt", "paramils.pcs",
                                        "smac.pcs",   "smac_new.pcs",        "every_construct.json"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[128];
        struct buf text = {0};
        struct json_doc doc;
        snprintf(path, sizeof path, "tests/genome/spaces/%s", files[i]);
        REQUIRE_OK(space_load(space_format_of(path), tap_source(path), &space, NULL));
        REQUIRE_OK(space_print(SPACE_JSON, &space, &text, NULL));
        REQUIRE_OK(json_doc_parse(&doc, "printed", bytes_of_buf(&text), NULL));
        CHECK(schema_takes(doc.root));
        json_doc_free(&doc);
        buf_free(&text);
    }
}

/* Every member of the object, left out or replaced: what the schema refuses the reader refuses. */
static unsigned try_members(json_t *root, json_t *object)
{
    static const char *const others[] = {"null", "{}", "[]", "-2", "1e301", "\"\"", "\"a b\"", "99", "true"};
    unsigned refused = 0;
    json_t *copy = json_deep_copy(object), *value;
    const char *key;
    json_object_foreach(copy, key, value)
    {
        for (size_t i = 0; i <= sizeof others / sizeof others[0]; i++) {
            if (i == 0)
                json_object_del(object, key);
            else
                json_object_set_new(object, key, json_loads(others[i - 1], JSON_DECODE_ANY, NULL));
            struct diag diag = {0};
            bool in_schema = schema_takes(root), in_reader = reader_takes(root, &diag);
            if (!CHECK(in_schema || !in_reader))
                tap_note("%s: %s", key, i == 0 ? "left out" : others[i - 1]);
            CHECK(in_reader || diag.text[0] != '\0');
            refused += !in_schema;
        }
        json_object_set(object, key, value);
    }
    json_object_set_new(object, "strange", json_true());
    CHECK(!schema_takes(root) && !reader_takes(root, NULL));
    json_object_del(object, "strange");
    json_decref(copy);
    return refused;
}

static void both_refuse_the_same(void)
{
    struct json_doc doc;
    unsigned refused = 0;
    size_t i;
    json_t *gene;
    REQUIRE_OK(json_doc_load(&doc, tap_source("tests/genome/spaces/every_construct.json"), SPACE_SIZE_MAX, NULL));
    refused += try_members(doc.root, doc.root);
    json_array_foreach(json_object_get(doc.root, "genes"), i, gene)
    {
        refused += try_members(doc.root, gene);
    }
    CHECK(schema_takes(doc.root) && reader_takes(doc.root, NULL)); /* all is as it was */
    CHECK(refused > 200);
    json_doc_free(&doc);
}

int main(void)
{
    struct diag diag = {0};
    if (json_doc_load(&schema_doc, tap_source("docs/search-space.schema.json"), 1 << 20, &diag) != ERR_OK) {
        printf("Bail out! %s\n", diag.text);
        return 1;
    }
    TAP_RUN(schema_takes_what_is_printed);
    TAP_RUN(both_refuse_the_same);
    json_doc_free(&schema_doc);
    return tap_done();
}
