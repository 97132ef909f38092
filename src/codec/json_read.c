#include "codec/json_read.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"

static size_t pointer_add(struct json_reader *r, const char *key)
{
    size_t mark = r->pointer.len;

    buf_add_byte(&r->pointer, '/');
    for (; *key != '\0'; key++) {
        if (*key == '~' || *key == '/')
            buf_add_text(&r->pointer, *key == '~' ? "~0" : "~1");
        else
            buf_add_byte(&r->pointer, (uint8_t)*key);
    }
    return mark;
}

void read_leave(struct json_reader *r, size_t mark)
{
    r->pointer.len = mark;
}

void read_fail(struct json_reader *r, const char *key, enum err err, const char *fmt, ...)
{
    char reason[768];
    size_t mark = r->pointer.len;
    va_list args;

    if (r->err != ERR_OK)
        return;
    if (key != NULL)
        pointer_add(r, key);
    va_start(args, fmt);
    vsnprintf(reason, sizeof reason, fmt, args);
    va_end(args);
    r->err = json_doc_complain(r->doc, buf_text(&r->pointer), r->diag, err, "%s", reason);
    read_leave(r, mark);
}

static const char *type_text(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a text";
    case JSON_INTEGER:
        return "an integer";
    case JSON_REAL:
        return "a number with decimals";
    case JSON_NULL:
        return "null";
    default:
        return "true or false";
    }
}

static void fail_type(struct json_reader *r, const char *key, const json_t *value, const char *expected)
{
    read_fail(r, key, ERR_TYPE, "expected %s, found %s", expected, type_text(value));
}

/* The member, or NULL when there is nothing to read. */
static const json_t *member(const struct json_reader *r, const json_t *object, const char *key)
{
    return r->err == ERR_OK ? json_object_get(object, key) : NULL;
}

static const json_t *enter(struct json_reader *r, const json_t *value, const char *key, json_type type, size_t *mark)
{
    *mark = r->pointer.len;
    if (value == NULL)
        return NULL;
    if (json_typeof(value) != type) {
        fail_type(r, key, value, type == JSON_OBJECT ? "an object" : "an array");
        return NULL;
    }
    *mark = pointer_add(r, key);
    return value;
}

const json_t *read_enter_object(struct json_reader *r, const json_t *object, const char *key, size_t *mark)
{
    return enter(r, member(r, object, key), key, JSON_OBJECT, mark);
}

const json_t *read_enter_array(struct json_reader *r, const json_t *object, const char *key, size_t *mark)
{
    return enter(r, member(r, object, key), key, JSON_ARRAY, mark);
}

const json_t *read_enter_element(struct json_reader *r, const json_t *array, size_t index, size_t *mark)
{
    const json_t *value = r->err == ERR_OK ? json_array_get(array, index) : NULL;
    char key[24];

    snprintf(key, sizeof key, "%zu", index);
    return enter(r, value, key, JSON_OBJECT, mark);
}

static void fail_unknown(struct json_reader *r, const char *key, const char *const known[])
{
    const char *nearest = nearest_name(key, known);
    struct buf list = {0};

    for (unsigned i = 0; known[i] != NULL; i++)
        buf_printf(&list, "%s%s", i > 0 ? ", " : "", known[i]);
    if (nearest != NULL)
        read_fail(r, key, ERR_UNKNOWN, "unknown key; did you mean \"%s\"? known here: %s", nearest, buf_text(&list));
    else
        read_fail(r, key, ERR_UNKNOWN, "unknown key; known here: %s", buf_text(&list));
    buf_free(&list);
}

void read_keys(struct json_reader *r, const json_t *object, const char *const known[])
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        unsigned i = 0;

        while (known[i] != NULL && strcmp(known[i], key) != 0)
            i++;
        if (known[i] == NULL) {
            fail_unknown(r, key, known);
            return;
        }
    }
}

void read_require(struct json_reader *r, const json_t *object, const char *key)
{
    if (r->err == ERR_OK && json_object_get(object, key) == NULL)
        read_fail(r, NULL, ERR_MISSING, "the key \"%s\" is missing", key);
}

void read_u64(struct json_reader *r, const json_t *object, const char *key, uint64_t lo, uint64_t hi, uint64_t *out)
{
    const json_t *value = member(r, object, key);
    json_int_t number = json_integer_value(value);

    if (value == NULL)
        return;
    if (!json_is_integer(value))
        fail_type(r, key, value, "an integer");
    else if (number < 0 || (uint64_t)number < lo || (uint64_t)number > hi)
        read_fail(r, key, ERR_RANGE, "%" JSON_INTEGER_FORMAT " is outside %ju..%ju", number, (uintmax_t)lo,
                  (uintmax_t)hi);
    else
        *out = (uint64_t)number;
}

void read_unsigned(struct json_reader *r, const json_t *object, const char *key, unsigned lo, unsigned hi,
                   unsigned *out)
{
    uint64_t wide = *out;

    read_u64(r, object, key, lo, hi, &wide);
    *out = (unsigned)wide;
}

void read_seed(struct json_reader *r, const json_t *object, const char *key, uint64_t *out)
{
    const json_t *value = member(r, object, key);

    if (!json_is_string(value)) {
        read_u64(r, object, key, 0, INT64_MAX, out);
        return;
    }
    if (u64_parse(json_string_value(value), out) != ERR_OK)
        read_fail(r, key, ERR_RANGE, "expected a decimal number below 2^64");
}

void read_real(struct json_reader *r, const json_t *object, const char *key, double lo, double hi, double *out)
{
    const json_t *value = member(r, object, key);
    double number = json_number_value(value);

    if (value == NULL)
        return;
    if (!json_is_number(value))
        fail_type(r, key, value, "a number");
    else if (!(number >= lo && number <= hi))
        read_fail(r, key, ERR_RANGE, "%g is outside %g..%g", number, lo, hi);
    else
        *out = number;
}

void read_ms(struct json_reader *r, const json_t *object, const char *key, int64_t lo_ms, int64_t hi_ms,
             int64_t *out_ns)
{
    double ms = -1;

    read_real(r, object, key, (double)lo_ms, (double)hi_ms, &ms);
    if (ms >= 0)
        *out_ns = (int64_t)(ms * 1e6 + 0.5);
}

void read_bool(struct json_reader *r, const json_t *object, const char *key, bool *out)
{
    const json_t *value = member(r, object, key);

    if (value == NULL)
        return;
    if (!json_is_boolean(value))
        fail_type(r, key, value, "true or false");
    else
        *out = json_is_true(value);
}

void read_text(struct json_reader *r, const json_t *object, const char *key, char *out, size_t size)
{
    const json_t *value = member(r, object, key);
    const char *text = json_string_value(value);

    if (value == NULL)
        return;
    if (text == NULL)
        fail_type(r, key, value, "a text");
    else if (*text == '\0' || strlen(text) >= size)
        read_fail(r, key, ERR_LIMIT, "expected 1 to %zu bytes, found %zu", size - 1, strlen(text));
    else if (!text_is_plain(bytes_of_text(text)))
        read_fail(r, key, ERR_SYNTAX, TEXT_NOT_PLAIN);
    else
        memcpy(out, text, strlen(text) + 1);
}

void read_name(struct json_reader *r, const json_t *object, const char *key, char *out, size_t size)
{
    const json_t *value = member(r, object, key);
    const char *text = json_string_value(value);

    if (text != NULL && *text != '\0' && strlen(text) < size && !name_valid(bytes_of_text(text), size - 1))
        read_fail(r, key, ERR_SYNTAX, "\"%.200s\" is no name here: expected 1 to %zu " NAME_ALPHABET, text, size - 1);
    else
        read_text(r, object, key, out, size);
}

void read_choice(struct json_reader *r, const json_t *object, const char *key, const char *const names[], unsigned *out)
{
    const json_t *value = member(r, object, key);
    const char *text = json_string_value(value);
    struct buf list = {0};

    if (value == NULL)
        return;
    if (text == NULL) {
        fail_type(r, key, value, "a text");
        return;
    }
    for (unsigned i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], text) == 0) {
            *out = i;
            goto done;
        }
        buf_printf(&list, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    read_fail(r, key, ERR_UNKNOWN, "\"%.64s\" is not known here; expected one of: %s", text, buf_text(&list));
done:
    buf_free(&list);
}
