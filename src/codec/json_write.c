/* JSON as bytes. jansson's releases print numbers in different ways (2.14.1 has another shortest form than the 17
 * digits before it), and what is signed, hashed or compared must not depend on which of them is installed. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "codec/decimal.h"
#include "codec/json_part.h"

enum style {
    STYLE_RENDER,    /* ASCII, indented */
    STYLE_LINE,      /* ASCII, no white space */
    STYLE_CANONICAL, /* RFC 8785 */
};

struct writer {
    enum style style;
    unsigned depth;
    struct buf *out;
};

static void write_value(struct writer *w, const json_t *value);

/* ---- strings */

/* The UTF-8 sequence at *p, which jansson has checked; *p is moved behind it. */
static uint32_t next_character(const char **p)
{
    const uint8_t *s = (const uint8_t *)*p;
    unsigned len = s[0] < 0x80 ? 1 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    uint32_t c = len == 1 ? s[0] : s[0] & (0x7fU >> len);

    for (unsigned i = 1; i < len; i++)
        c = c << 6 | (s[i] & 0x3f);
    *p += len;
    return c;
}

/* RFC 8259 section 7; artifacts have capitals in \uXXXX, RFC 8785 section 3.2.2.2 has none. */
static void write_escape(struct writer *w, uint32_t c)
{
    static const char short_names[] = "b\bf\fn\nr\rt\t\"\"\\\\";

    for (size_t i = 0; i + 1 < sizeof short_names; i += 2) {
        if (c == (uint8_t)short_names[i + 1]) {
            buf_add_byte(w->out, '\\');
            buf_add_byte(w->out, (uint8_t)short_names[i]);
            return;
        }
    }
    if (c > 0xffff) {
        buf_printf(w->out, "\\u%04X\\u%04X", (unsigned)(0xd800 + ((c - 0x10000) >> 10)),
                   (unsigned)(0xdc00 + (c & 0x3ff)));
    } else if (w->style == STYLE_CANONICAL) {
        buf_printf(w->out, "\\u%04x", (unsigned)c);
    } else {
        buf_printf(w->out, "\\u%04X", (unsigned)c);
    }
}

static void write_string(struct writer *w, const char *text, size_t len)
{
    uint32_t last = w->style == STYLE_CANONICAL ? UINT32_MAX : 0x7e;
    const char *plain = text; /* from here on nothing needs an escape */

    buf_add_byte(w->out, '"');
    for (const char *p = text, *end = text + len; p < end;) {
        const char *start = p;
        uint32_t c = next_character(&p);

        if (c < 0x20 || c == '"' || c == '\\' || c > last) {
            buf_add(w->out, plain, (size_t)(start - plain));
            write_escape(w, c);
            plain = p;
        }
    }
    buf_add(w->out, plain, (size_t)(text + len - plain));
    buf_add_byte(w->out, '"');
}

/* ---- arrays and objects */

static void write_break(struct writer *w)
{
    if (w->style != STYLE_RENDER)
        return;
    buf_add_byte(w->out, '\n');
    for (unsigned i = 0; i < w->depth; i++)
        buf_add_text(w->out, "  ");
}

static void write_array(struct writer *w, const json_t *array)
{
    size_t count = json_array_size(array);

    buf_add_byte(w->out, '[');
    w->depth++;
    for (size_t i = 0; i < count; i++) {
        buf_add_text(w->out, i > 0 ? "," : "");
        write_break(w);
        write_value(w, json_array_get(array, i));
    }
    w->depth--;
    if (count > 0)
        write_break(w);
    buf_add_byte(w->out, ']');
}

struct member {
    const char *key;
    const json_t *value;
};

/* By UTF-16 code units (RFC 8785 section 3.2.3): as by code points, but for those above U+FFFF, whose surrogates come
 * before U+E000. */
static int compare_keys(const void *a, const void *b)
{
    const char *p = ((const struct member *)a)->key, *q = ((const struct member *)b)->key;

    while (*p != '\0' && *q != '\0') {
        uint32_t x = next_character(&p), y = next_character(&q);

        if (x == y)
            continue;
        if ((x > 0xffff) == (y > 0xffff))
            return x < y ? -1 : 1;
        return x > 0xffff ? (y < 0xe000 ? 1 : -1) : (x < 0xe000 ? -1 : 1);
    }
    return (*p != '\0') - (*q != '\0');
}

static void write_members(struct writer *w, const struct member *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_add_text(w->out, i > 0 ? "," : "");
        write_break(w);
        write_string(w, members[i].key, strlen(members[i].key));
        buf_add_text(w->out, w->style == STYLE_RENDER ? ": " : ":");
        write_value(w, members[i].value);
    }
}

static void write_object(struct writer *w, const json_t *object)
{
    size_t count = json_object_size(object), i = 0;
    struct member *members = mem_array(count, sizeof members[0]);
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)object, key, value) /* in the order of insertion */
        members[i++] = (struct member){key, value};
    if (w->style == STYLE_CANONICAL)
        qsort(members, count, sizeof members[0], compare_keys);
    buf_add_byte(w->out, '{');
    w->depth++;
    write_members(w, members, count);
    w->depth--;
    if (count > 0)
        write_break(w);
    buf_add_byte(w->out, '}');
    mem_free(members);
}

/* ---- values; the depth of the recursion is that of the tree, which whoever made it bounds */

static void write_value(struct writer *w, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        write_object(w, value);
        break;
    case JSON_ARRAY:
        write_array(w, value);
        break;
    case JSON_STRING:
        write_string(w, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        buf_printf(w->out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        if (w->style == STYLE_CANONICAL)
            decimal_print(json_real_value(value), w->out);
        else
            decimal_print_real(json_real_value(value), w->out);
        break;
    case JSON_TRUE:
        buf_add_text(w->out, "true");
        break;
    case JSON_FALSE:
        buf_add_text(w->out, "false");
        break;
    case JSON_NULL:
        buf_add_text(w->out, "null");
    }
}

static void write_as(enum style style, const json_t *value, struct buf *out)
{
    struct writer w = {.style = style, .out = out};

    write_value(&w, value);
}

void json_render(const json_t *value, struct buf *out)
{
    write_as(STYLE_RENDER, value, out);
    buf_add_byte(out, '\n');
}

void json_line(const json_t *value, struct buf *out)
{
    write_as(STYLE_LINE, value, out);
}

void json_canonical(const json_t *value, struct buf *out)
{
    write_as(STYLE_CANONICAL, value, out);
}

void json_part_string(struct bytes text, struct buf *out)
{
    struct writer w = {.style = STYLE_RENDER, .out = out};

    write_string(&w, (const char *)text.data, text.len);
}

void json_part_value(const json_t *value, unsigned depth, struct buf *out)
{
    struct writer w = {.style = STYLE_RENDER, .depth = depth, .out = out};

    write_value(&w, value);
}
