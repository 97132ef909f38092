#include <jansson.h>
#include <string.h>

#include "codec/cbor.h"
#include "ledger/epoch_file.h"

/* CBOR nests at most CBOR_DEPTH_MAX deep, so this recursion is bounded; the input was checked before. */
static json_t *convert(struct cbor_reader *r);

static json_t *got(json_t *value)
{
    ASSERT(value != NULL);
    return value;
}

static json_t *convert_negative(struct cbor_reader *r)
{
    int64_t v = cbor_get_int(r);
    if (v >= -(INT64_C(1) << 53))
        return got(json_integer(v));
    struct buf text = {0};
    buf_printf(&text, "%lld", (long long)v);
    json_t *value = got(json_string(buf_text(&text)));
    buf_free(&text);
    return value;
}

/* JSON has no NaN and no infinities. */
static json_t *convert_float(struct cbor_reader *r)
{
    double v = cbor_get_double(r);
    if (v - v == 0.0)
        return got(json_real(v));
    return got(json_string(v > 0.0 ? "Infinity" : v < 0.0 ? "-Infinity" : "NaN"));
}

static json_t *convert_text(struct cbor_reader *r)
{
    struct bytes text = cbor_get_text(r);
    if (text.len > 0 && memchr(text.data, '\0', text.len) != NULL) {
        cbor_fail(r, ERR_RANGE);
        return got(json_null());
    }
    return got(json_stringn(text.len > 0 ? (const char *)text.data : "", text.len));
}

static json_t *convert_array(struct cbor_reader *r)
{
    json_t *array = got(json_array());
    uint64_t count = cbor_get_array(r);
    for (uint64_t i = 0; r->err == ERR_OK && i < count; i++)
        json_push(array, convert(r));
    return array;
}

/* Keys that are no text become their JSON text; two keys may not meet there. */
static void convert_pair(struct cbor_reader *r, json_t *object)
{
    json_t *key = convert(r);
    struct buf name = {0};
    if (json_is_string(key))
        buf_add(&name, json_string_value(key), json_string_length(key));
    else
        json_canonical(key, &name);
    json_decref(key);
    if (r->err == ERR_OK && json_object_get(object, buf_text(&name)) != NULL)
        cbor_fail(r, ERR_DUPLICATE);
    json_t *value = convert(r);
    json_put(object, buf_text(&name), value);
    buf_free(&name);
}

static json_t *convert_map(struct cbor_reader *r)
{
    json_t *object = got(json_object());
    uint64_t pairs = cbor_get_map(r);
    for (uint64_t i = 0; r->err == ERR_OK && i < pairs; i++)
        convert_pair(r, object);
    return object;
}

static json_t *convert_tag(struct cbor_reader *r)
{
    json_t *object = got(json_object());
    json_put(object, "tag", json_u64(cbor_get_tag(r)));
    json_put(object, "value", convert(r));
    return object;
}

static json_t *convert_simple(struct cbor_reader *r)
{
    struct cbor_reader ahead = *r;
    bool v = cbor_get_bool(&ahead);
    if (ahead.err == ERR_OK) {
        *r = ahead;
        return got(json_boolean(v));
    }
    cbor_get_null(r);
    return got(json_null());
}

static json_t *convert(struct cbor_reader *r)
{
    switch (cbor_peek(r)) {
    case CBOR_UINT:
        return json_u64(cbor_get_uint(r));
    case CBOR_NEGATIVE:
        return convert_negative(r);
    case CBOR_BYTES:
        return json_hex(cbor_get_bytes(r));
    case CBOR_TEXT:
        return convert_text(r);
    case CBOR_ARRAY:
        return convert_array(r);
    case CBOR_MAP:
        return convert_map(r);
    case CBOR_TAG:
        return convert_tag(r);
    case CBOR_SIMPLE:
        return convert_simple(r);
    case CBOR_FLOAT:
        return convert_float(r);
    case CBOR_NONE:
        break;
    }
    if (r->err == ERR_OK)
        cbor_fail(r, ERR_TRUNCATED);
    return got(json_null());
}

enum err cbor_to_json(struct bytes in, json_t **out)
{
    struct cbor_reader r;
    cbor_reader_init(&r, in);
    json_t *value = convert(&r);
    enum err err = cbor_reader_done(&r);
    if (err != ERR_OK)
        json_decref(value);
    else
        *out = value;
    return err;
}
