#include "genome/scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "codec/json_locate.h"

/* The file is quoted in complaints: no control character of it may reach a terminal. */
static void clean(char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f)
            *text = '?';
}

void scan_fail(struct scan *s, size_t at, enum err err, const char *fmt, ...)
{
    char reason[512];
    unsigned line, column;
    va_list args;

    if (s->err != ERR_OK)
        return;
    va_start(args, fmt);
    vsnprintf(reason, sizeof reason, fmt, args);
    va_end(args);
    clean(reason);
    json_position(s->text, at, &line, &column);
    if (s->name != NULL)
        s->err = diag_set(s->diag, err, "%s:%u:%u: %s", s->name, line, column, reason);
    else if (s->text.data == NULL)
        s->err = diag_set(s->diag, err, "%s", reason);
    else
        s->err = diag_set(s->diag, err, "character %u: %s", column, reason);
}

static bool digit_at(const struct scan *s, size_t at)
{
    return at < s->text.len && s->text.data[at] >= '0' && s->text.data[at] <= '9';
}

static bool is_one_of(const struct scan *s, size_t at, const char *set)
{
    return at < s->text.len && s->text.data[at] != 0 && strchr(set, s->text.data[at]) != NULL;
}

static void found_print(const struct scan *s, size_t at, struct buf *out)
{
    size_t end = at;
    while (end < s->text.len && end - at < 32 && s->text.data[end] > ' ' &&
           (end == at || !is_one_of(s, end, "(){}[],|")))
        end++;
    if (end > at)
        buf_printf(out, "\"%.*s\"", (int)(end - at), (const char *)s->text.data + at);
    else
        buf_add_text(out, at < s->text.len && s->text.data[at] != '\n' ? "a blank" : "the end of the line");
}

void scan_fail_found(struct scan *s, size_t at, const char *what)
{
    struct buf found = {0};
    found_print(s, at, &found);
    scan_fail(s, at, ERR_SYNTAX, "expected %s, found %s", what, buf_text(&found));
    buf_free(&found);
}

int scan_peek(const struct scan *s)
{
    return s->err == ERR_OK && s->pos < s->text.len ? s->text.data[s->pos] : -1;
}

bool scan_accept(struct scan *s, const char *token)
{
    size_t len = strlen(token);
    if (s->err != ERR_OK || s->text.len - s->pos < len || memcmp(s->text.data + s->pos, token, len) != 0)
        return false;
    s->pos += len;
    return true;
}

void scan_expect(struct scan *s, const char *token, const char *where)
{
    char what[96];
    if (scan_accept(s, token))
        return;
    snprintf(what, sizeof what, "%s %s", token, where);
    scan_fail_found(s, s->pos, what);
}

void scan_blank(struct scan *s)
{
    while (scan_peek(s) == ' ' || scan_peek(s) == '\t' || scan_peek(s) == '\r')
        s->pos++;
    if (scan_peek(s) == '#')
        while (scan_peek(s) != '\n' && scan_peek(s) >= 0)
            s->pos++;
}

bool scan_line_ends(struct scan *s)
{
    scan_blank(s);
    return scan_peek(s) < 0 || scan_peek(s) == '\n';
}

void scan_line_skip(struct scan *s)
{
    while (scan_peek(s) >= 0 && scan_peek(s) != '\n')
        s->pos++;
    if (scan_peek(s) == '\n')
        s->pos++;
}

void scan_line_expect_end(struct scan *s)
{
    if (!scan_line_ends(s))
        scan_fail_found(s, s->pos, "the end of the line");
}

static bool in_word(int c, const char *others)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || (c > 0 && strchr(others, c) != NULL);
}

struct bytes scan_word(struct scan *s, const char *others)
{
    size_t start = s->pos;
    while (in_word(scan_peek(s), others))
        s->pos++;
    return bytes_of(s->text.data + start, s->pos - start);
}

static struct bytes quoted(struct scan *s, bool with_escapes)
{
    size_t start = s->pos;
    int quote = scan_peek(s);
    ASSERT(quote == '"' || quote == '\'' || quote == '`');
    for (s->pos++; scan_peek(s) != quote; s->pos++) {
        if (with_escapes && scan_accept(s, "\\") && scan_peek(s) != '\\' && scan_peek(s) != '"' && scan_peek(s) != '\'')
            scan_fail(s, s->pos, ERR_SYNTAX, "a backslash stands before a quote or another backslash only");
        if (scan_peek(s) < 0 || scan_peek(s) == '\n') {
            scan_fail(s, start, ERR_SYNTAX, "this quote is not closed in its line");
            return (struct bytes){0};
        }
    }
    s->pos++;
    return bytes_of(s->text.data + start + 1, s->pos - start - 2);
}

struct bytes scan_quoted(struct scan *s)
{
    return quoted(s, false);
}

struct bytes scan_quoted_escaped(struct scan *s)
{
    return quoted(s, true);
}

struct bytes scan_choice(struct scan *s)
{
    size_t start = s->pos;
    for (int c = scan_peek(s); c > ' ' && strchr(",(){}[]\"'`#|", c) == NULL; c = scan_peek(s)) {
        if ((c == '=' && s->pos == start) || (c == '&' && s->pos + 1 < s->text.len && s->text.data[s->pos + 1] == '&'))
            break;
        s->pos++;
    }
    return bytes_of(s->text.data + start, s->pos - start);
}

struct bytes scan_number(struct scan *s)
{
    size_t start = s->pos, at = start + is_one_of(s, start, "+-");
    if (s->err != ERR_OK || !(digit_at(s, at) || (is_one_of(s, at, ".") && digit_at(s, at + 1))))
        return (struct bytes){0};
    while (digit_at(s, at))
        at++;
    at += is_one_of(s, at, ".");
    while (digit_at(s, at))
        at++;
    size_t exponent = at + 1;
    if (is_one_of(s, at, "eE") &&
        (digit_at(s, exponent) || (is_one_of(s, exponent, "+-") && digit_at(s, exponent + 1))))
        for (at = exponent + is_one_of(s, exponent, "+-"); digit_at(s, at); at++)
            ;
    s->pos = at;
    return bytes_of(s->text.data + start, at - start);
}
