#include "codec/json.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "codec/json_locate.h"

enum { JSON_DEPTH_MAX = 64 };

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

/* Offset of the bracket that nests too deep, or text.len. jansson's own limit is
 * 2048 levels, which is more stack than a scenario is worth. */
static size_t too_deep(struct bytes text)
{
    bool in_string = false;
    unsigned depth = 0;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];

        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && (c == '[' || c == '{') && ++depth > JSON_DEPTH_MAX)
            return i;
        else if (!in_string && (c == ']' || c == '}') && depth > 0)
            depth--;
    }
    return text.len;
}

static enum err parse_root(const char *name, struct bytes text, json_t **out, struct diag *diag)
{
    size_t deep = too_deep(text);
    unsigned line, column;
    json_error_t error;

    if (deep < text.len) {
        json_position(text, deep, &line, &column);
        return diag_set(diag, ERR_LIMIT, "%s:%u:%u: nested more than %d deep", name, line, column, JSON_DEPTH_MAX);
    }
    *out = json_loadb(text.len > 0 ? (const char *)text.data : "", text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY,
                      &error);
    if (*out != NULL)
        return ERR_OK;
    ASSERT(json_error_code(&error) != json_error_out_of_memory);
    return diag_set(diag, kind_of(json_error_code(&error)), "%s:%d:%d: %s", name, error.line > 0 ? error.line : 1,
                    error.column > 0 ? error.column : 1, error.text);
}

enum err json_doc_parse(struct json_doc *doc, const char *name, struct bytes text, struct diag *diag)
{
    json_t *root;
    enum err err = parse_root(name, text, &root, diag);
    size_t size = strlen(name) + 1;

    if (err != ERR_OK)
        return err;
    *doc = (struct json_doc){.name = mem_alloc(size), .root = root};
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
