#include "codec/decimal.h"

#include <inttypes.h>

#include "codec/json.h"

static bool digit_at(struct bytes text, size_t i)
{
    return i < text.len && text.data[i] >= '0' && text.data[i] <= '9';
}

static size_t digits_end(struct bytes text, size_t i)
{
    while (digit_at(text, i))
        i++;
    return i;
}

/* The same number as JSON has it (RFC 8259 section 6): no plus, no leading zero, digits on both sides of the point. */
static enum err to_json(struct bytes text, struct buf *out)
{
    size_t i = text.len > 0 && (text.data[0] == '-' || text.data[0] == '+');
    size_t whole = i, whole_end = digits_end(text, i), part = whole_end, part_end = whole_end;
    if (part < text.len && text.data[part] == '.')
        part_end = digits_end(text, ++part);
    if (whole_end == whole && part_end == part)
        return ERR_SYNTAX;
    if (i == 1 && text.data[0] == '-')
        buf_add_byte(out, '-');
    while (whole < whole_end && text.data[whole] == '0')
        whole++;
    buf_add_text(out, whole == whole_end ? "0" : "");
    buf_add(out, text.data + whole, whole_end - whole);
    buf_add_byte(out, '.');
    buf_add_text(out, part == part_end ? "0" : "");
    buf_add(out, text.data + part, part_end - part);
    if (part_end < text.len && (text.data[part_end] == 'e' || text.data[part_end] == 'E')) {
        size_t digits = part_end + 1;
        digits += digits < text.len && (text.data[digits] == '-' || text.data[digits] == '+');
        size_t end = digits_end(text, digits);
        if (end == digits)
            return ERR_SYNTAX;
        buf_add(out, text.data + part_end, end - part_end);
        part_end = end;
    }
    return part_end == text.len ? ERR_OK : ERR_SYNTAX;
}

enum err decimal_parse(struct bytes text, double *out)
{
    struct buf json = {0};
    json_error_t error;
    enum err err = to_json(text, &json);
    if (err == ERR_OK) {
        json_t *value = json_loadb(buf_text(&json), json.len, JSON_DECODE_ANY, &error);
        if (value == NULL)
            err = ERR_RANGE;
        else
            *out = json_real_value(value);
        json_decref(value);
    }
    buf_free(&json);
    return err;
}

static int add_to_buf(const char *data, size_t len, void *out)
{
    buf_add(out, data, len);
    return 0;
}

void decimal_print(double x, struct buf *out)
{
    const double whole = 9007199254740992.0;
    if (x > -whole && x < whole && (double)(int64_t)x == x) {
        buf_printf(out, "%" PRId64, (int64_t)x);
        return;
    }
    json_t *value = json_real(x);
    struct buf text = {0};
    double back = 0;
    ASSERT(value != NULL); /* finite */
    for (size_t digits = 1; digits <= 17 && (text.len == 0 || back != x); digits++) {
        buf_clear(&text);
        int failed = json_dump_callback(value, add_to_buf, &text, JSON_ENCODE_ANY | JSON_REAL_PRECISION(digits));
        ASSERT(!failed);
        ASSERT(decimal_parse(bytes_of_buf(&text), &back) == ERR_OK);
    }
    ASSERT(back == x);
    buf_add(out, text.data, text.len);
    buf_free(&text);
    json_decref(value);
}
