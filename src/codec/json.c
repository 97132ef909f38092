#include "codec/json.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mutate.h"
#include "base/text.h"
#include "codec/json_locate.h"

enum { JSON_DEPTH_MAX = 64 }; /* jansson's own limit of 2048 is more stack than a scenario is worth */

static enum err kind_of(enum json_error_code code)
{
    switch (code) {
    case json_error_duplicate_key:
        return ERR_DUPLICATE;
    case json_error_premature_end_of_input:
        return ERR_TRUNCATED;
    case json_error_numeric_overflow:
        return ERR_RANGE;
    case json_error_stack_overflow:
        return ERR_LIMIT;
    default:
        return ERR_SYNTAX;
    }
}

/* What jansson takes at most for a value, its place among others included: measured on 64-bit systems with 2.14. A
 * container has a table of its own, even when it is empty; a text is a key or a value. */
enum { MEMORY_OBJECT = 320, MEMORY_ARRAY = 160, MEMORY_TEXT = 128, MEMORY_OTHER = 64 };

/* Goes over a text, JSON or not, before there is a tree: how deep it nests and what the tree will take. */
struct measure {
    unsigned depth;
    uint64_t memory, memory_max;
};

static bool is_in_limits(const struct measure *m)
{
    return m->depth <= JSON_DEPTH_MAX && m->memory <= m->memory_max;
}

/* The offset behind the string that begins at i, of which every byte counts. */
static size_t measure_string(struct measure *m, struct bytes text, size_t i)
{
    size_t start = i++;

    while (i < text.len && text.data[i] != '"')
        i += text.data[i] == '\\' ? 2 : 1;
    i = i < text.len ? i + 1 : text.len;
    m->memory += MEMORY_TEXT + (i - start);
    return i;
}

/* Behind a number or a word, or whatever stands there. */
static size_t measure_word(struct measure *m, struct bytes text, size_t i)
{
    m->memory += MEMORY_OTHER;
    while (i < text.len && text.data[i] > ' ' && memchr("[]{}:,\"", text.data[i], 7) == NULL)
        i++;
    return i;
}

/* The offset of what passes a limit, or text.len. */
static size_t measure(struct measure *m, struct bytes text)
{
    size_t i = 0;

    while (i < text.len) {
        size_t start = i;
        uint8_t c = text.data[i];

        if (c == '"') {
            i = measure_string(m, text, i);
        } else if (c == '[' || c == '{') {
            m->depth++;
            m->memory += c == '{' ? MEMORY_OBJECT : MEMORY_ARRAY;
            i++;
        } else if (c <= ' ' || c == ':' || c == ',') {
            i++;
        } else if (c == ']' || c == '}') {
            m->depth -= m->depth > 0;
            i++;
        } else {
            i = measure_word(m, text, i);
        }
        if (!is_in_limits(m))
            return start;
    }
    return text.len;
}

/* *memory: how much there may be, and then how much it is. */
static enum err check_limits(const char *name, struct bytes text, uint64_t *memory, struct diag *diag)
{
    struct measure m = {.memory_max = *memory};
    size_t at = measure(&m, text);
    unsigned line, column;

    *memory = m.memory;
    if (at == text.len || MUTATE(JSON_ANY_SIZE, true, false))
        return ERR_OK;
    json_position(text, at, &line, &column);
    if (m.depth > JSON_DEPTH_MAX)
        return diag_set(diag, ERR_LIMIT, "%s:%u:%u: nested more than %d deep", name, line, column, JSON_DEPTH_MAX);
    return diag_set(diag, ERR_LIMIT,
                    "%s:%u:%u: the values up to here would take more than the %llu KiB of memory that are left", name,
                    line, column, (unsigned long long)(m.memory_max >> 10));
}

static enum err parse_root(const char *name, struct bytes text, json_t **out, uint64_t *memory, struct diag *diag)
{
    enum err err = check_limits(name, text, memory, diag);
    json_error_t error;

    if (err != ERR_OK)
        return err;
    *out = json_loadb(text.len > 0 ? (const char *)text.data : "", text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
                      &error);
    if (*out != NULL)
        return ERR_OK;
    if (json_error_code(&error) == json_error_out_of_memory)
        mem_none_left();
    return diag_set(diag, kind_of(json_error_code(&error)), "%s:%d:%d: %s", name, error.line > 0 ? error.line : 1,
                    error.column > 0 ? error.column : 1, error.text);
}

enum err json_doc_parse(struct json_doc *doc, const char *name, struct bytes text, struct diag *diag)
{
    return json_doc_parse_within(doc, name, text, JSON_MEMORY_MAX, diag);
}

enum err json_doc_parse_within(struct json_doc *doc, const char *name, struct bytes text, uint64_t memory_max,
                               struct diag *diag)
{
    json_t *root;
    uint64_t memory = memory_max < JSON_MEMORY_MAX ? memory_max : JSON_MEMORY_MAX;
    enum err err = parse_root(name, text, &root, &memory, diag);
    size_t size = strlen(name) + 1;

    if (err != ERR_OK)
        return err;
    *doc = (struct json_doc){.name = mem_alloc(size), .memory = memory, .root = root};
    memcpy(doc->name, name, size);
    buf_add(&doc->text, text.data, text.len);
    return ERR_OK;
}

enum err json_doc_load(struct json_doc *doc, const char *path, size_t limit, struct diag *diag)
{
    struct buf text = {0};
    enum err err = file_read(path, limit, &text, diag);

    if (err == ERR_OK)
        err = json_doc_parse(doc, path, bytes_of_buf(&text), diag);
    buf_free(&text);
    return err;
}

void json_doc_free(struct json_doc *doc)
{
    mem_free(doc->name);
    buf_free(&doc->text);
    json_decref(doc->root);
    *doc = (struct json_doc){0};
}

static json_t *got(json_t *value)
{
    ASSERT(value != NULL);
    return value;
}

json_t *json_u64(uint64_t v)
{
    char text[24];

    if (v <= UINT64_C(1) << 53)
        return got(json_integer((json_int_t)v));
    snprintf(text, sizeof text, "%ju", (uintmax_t)v);
    return got(json_string(text));
}

static json_t *encoded(struct bytes v, void (*encode)(struct bytes in, struct buf *out))
{
    struct buf text = {0};
    json_t *value;

    encode(v, &text);
    value = got(json_string(buf_text(&text)));
    buf_free(&text);
    return value;
}

json_t *json_hex(struct bytes v)
{
    return encoded(v, hex_encode);
}

json_t *json_base64(struct bytes v)
{
    return encoded(v, base64_encode);
}

void json_put(json_t *object, const char *key, json_t *value)
{
    int failed = json_object_set_new(object, key, value);

    ASSERT(!failed);
}

void json_push(json_t *array, json_t *value)
{
    int failed = json_array_append_new(array, value);

    ASSERT(!failed);
}
