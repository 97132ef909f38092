#include <jansson.h>
#include <string.h>

#include "codec/cbor.h"
#include "codec/json_text.h"
#include "ledger/epoch_file.h"

/* CBOR nests at most CBOR_DEPTH_MAX deep, so this recursion is bounded; the input was checked before. */
static void convert(struct cbor_reader *r, struct json_text *t);

/* JSON has no NaN and no infinities. */
static void convert_float(struct cbor_reader *r, struct json_text *t)
{
    double v = cbor_get_double(r);

    if (v - v == 0.0)
        json_text_real(t, v);
    else
        json_text_string(t, bytes_of_text(v > 0.0 ? "Infinity" : v < 0.0 ? "-Infinity" : "NaN"));
}

/* Past 2^53 as a string. */
static void convert_negative(struct cbor_reader *r, struct json_text *t)
{
    int64_t v = cbor_get_int(r);

    if (v >= -(INT64_C(1) << 53)) {
        json_text_i64(t, v);
    } else {
        struct buf text = {0};

        buf_printf(&text, "%lld", (long long)v);
        json_text_string(t, bytes_of_buf(&text));
        buf_free(&text);
    }
}

static struct bytes get_text(struct cbor_reader *r)
{
    struct bytes text = cbor_get_text(r);

    if (text.len > 0 && memchr(text.data, '\0', text.len) != NULL)
        cbor_fail(r, ERR_RANGE);
    return text;
}

static void convert_array(struct cbor_reader *r, struct json_text *t)
{
    uint64_t count = cbor_get_array(r);

    json_text_open(t, '[');
    for (uint64_t i = 0; r->err == ERR_OK && i < count; i++) {
        json_text_item(t);
        convert(r, t);
    }
    json_text_close(t, ']');
}

/* Keys that are neither text nor bytes become their JSON text. */
static void convert_other_key(struct cbor_reader *r, struct json_text *t)
{
    struct bytes item = cbor_get_raw(r);
    json_t *key = NULL;
    struct buf name = {0};

    if (r->err != ERR_OK)
        return;
    enum err err = cbor_to_json(item, &key);
    if (err != ERR_OK) {
        cbor_fail(r, err);
        return;
    }
    if (json_is_string(key))
        buf_add(&name, json_string_value(key), json_string_length(key));
    else
        json_canonical(key, &name);
    json_text_key_bytes(t, bytes_of_buf(&name));
    json_decref(key);
    buf_free(&name);
}

static void convert_key(struct cbor_reader *r, struct json_text *t)
{
    enum cbor_type type = cbor_peek(r);

    if (type == CBOR_TEXT)
        json_text_key_bytes(t, get_text(r));
    else if (type == CBOR_BYTES)
        json_text_key_hex(t, cbor_get_bytes(r));
    else
        convert_other_key(r, t);
}

/* Keys of two types may meet in JSON, which has one: its reader finds them. */
static void refuse_twins(struct cbor_reader *r, struct bytes object)
{
    json_error_t error;
    json_t *value = json_loadb((const char *)object.data, object.len, JSON_REJECT_DUPLICATES, &error);

    if (value == NULL)
        cbor_fail(r, ERR_DUPLICATE);
    json_decref(value);
}

static void convert_map(struct cbor_reader *r, struct json_text *t)
{
    uint64_t pairs = cbor_get_map(r);
    enum cbor_type first = cbor_peek(r);
    size_t start = t->out->len;
    bool may_meet = pairs > 0 && first != CBOR_TEXT && first != CBOR_BYTES;

    json_text_open(t, '{');
    for (uint64_t i = 0; r->err == ERR_OK && i < pairs; i++) {
        may_meet = may_meet || cbor_peek(r) != first;
        convert_key(r, t);
        if (r->err == ERR_OK)
            convert(r, t);
    }
    json_text_close(t, '}');
    if (r->err == ERR_OK && may_meet)
        refuse_twins(r, bytes_of(t->out->data + start, t->out->len - start));
}

static void convert_tag(struct cbor_reader *r, struct json_text *t)
{
    json_text_open(t, '{');
    json_text_key(t, "tag");
    json_text_u64(t, cbor_get_tag(r));
    json_text_key(t, "value");
    convert(r, t);
    json_text_close(t, '}');
}

static void convert_simple(struct cbor_reader *r, struct json_text *t)
{
    struct cbor_reader ahead = *r;
    bool v = cbor_get_bool(&ahead);

    if (ahead.err == ERR_OK) {
        *r = ahead;
        json_text_bool(t, v);
    } else {
        cbor_get_null(r);
        json_text_null(t);
    }
}

static void convert(struct cbor_reader *r, struct json_text *t)
{
    switch (cbor_peek(r)) {
    case CBOR_UINT:
        json_text_u64(t, cbor_get_uint(r));
        return;
    case CBOR_NEGATIVE:
        convert_negative(r, t);
        return;
    case CBOR_BYTES:
        json_text_hex(t, cbor_get_bytes(r));
        return;
    case CBOR_TEXT:
        json_text_string(t, get_text(r));
        return;
    case CBOR_ARRAY:
        convert_array(r, t);
        return;
    case CBOR_MAP:
        convert_map(r, t);
        return;
    case CBOR_TAG:
        convert_tag(r, t);
        return;
    case CBOR_SIMPLE:
        convert_simple(r, t);
        return;
    case CBOR_FLOAT:
        convert_float(r, t);
        return;
    case CBOR_NONE:
        break;
    }
    if (r->err == ERR_OK)
        cbor_fail(r, ERR_TRUNCATED);
}

enum err cbor_write_json(struct bytes in, struct json_text *t)
{
    struct json_text before = *t;
    size_t start = t->out->len;
    struct cbor_reader r;

    cbor_reader_init(&r, in);
    convert(&r, t);
    enum err err = cbor_reader_done(&r);
    if (err != ERR_OK) {
        t->out->len = start;
        *t = before;
    }
    return err;
}

enum err cbor_to_json(struct bytes in, json_t **out)
{
    struct buf text = {0};
    struct json_text t;
    json_error_t error;

    json_text_init(&t, &text, 0);
    enum err err = cbor_write_json(in, &t);
    if (err == ERR_OK) {
        *out = json_loadb((const char *)text.data, text.len, JSON_DECODE_ANY, &error);
        ASSERT(*out != NULL);
    }
    buf_free(&text);
    return err;
}
