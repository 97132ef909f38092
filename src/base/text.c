#include "base/text.h"

#include <string.h>

#include "base/mutate.h"

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void hex_encode(struct bytes in, struct buf *out)
{
    buf_reserve(out, 2 * in.len);
    for (size_t i = 0; i < in.len; i++) {
        out->data[out->len++] = (uint8_t)hex_digits[in.data[i] >> 4];
        out->data[out->len++] = (uint8_t)hex_digits[in.data[i] & 15];
    }
}

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum err hex_decode(struct bytes in, struct buf *out)
{
    size_t before = out->len;

    if (in.len % 2 != 0)
        return ERR_SYNTAX;
    for (size_t i = 0; i < in.len; i += 2) {
        int high = hex_value(in.data[i]), low = hex_value(in.data[i + 1]);

        if (high < 0 || low < 0) {
            out->len = before;
            return ERR_SYNTAX;
        }
        buf_add_byte(out, (uint8_t)(high << 4 | low));
    }
    return ERR_OK;
}

void base64_encode(struct bytes in, struct buf *out)
{
    buf_reserve(out, in.len / 3 * 4 + 4);
    for (size_t i = 0; i < in.len; i += 3) {
        size_t left = in.len - i;
        uint32_t group = (uint32_t)in.data[i] << 16;
        uint8_t quad[4];

        group |= left > 1 ? (uint32_t)in.data[i + 1] << 8 : 0;
        group |= left > 2 ? in.data[i + 2] : 0;
        for (unsigned j = 0; j < 4; j++)
            quad[j] = (uint8_t)base64_digits[group >> (18 - 6 * j) & 63];
        if (left < 3)
            quad[3] = '=';
        if (left < 2)
            quad[2] = '=';
        buf_add(out, quad, sizeof quad);
    }
}

/* Of each digit; -1: it is none. */
static const int8_t base64_values[256] = {
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 62, -1, -1, -1, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61,
    -1, -1, -1, -1, -1, -1, -1, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
    22, 23, 24, 25, -1, -1, -1, -1, -1, -1, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44,
    45, 46, 47, 48, 49, 50, 51, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
    -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,
};

/* Decodes four digits of which the last `pad` are '='. False if they are not
 * the one encoding of 3 - pad bytes. */
static bool base64_quad(const uint8_t quad[4], unsigned pad, struct buf *out)
{
    uint32_t group = 0;

    for (unsigned i = 0; i < 4; i++) {
        int value = i < 4 - pad ? base64_values[quad[i]] : 0;

        if (value < 0)
            return false;
        group = group << 6 | (uint32_t)value;
    }
    if ((group & ((1U << 8 * pad) - 1)) != 0)
        return false;
    for (unsigned i = 0; i < 3 - pad; i++)
        buf_add_byte(out, (uint8_t)(group >> (16 - 8 * i)));
    return true;
}

/* Quads without padding, which are nearly all; there is room in out. False if one has another character. */
static bool base64_quads(const uint8_t *in, size_t quads, struct buf *out)
{
    uint8_t *to = out->data + out->len;
    int bad = 0;

    for (size_t i = 0; i < quads; i++, in += 4, to += 3) {
        int a = base64_values[in[0]], b = base64_values[in[1]], c = base64_values[in[2]], d = base64_values[in[3]];

        bad |= a | b | c | d; /* negative if one of them is */
        to[0] = (uint8_t)((unsigned)a << 2 | (unsigned)b >> 4);
        to[1] = (uint8_t)((unsigned)b << 4 | (unsigned)c >> 2);
        to[2] = (uint8_t)((unsigned)c << 6 | (unsigned)d);
    }
    out->len += 3 * quads;
    return bad >= 0;
}

enum err base64_decode(struct bytes in, struct buf *out)
{
    size_t before = out->len, quads = in.len / 4;
    unsigned pad = 0;

    if (in.len % 4 != 0)
        return ERR_SYNTAX;
    if (in.len == 0)
        return ERR_OK;
    if (in.data[in.len - 1] == '=')
        pad = in.data[in.len - 2] == '=' ? 2 : 1;
    buf_reserve(out, 3 * quads);
    if (base64_quads(in.data, quads - 1, out) && base64_quad(in.data + in.len - 4, pad, out))
        return ERR_OK;
    out->len = before;
    return ERR_SYNTAX;
}

/* Length of the sequence that starts here, 0 if it is not one. RFC 3629 section 4:
 * the second byte's range is what excludes overlong forms, surrogates and
 * everything above U+10FFFF. */
static size_t utf8_sequence(const uint8_t *p, size_t left)
{
    uint8_t low = 0x80, high = 0xbf;
    size_t len;

    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (p[0] == 0xe0)
        low = 0xa0;
    else if (p[0] == 0xed)
        high = 0x9f;
    else if (p[0] == 0xf0)
        low = 0x90;
    else if (p[0] == 0xf4)
        high = 0x8f;
    if (left < len || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    }
    return len;
}

bool utf8_valid(struct bytes in)
{
    size_t pos = 0;
    uint64_t word;

    for (; pos + sizeof word <= in.len; pos += sizeof word) {
        memcpy(&word, in.data + pos, sizeof word);
        if ((word & UINT64_C(0x8080808080808080)) != 0)
            break;
    }
    while (pos < in.len && in.data[pos] < 0x80)
        pos++;
    while (pos < in.len) {
        size_t len = utf8_sequence(in.data + pos, in.len - pos);

        if (len == 0)
            return false;
        pos += len;
    }
    return true;
}

/* The character that a valid sequence stands for. */
static uint32_t utf8_character(const uint8_t *p, size_t len)
{
    uint32_t c = len == 1 ? p[0] : p[0] & (0x7fU >> len);

    for (size_t i = 1; i < len; i++)
        c = c << 6 | (p[i] & 0x3f);
    return c;
}

/* Unicode's Cc, Zl, Zp and Default_Ignorable_Code_Point, with the marks that turn the direction of writing. */
static bool is_hidden(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {{0, 0x1f},        {0x7f, 0x9f},       {0xad, 0xad},       {0x34f, 0x34f},     {0x61c, 0x61c},
                  {0x115f, 0x1160}, {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x200b, 0x200f},   {0x2028, 0x202e},
                  {0x2060, 0x206f}, {0x3164, 0x3164},   {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},
                  {0xfff0, 0xfffb}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}, {0, 0}};

    for (size_t i = 0; i == 0 || ranges[i].first > 0; i++) {
        if (c >= ranges[i].first && c <= ranges[i].last)
            return MUTATE(TEXT_C1_SHOWN, c < 0x80, true);
    }
    return false;
}

void text_escape(struct bytes in, struct buf *out)
{
    for (size_t pos = 0, len; pos < in.len; pos += len) {
        len = utf8_sequence(in.data + pos, in.len - pos);
        if (len == 0) {
            buf_printf(out, "\\x{%02x}", in.data[pos]);
            len = 1;
        } else if (is_hidden(utf8_character(in.data + pos, len))) {
            buf_printf(out, "\\u{%x}", utf8_character(in.data + pos, len));
        } else {
            buf_add(out, in.data + pos, len);
        }
    }
}

bool text_is_plain(struct bytes in)
{
    for (size_t pos = 0, len; pos < in.len; pos += len) {
        len = utf8_sequence(in.data + pos, in.len - pos);
        if (len == 0 || is_hidden(utf8_character(in.data + pos, len)))
            return false;
    }
    return true;
}

void text_shell_word(const char *word, struct buf *out)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-/=:,@%";

    if (*word != '\0' && word[strspn(word, plain)] == '\0') {
        buf_add_text(out, word);
        return;
    }
    buf_add_byte(out, '\'');
    for (; *word != '\0'; word++) {
        if (*word == '\'')
            buf_add_text(out, "'\\''");
        else
            buf_add_byte(out, (uint8_t)*word);
    }
    buf_add_byte(out, '\'');
}

size_t text_cut(struct bytes in, size_t limit)
{
    size_t end = in.len < limit ? in.len : limit, start = end;

    /* The character that the end falls into began at most three bytes before it. */
    for (unsigned i = 0; i < 3 && start > 0 && (in.data[start - 1] & 0xc0) == 0x80; i++)
        start--;
    if (start == 0 || in.data[start - 1] < 0xc0)
        return end;
    start--;
    size_t needed = in.data[start] < 0xe0 ? 2 : in.data[start] < 0xf0 ? 3 : 4;
    return end - start < needed ? start : end;
}

char *text_copy(struct bytes in)
{
    char *copy = mem_alloc(in.len + 1);

    if (in.len > 0)
        memcpy(copy, in.data, in.len);
    return copy;
}

static bool is_letter_or_digit(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool name_valid(struct bytes name, size_t max)
{
    if (MUTATE(NAME_ANY, true, false))
        return name.len > 0 && name.len <= max;
    if (name.len == 0 || name.len > max || !is_letter_or_digit(name.data[0]))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if (!is_letter_or_digit(name.data[i]) && (name.data[i] == 0 || strchr("._+-", name.data[i]) == NULL))
            return false;
    }
    return true;
}

enum err u64_parse(const char *text, uint64_t *out)
{
    uint64_t v = 0;

    if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0'))
        return ERR_SYNTAX;
    if (text[strspn(text, "0123456789")] != '\0')
        return ERR_SYNTAX;
    for (const char *p = text; *p != '\0'; p++) {
        uint64_t digit = (uint64_t)(*p - '0');

        if (v > (UINT64_MAX - digit) / 10)
            return ERR_RANGE;
        v = v * 10 + digit;
    }
    *out = v;
    return ERR_OK;
}
