#include "codec/json_text.h"

#include <string.h>

#include "base/text.h"
#include "codec/decimal.h"
#include "codec/json_part.h"

void json_text_init(struct json_text *t, struct buf *out, unsigned depth)
{
    *t = (struct json_text){.out = out, .depth = depth, .empty = true};
}

static void new_line(struct json_text *t)
{
    static const char spaces[] = "\n                                ";
    size_t wanted = 2 * (size_t)t->depth, n = wanted < sizeof spaces - 2 ? wanted : sizeof spaces - 2;

    buf_add(t->out, spaces, n + 1);
    for (; n < wanted; n++)
        buf_add_byte(t->out, ' ');
}

void json_text_open(struct json_text *t, char bracket)
{
    buf_add_byte(t->out, (uint8_t)bracket);
    t->depth++;
    t->empty = true;
}

void json_text_close(struct json_text *t, char bracket)
{
    t->depth--;
    if (!t->empty)
        new_line(t);
    buf_add_byte(t->out, (uint8_t)bracket);
    t->empty = false;
}

void json_text_item(struct json_text *t)
{
    if (!t->empty)
        buf_add_byte(t->out, ',');
    t->empty = false;
    new_line(t);
}

void json_text_key(struct json_text *t, const char *key)
{
    json_text_item(t);
    buf_add_byte(t->out, '"');
    buf_add(t->out, key, strlen(key));
    buf_add(t->out, "\": ", 3);
}

void json_text_key_bytes(struct json_text *t, struct bytes key)
{
    json_text_item(t);
    json_text_string(t, key);
    buf_add(t->out, ": ", 2);
}

void json_text_key_hex(struct json_text *t, struct bytes key)
{
    json_text_item(t);
    json_text_hex(t, key);
    buf_add(t->out, ": ", 2);
}

void json_text_null(struct json_text *t)
{
    buf_add(t->out, "null", 4);
}

void json_text_bool(struct json_text *t, bool v)
{
    buf_add(t->out, v ? "true" : "false", v ? 4 : 5);
}

static void add_u64(struct buf *out, uint64_t v)
{
    char digits[20];
    size_t n = sizeof digits;

    do {
        digits[--n] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0);
    buf_add(out, digits + n, sizeof digits - n);
}

void json_text_u64(struct json_text *t, uint64_t v)
{
    bool is_string = v > UINT64_C(1) << 53;

    if (is_string)
        buf_add_byte(t->out, '"');
    add_u64(t->out, v);
    if (is_string)
        buf_add_byte(t->out, '"');
}

void json_text_i64(struct json_text *t, int64_t v)
{
    if (v < 0)
        buf_add_byte(t->out, '-');
    add_u64(t->out, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void json_text_real(struct json_text *t, double v)
{
    decimal_print_real(v, t->out);
}

void json_text_string(struct json_text *t, struct bytes v)
{
    json_part_string(v, t->out);
}

void json_text_hex(struct json_text *t, struct bytes v)
{
    buf_add_byte(t->out, '"');
    hex_encode(v, t->out);
    buf_add_byte(t->out, '"');
}

void json_text_base64(struct json_text *t, struct bytes v)
{
    buf_add_byte(t->out, '"');
    base64_encode(v, t->out);
    buf_add_byte(t->out, '"');
}

void json_text_value(struct json_text *t, const json_t *value)
{
    json_part_value(value, t->depth, t->out);
}
