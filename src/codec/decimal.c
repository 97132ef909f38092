#include "codec/decimal.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* x = 0.d1d2d3... * 10^point, without zeros at the end. */
struct digits {
    char text[20];
    int count, point;
};

/* x > 0 rounded correctly to so many significant digits. The point of the locale, whatever it is, is stepped over. */
static void round_to(double x, int count, struct digits *out)
{
    char text[48];
    const char *p = text;

    snprintf(text, sizeof text, "%.*e", count - 1, x);
    for (out->count = 0; *p != 'e'; p++) {
        if (*p >= '0' && *p <= '9')
            out->text[out->count++] = *p;
    }
    out->point = 1 + (int)strtol(p + 1, NULL, 10);
    while (out->count > 1 && out->text[out->count - 1] == '0')
        out->count--;
}

/* Written without a point, which a locale could have changed. */
static double read_back(const struct digits *d)
{
    char text[48];

    snprintf(text, sizeof text, "%.*se%d", d->count, d->text, d->point - d->count);
    return strtod(text, NULL);
}

static void step_up(struct digits *d)
{
    int i = d->count - 1;

    while (i >= 0 && d->text[i] == '9')
        d->text[i--] = '0';
    if (i >= 0) {
        d->text[i]++;
    } else {
        d->text[0] = '1'; /* 99 became 100 */
        d->point++;
    }
    while (d->count > 1 && d->text[d->count - 1] == '0')
        d->count--;
}

/* The fewest digits that read back as x > 0, and of these the nearest. A normal number that reads back from 15 digits
 * or fewer is rounded to them (15 decimal digits survive the way through a double), so fewer need not be tried. Below a
 * power of two doubles lie closer than above it: there, digits one step above the rounded ones may read back though
 * these do not. */
static void shortest(double x, struct digits *out)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof bits);
    for (int count = x >= 0x1p-1022 ? 15 : 1; count <= 17; count++) {
        round_to(x, count, out);
        if (read_back(out) == x)
            return;
        if ((bits & ((UINT64_C(1) << 52) - 1)) == 0 && out->count == count) {
            step_up(out);
            if (read_back(out) == x)
                return;
        }
    }
    ASSERT(!"17 digits tell all doubles apart");
}

/* ECMAScript's Number::toString, which RFC 8785 section 3.2.2.3 prescribes. */
void decimal_print(double x, struct buf *out)
{
    struct digits d;

    ASSERT(x - x == 0.0);
    if (x == 0) {
        buf_add_byte(out, '0');
        return;
    }
    if (x < 0)
        buf_add_byte(out, '-');
    shortest(x < 0 ? -x : x, &d);
    if (d.point > 21 || d.point < -5) {
        buf_add(out, d.text, 1);
        if (d.count > 1)
            buf_printf(out, ".%.*s", d.count - 1, d.text + 1);
        buf_printf(out, "e%+d", d.point - 1);
    } else if (d.point <= 0) {
        buf_printf(out, "0.%.*s%.*s", -d.point, "00000", d.count, d.text);
    } else if (d.point < d.count) {
        buf_printf(out, "%.*s.%.*s", d.point, d.text, d.count - d.point, d.text + d.point);
    } else {
        buf_printf(out, "%.*s%.*s", d.count, d.text, d.point - d.count, "00000000000000000000");
    }
}

void decimal_print_real(double x, struct buf *out)
{
    size_t start = out->len;

    if (x == 0 && __builtin_signbit(x))
        buf_add_byte(out, '-');
    decimal_print(x, out);
    for (size_t i = start; i < out->len; i++) {
        if (out->data[i] == '.' || out->data[i] == 'e')
            return;
    }
    buf_add_text(out, ".0");
}
