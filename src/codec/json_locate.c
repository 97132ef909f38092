#include "codec/json_locate.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "codec/json.h"

void json_position(struct bytes text, size_t offset, unsigned *line, unsigned *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < offset; i++) {
        if (text.data[i] == '\n') {
            ++*line;
            *column = 1;
        } else if ((text.data[i] & 0xc0) != 0x80) {
            ++*column;
        }
    }
}

/* A place in a text that is known to be valid JSON. */
struct cursor {
    struct bytes text;
    size_t pos;
};

static uint8_t at(const struct cursor *c)
{
    return c->pos < c->text.len ? c->text.data[c->pos] : 0;
}

static void skip_space(struct cursor *c)
{
    while (at(c) == ' ' || at(c) == '\t' || at(c) == '\n' || at(c) == '\r')
        c->pos++;
}

static void skip_string(struct cursor *c)
{
    for (c->pos++; c->pos < c->text.len && at(c) != '"'; c->pos++)
        c->pos += at(c) == '\\';
    c->pos++;
}

/* A number, or true, false or null. */
static void skip_word(struct cursor *c)
{
    do
        c->pos++;
    while (c->pos < c->text.len && memchr(" \t\r\n:,]}", at(c), 8) == NULL);
}

static void skip_value(struct cursor *c)
{
    unsigned depth = 0;

    do {
        skip_space(c);
        switch (at(c)) {
        case '"':
            skip_string(c);
            break;
        case '{':
        case '[':
            depth++;
            c->pos++;
            break;
        case '}':
        case ']':
            depth--;
            c->pos++;
            break;
        case ':':
        case ',':
            c->pos++;
            break;
        default:
            skip_word(c);
        }
    } while (depth > 0 && c->pos < c->text.len);
}

/* The next reference token of *pointer, unescaped, into token. False if the
 * pointer is not one (RFC 6901 section 3). */
static bool next_token(const char **pointer, struct buf *token)
{
    const char *p = *pointer;

    buf_clear(token);
    if (*p++ != '/')
        return false;
    for (; *p != '\0' && *p != '/'; p++) {
        if (*p == '~') {
            p++;
            if (*p != '0' && *p != '1')
                return false;
            buf_add_byte(token, *p == '0' ? '~' : '/');
        } else {
            buf_add_byte(token, (uint8_t)*p);
        }
    }
    *pointer = p;
    return true;
}

/* Is the string at the cursor this key? It is behind the string afterwards. */
static bool key_is(struct cursor *c, struct bytes key)
{
    size_t start = c->pos;
    json_t *decoded;
    bool same;

    skip_string(c);
    decoded = json_loadb((const char *)c->text.data + start, c->pos - start, JSON_DECODE_ANY, NULL);
    same =
        json_is_string(decoded) && bytes_equal(bytes_of(json_string_value(decoded), json_string_length(decoded)), key);
    json_decref(decoded);
    return same;
}

static bool enter_object(struct cursor *c, struct bytes key)
{
    for (;;) {
        bool found;

        c->pos++; /* the brace or the comma */
        skip_space(c);
        if (at(c) != '"')
            return false;
        found = key_is(c, key);
        skip_space(c);
        c->pos++; /* the colon */
        skip_space(c);
        if (found)
            return true;
        skip_value(c);
        skip_space(c);
        if (at(c) != ',')
            return false;
    }
}

static bool enter_array(struct cursor *c, const char *token)
{
    uint64_t index;

    if (u64_parse(token, &index) != ERR_OK)
        return false;
    c->pos++;
    skip_space(c);
    for (; at(c) != ']' && index > 0; index--) {
        skip_value(c);
        skip_space(c);
        if (at(c) == ',')
            c->pos++;
        skip_space(c);
    }
    return at(c) != ']' && c->pos < c->text.len;
}

bool json_find(struct bytes text, const char *pointer, size_t *offset)
{
    struct cursor c = {.text = text};
    struct buf token = {0};
    bool found = true;

    skip_space(&c);
    while (found && *pointer != '\0') {
        found = next_token(&pointer, &token);
        if (found && at(&c) == '{')
            found = enter_object(&c, bytes_of_buf(&token));
        else if (found)
            found = at(&c) == '[' && enter_array(&c, buf_text(&token));
    }
    buf_free(&token);
    if (found)
        *offset = c.pos;
    return found;
}

bool json_doc_locate(const struct json_doc *doc, const char *pointer, unsigned *line, unsigned *column)
{
    size_t offset;

    if (!json_find(bytes_of_buf(&doc->text), pointer, &offset))
        return false;
    json_position(bytes_of_buf(&doc->text), offset, line, column);
    return true;
}

/* Where the value is or, for one that is missing, the nearest that holds it. */
static void locate_nearest(const struct json_doc *doc, const char *pointer, unsigned *line, unsigned *column)
{
    struct buf prefix = {0};

    *line = *column = 1;
    buf_add_text(&prefix, pointer);
    while (!json_doc_locate(doc, buf_text(&prefix), line, column) && prefix.len > 0) {
        while (--prefix.len > 0 && prefix.data[prefix.len] != '/')
            ;
    }
    buf_free(&prefix);
}

enum err json_doc_complain(const struct json_doc *doc, const char *pointer, struct diag *diag, enum err err,
                           const char *fmt, ...)
{
    char reason[sizeof diag->text];
    unsigned line, column;
    va_list args;

    va_start(args, fmt);
    vsnprintf(reason, sizeof reason, fmt, args);
    va_end(args);
    locate_nearest(doc, pointer, &line, &column);
    return diag_set(diag, err, "%s:%u:%u: %s%s%s", doc->name, line, column, pointer, *pointer != '\0' ? ": " : "",
                    reason);
}
