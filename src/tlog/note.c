/* Signed notes of C2SP signed-note v1.0.0, read strictly. */
#include "tlog/note.h"

#include <string.h>

#include "base/mutate.h"
#include "base/text.h"

#define DASH "\xe2\x80\x94 " /* em dash, space */
enum { DASH_LEN = 4, ID_LEN = 4, ID_HEX = 8, NUMBER_DIGITS = 20 };

/* ---- names */

/* The length of a character of Unicode's White_Space beyond ASCII that text begins with, or 0. */
static size_t wide_space(struct bytes text)
{
    static const char *const spaces[] = {"\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\xa8",
                                         "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};

    for (unsigned i = 0; i < sizeof spaces / sizeof spaces[0]; i++) {
        size_t len = strlen(spaces[i]);

        if (text.len >= len && memcmp(text.data, spaces[i], len) == 0)
            return len;
    }
    if (text.len >= 3 && memcmp(text.data, "\xe2\x80", 2) == 0 && text.data[2] >= 0x80 && text.data[2] <= 0x8a)
        return 3;
    return 0;
}

bool note_name_valid(struct bytes name)
{
    if (name.len == 0 || name.len > NOTE_NAME_MAX || !utf8_valid(name))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] <= ' ' || name.data[i] == 0x7f || name.data[i] == '+' ||
            wide_space(bytes_of(name.data + i, name.len - i)) > 0)
            return false;
    }
    return true;
}

/* ---- keys */

/* The first four bytes of SHA-256(name, newline, type, public key); the byte 255 is followed by what it stands for. */
static uint32_t key_id(struct bytes name, enum note_key_type type, const struct public_key *public)
{
    const uint8_t kind[2] = {'\n', (uint8_t)type};
    struct digest_context c;
    struct digest d;

    digest_init(&c);
    digest_add(&c, name.data, name.len);
    digest_add(&c, kind, sizeof kind);
    if (type == NOTE_KEY_RECEIPT)
        digest_add(&c, NOTE_RECEIPT_TYPE, sizeof NOTE_RECEIPT_TYPE - 1);
    digest_add(&c, public->b, sizeof public->b);
    d = digest_final(&c);
    return (uint32_t)d.b[0] << 24 | (uint32_t)d.b[1] << 16 | (uint32_t)d.b[2] << 8 | d.b[3];
}

struct note_key note_key_of(struct bytes name, enum note_key_type type, const struct public_key *public)
{
    ASSERT(note_name_valid(name));
    return (struct note_key){.name = name, .type = type, .id = key_id(name, type, public), .public = *public};
}

void note_key_print(const struct note_key *key, struct buf *out)
{
    uint8_t bytes[1 + KEY_PUBLIC_SIZE] = {(uint8_t)key->type};

    memcpy(bytes + 1, key->public.b, KEY_PUBLIC_SIZE);
    buf_add(out, key->name.data, key->name.len);
    buf_printf(out, "+%08x+", key->id);
    base64_encode(bytes_of(bytes, sizeof bytes), out);
}

/* The two parts behind the name: views, split at the first plus. */
static bool split(struct bytes in, struct bytes *head, struct bytes *tail)
{
    const uint8_t *plus = in.len > 0 ? memchr(in.data, '+', in.len) : NULL;

    if (plus == NULL)
        return false;
    *head = bytes_of(in.data, (size_t)(plus - in.data));
    *tail = bytes_of(plus + 1, in.len - head->len - 1);
    return true;
}

static enum err read_key(struct bytes name, struct bytes id, struct bytes key, struct note_key *out)
{
    struct public_key public;
    struct buf hex = {0};

    if (key.len != 1 + KEY_PUBLIC_SIZE || (key.data[0] != NOTE_KEY_LOG && key.data[0] != NOTE_KEY_COSIGNER))
        return ERR_UNKNOWN;
    memcpy(public.b, key.data + 1, sizeof public.b);
    *out = note_key_of(name, (enum note_key_type)key.data[0], &public);
    buf_printf(&hex, "%08x", out->id);
    bool same = MUTATE(NOTE_ANY_KEY_ID, true, bytes_equal(id, bytes_of_buf(&hex)));
    buf_free(&hex);
    return same ? key_check(&out->public) : ERR_MISMATCH;
}

enum err note_key_parse(struct bytes in, struct note_key *out)
{
    struct bytes name, rest, id, base64;
    struct buf key = {0};
    struct note_key found;
    enum err err;

    if (!split(in, &name, &rest) || !split(rest, &id, &base64) || !note_name_valid(name) || id.len != ID_HEX)
        return ERR_SYNTAX;
    err = base64_decode(base64, &key);
    if (err == ERR_OK)
        err = read_key(name, id, bytes_of_buf(&key), &found);
    buf_free(&key);
    if (err == ERR_OK)
        *out = found;
    return err;
}

/* ---- notes */

static bool characters_fit(struct bytes in)
{
    for (size_t i = 0; i < in.len; i++) {
        if (in.data[i] < ' ' && in.data[i] != '\n')
            return false;
    }
    return utf8_valid(in);
}

/* Where the signatures begin: behind the last blank line. False: there is none. */
static bool find_signatures(struct bytes in, size_t *at)
{
    for (size_t i = in.len; i >= 2; i--) {
        if (in.data[i - 1] == '\n' && in.data[i - 2] == '\n') {
            *at = i;
            return true;
        }
    }
    return false;
}

static enum err read_line(struct bytes in, struct note_line *out)
{
    const uint8_t *space;
    struct buf decoded = {0};
    enum err err;

    if (in.len < DASH_LEN || memcmp(in.data, DASH, DASH_LEN) != 0)
        return ERR_SYNTAX;
    in = bytes_of(in.data + DASH_LEN, in.len - DASH_LEN);
    space = in.len > 0 ? memchr(in.data, ' ', in.len) : NULL;
    if (space == NULL)
        return ERR_SYNTAX;
    out->name = bytes_of(in.data, (size_t)(space - in.data));
    out->base64 = bytes_of(space + 1, in.len - out->name.len - 1);
    if (!note_name_valid(out->name))
        return ERR_SYNTAX;
    err = base64_decode(out->base64, &decoded);
    if (err == ERR_OK && decoded.len <= ID_LEN)
        err = ERR_SYNTAX;
    if (err == ERR_OK)
        out->id = (uint32_t)decoded.data[0] << 24 | (uint32_t)decoded.data[1] << 16 | (uint32_t)decoded.data[2] << 8 |
                  decoded.data[3];
    buf_free(&decoded);
    return err;
}

static enum err read_lines(struct note *n)
{
    struct bytes rest = n->lines;
    enum err err = ERR_OK;

    while (rest.len > 0 && err == ERR_OK) {
        const uint8_t *end = memchr(rest.data, '\n', rest.len);
        size_t len = end != NULL ? (size_t)(end - rest.data) : 0;

        if (end == NULL)
            return ERR_TRUNCATED;
        if (n->count == NOTE_LINES_MAX)
            return ERR_LIMIT;
        n->line = mem_resize(n->line, n->count + 1, sizeof n->line[0]);
        err = read_line(bytes_of(rest.data, len), &n->line[n->count++]);
        rest = bytes_of(rest.data + len + 1, rest.len - len - 1);
    }
    return err;
}

enum err note_parse(struct bytes in, struct note *out)
{
    struct note n = {0};
    size_t at;
    enum err err;

    if (in.len > NOTE_SIZE_MAX)
        return ERR_LIMIT;
    if (!characters_fit(in) || !find_signatures(in, &at) || at == in.len || at < 2)
        return ERR_SYNTAX;
    n.text = bytes_of(in.data, at - 1);
    n.lines = bytes_of(in.data + at, in.len - at);
    err = read_lines(&n);
    if (err != ERR_OK)
        note_fini(&n);
    else
        *out = n;
    return err;
}

void note_fini(struct note *n)
{
    mem_free(n->line);
    *n = (struct note){0};
}

enum err note_number(struct bytes digits, uint64_t *out)
{
    char text[NUMBER_DIGITS + 1] = {0};

    if (digits.len == 0 || digits.len > NUMBER_DIGITS || memchr(digits.data, '\0', digits.len) != NULL)
        return ERR_SYNTAX;
    memcpy(text, digits.data, digits.len);
    return u64_parse(text, out);
}

void note_line_put(const struct note_key *key, struct bytes signature, struct buf *out)
{
    const uint8_t id[ID_LEN] = {(uint8_t)(key->id >> 24), (uint8_t)(key->id >> 16), (uint8_t)(key->id >> 8),
                                (uint8_t)key->id};
    struct buf bytes = {0};

    buf_add(&bytes, id, sizeof id);
    buf_add(&bytes, signature.data, signature.len);
    buf_add_text(out, DASH);
    buf_add(out, key->name.data, key->name.len);
    buf_add_byte(out, ' ');
    base64_encode(bytes_of_buf(&bytes), out);
    buf_add_byte(out, '\n');
    buf_free(&bytes);
}

enum err note_signature(const struct note *n, const struct note_key *key, struct buf *signature)
{
    const struct note_line *found = NULL;
    struct buf bytes = {0};
    enum err err;

    for (unsigned i = 0; i < n->count; i++) {
        if (n->line[i].id != key->id || !bytes_equal(n->line[i].name, key->name))
            continue;
        if (found != NULL)
            return ERR_DUPLICATE;
        found = &n->line[i];
    }
    if (found == NULL)
        return ERR_MISSING;
    err = base64_decode(found->base64, &bytes);
    ASSERT(err == ERR_OK && bytes.len > ID_LEN); /* note_parse() */
    buf_add(signature, bytes.data + ID_LEN, bytes.len - ID_LEN);
    buf_free(&bytes);
    return ERR_OK;
}
