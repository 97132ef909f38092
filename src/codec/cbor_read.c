#include <string.h>

#include "base/text.h"
#include "base/mutate.h"
#include "codec/cbor.h"
#include "codec/cbor_float.h"

enum { SIMPLE_FALSE = 20, SIMPLE_TRUE = 21, SIMPLE_NULL = 22 };

struct head {
    enum cbor_type type;
    unsigned info;
    uint64_t arg;
};

void cbor_reader_init(struct cbor_reader *r, struct bytes in)
{
    r->in = in;
    r->pos = r->err_pos = 0;
    r->err = ERR_OK;
    r->tagged = false;
    r->depth = r->base = 0;
    r->levels[0] = (struct cbor_level){.left = 1}; /* the others when they are entered */
}

static void fail_at(struct cbor_reader *r, enum err err, size_t pos)
{
    if (r->err != ERR_OK)
        return;
    r->err = err;
    r->err_pos = pos;
}

void cbor_fail(struct cbor_reader *r, enum err err)
{
    ASSERT(err != ERR_OK);
    fail_at(r, err, r->pos);
}

static inline enum cbor_type peek(const struct cbor_reader *r)
{
    uint8_t initial;

    if (r->err != ERR_OK || r->levels[r->depth].left == 0 || r->pos == r->in.len)
        return CBOR_NONE;
    initial = r->in.data[r->pos];
    if (initial >> 5 == CBOR_SIMPLE && (initial & 31) >= 25 && (initial & 31) <= 27)
        return CBOR_FLOAT;
    return (enum cbor_type)(initial >> 5);
}

enum cbor_type cbor_peek(const struct cbor_reader *r)
{
    return peek(r);
}

/* A head whose argument is in bytes of its own; at is behind the first byte. */
static enum err parse_argument(struct bytes in, size_t *at, struct head *head)
{
    static const uint64_t too_small[] = {24, 1 << 8, 1 << 16, UINT64_C(1) << 32}; /* arguments for that width */
    size_t pos = *at, width = (size_t)1 << (head->info & 3);
    uint64_t arg = 0;

    if (head->info == 31)
        return head->type >= CBOR_BYTES && head->type <= CBOR_MAP ? ERR_CANONICAL : ERR_SYNTAX;
    if (head->info > 27)
        return ERR_SYNTAX;
    if (in.len - pos < width)
        return ERR_TRUNCATED;
    for (size_t i = 0; i < width; i++)
        arg = arg << 8 | in.data[pos++];
    if (head->type != CBOR_SIMPLE && arg < too_small[head->info & 3])
        return ERR_CANONICAL;
    head->arg = arg;
    *at = pos;
    return ERR_OK;
}

/* RFC 8949 sections 3 and 4.2.1. On ERR_OK *at is moved behind the head. */
static inline enum err parse_head(struct bytes in, size_t *at, struct head *out)
{
    uint8_t initial = in.data[*at];
    size_t pos = *at + 1;
    enum err err = ERR_OK;

    *out = (struct head){.type = (enum cbor_type)(initial >> 5), .info = initial & 31, .arg = initial & 31};
    if (out->info >= 24)
        err = parse_argument(in, &pos, out);
    if (err == ERR_OK)
        *at = pos;
    return err;
}

static struct cbor_float head_float(const struct head *head)
{
    return (struct cbor_float){.size = 1U << (head->info - 24), .bits = head->arg};
}

/* Major type 7: the shortest float, or one of three simple values. */
static enum err check_simple(const struct head *head)
{
    struct cbor_float shortest;

    if (head->type == CBOR_FLOAT) {
        shortest = cbor_float_shortest(cbor_float_value(head_float(head)));
        return shortest.size == head_float(head).size && shortest.bits == head->arg ? ERR_OK : ERR_CANONICAL;
    }
    if (head->info == 24 && head->arg < 32)
        return ERR_SYNTAX; /* RFC 8949 section 3.3 */
    return head->arg >= SIMPLE_FALSE && head->arg <= SIMPLE_NULL ? ERR_OK : ERR_UNKNOWN;
}

/* What a head promises must be there: bytes of a string, at least one byte for
 * each item of an array or map. */
static inline enum err check_room(const struct head *head, size_t left)
{
    if (head->type == CBOR_BYTES || head->type == CBOR_TEXT || head->type == CBOR_ARRAY)
        return head->arg <= left ? ERR_OK : ERR_TRUNCATED;
    if (head->type == CBOR_MAP)
        return head->arg <= left / 2 ? ERR_OK : ERR_TRUNCATED;
    return ERR_OK;
}

/* Begins an item and reads its head; for a string pos is then at its bytes. */
static inline bool item_begin(struct cbor_reader *r, struct head *head)
{
    struct cbor_level *level = &r->levels[r->depth];
    size_t start = r->pos;
    enum err err;

    if (r->err != ERR_OK)
        return false;
    if (level->left == 0 || r->pos == r->in.len) {
        fail_at(r, ERR_TRUNCATED, start);
        return false;
    }
    if (!r->tagged)
        level->item_start = start;
    r->tagged = false;
    err = parse_head(r->in, &r->pos, head);
    if (err == ERR_OK)
        err = check_room(head, r->in.len - r->pos);
    if (err == ERR_OK && head->type == CBOR_SIMPLE) {
        if (head->info >= 25)
            head->type = CBOR_FLOAT;
        err = check_simple(head);
    }
    if (err != ERR_OK)
        fail_at(r, err, start);
    return err == ERR_OK;
}

static void key_end(struct cbor_reader *r, struct cbor_level *level)
{
    struct bytes key = bytes_of(r->in.data + level->item_start, r->pos - level->item_start);
    struct bytes before = bytes_of(r->in.data + level->key_start, level->key_len);
    int order = level->has_key ? bytes_compare(before, key) : -1;

    if (order == 0)
        fail_at(r, ERR_DUPLICATE, level->item_start);
    if (MUTATE(CBOR_UNSORTED, false, order > 0))
        fail_at(r, ERR_CANONICAL, level->item_start);
    level->has_key = true;
    level->key_start = level->item_start;
    level->key_len = key.len;
}

/* Closes the item, and with it every array and map of which it was the last. */
static inline void item_end(struct cbor_reader *r)
{
    for (;;) {
        struct cbor_level *level = &r->levels[r->depth];

        if (level->is_map) {
            if (level->key_next)
                key_end(r, level);
            level->key_next = !level->key_next;
        }
        if (--level->left > 0 || r->depth == r->base)
            return;
        r->depth--;
    }
}

/* The parts of reading an item behind its head. */
static void open_container(struct cbor_reader *r, const struct head *head)
{
    bool is_map = head->type == CBOR_MAP;

    if (r->depth == CBOR_DEPTH_MAX) {
        fail_at(r, ERR_LIMIT, r->levels[r->depth].item_start);
        return;
    }
    if (head->arg == 0) {
        item_end(r);
        return;
    }
    r->levels[++r->depth] =
        (struct cbor_level){.left = is_map ? 2 * head->arg : head->arg, .is_map = is_map, .key_next = is_map};
}

static struct bytes take_string(struct cbor_reader *r, const struct head *head)
{
    struct bytes v = bytes_of(r->in.data + r->pos, (size_t)head->arg);

    if (head->type == CBOR_TEXT && !utf8_valid(v)) {
        fail_at(r, ERR_SYNTAX, r->levels[r->depth].item_start);
        return bytes_of(NULL, 0);
    }
    r->pos += v.len;
    item_end(r);
    return r->err == ERR_OK ? v : bytes_of(NULL, 0);
}

/* Reads a head whose argument takes at most one byte of its own, as that of nearly all items does, and does not promise
 * more than there is. False: it is another, or something is wrong with it, and nothing was read. */
static inline bool short_head(struct bytes in, size_t *at, struct head *head)
{
    size_t left = in.len - *at; /* at least 1 */
    unsigned initial = in.data[*at], size = 1;

    *head = (struct head){.type = (enum cbor_type)(initial >> 5), .info = initial & 31, .arg = initial & 31};
    if (head->info >= 24) {
        if (head->info > 24 || left < 2 || head->type == CBOR_SIMPLE)
            return false;
        head->arg = in.data[*at + 1];
        if (MUTATE(CBOR_LONGER_HEAD, false, head->arg < 24))
            return false;
        size = 2;
    }
    if (check_room(head, left - size) != ERR_OK)
        return false;
    *at += size;
    return true;
}

/* Begins an item that is of this type and has a short head. False: it does not, or something is wrong with it, and
 * nothing was read. */
static inline bool begin_short(struct cbor_reader *r, enum cbor_type type, struct head *head)
{
    struct cbor_level *level = &r->levels[r->depth];
    size_t start = r->pos, at = start;

    if (r->err != ERR_OK || level->left == 0 || start == r->in.len)
        return false;
    if (r->in.data[at] >> 5 != (unsigned)type || !short_head(r->in, &at, head))
        return false;
    if (!r->tagged)
        level->item_start = start;
    r->tagged = false;
    r->pos = at;
    return true;
}

/* Begins an item that must be of this type. */
static inline bool expect(struct cbor_reader *r, enum cbor_type type, struct head *head)
{
    if (type < CBOR_SIMPLE && begin_short(r, type, head))
        return true;
    enum cbor_type found = peek(r);

    if (found != CBOR_NONE && found != type)
        cbor_fail(r, ERR_TYPE);
    return item_begin(r, head);
}

uint64_t cbor_get_uint(struct cbor_reader *r)
{
    struct head head;

    if (!expect(r, CBOR_UINT, &head))
        return 0;
    item_end(r);
    return r->err == ERR_OK ? head.arg : 0;
}

int64_t cbor_get_int(struct cbor_reader *r)
{
    bool negative = cbor_peek(r) == CBOR_NEGATIVE;
    size_t start = r->pos;
    struct head head;

    if (!expect(r, negative ? CBOR_NEGATIVE : CBOR_UINT, &head))
        return 0;
    if (head.arg > INT64_MAX)
        fail_at(r, ERR_RANGE, start);
    item_end(r);
    if (r->err != ERR_OK)
        return 0;
    return negative ? -1 - (int64_t)head.arg : (int64_t)head.arg;
}

static struct bytes get_string(struct cbor_reader *r, enum cbor_type type)
{
    struct head head;

    if (!expect(r, type, &head))
        return bytes_of(NULL, 0);
    return take_string(r, &head);
}

struct bytes cbor_get_bytes(struct cbor_reader *r)
{
    return get_string(r, CBOR_BYTES);
}

struct bytes cbor_get_bytes_of(struct cbor_reader *r, size_t len)
{
    size_t start = r->pos;
    struct bytes v = cbor_get_bytes(r);

    if (r->err == ERR_OK && v.len != len)
        fail_at(r, ERR_RANGE, start);
    return r->err == ERR_OK ? v : bytes_of(NULL, 0);
}

struct bytes cbor_get_text(struct cbor_reader *r)
{
    return get_string(r, CBOR_TEXT);
}

static uint64_t get_container(struct cbor_reader *r, enum cbor_type type)
{
    struct head head;

    if (!expect(r, type, &head))
        return 0;
    open_container(r, &head);
    return r->err == ERR_OK ? head.arg : 0;
}

uint64_t cbor_get_array(struct cbor_reader *r)
{
    return get_container(r, CBOR_ARRAY);
}

uint64_t cbor_get_map(struct cbor_reader *r)
{
    return get_container(r, CBOR_MAP);
}

uint64_t cbor_get_tag(struct cbor_reader *r)
{
    struct head head;

    if (!expect(r, CBOR_TAG, &head))
        return 0;
    r->tagged = true;
    return head.arg;
}

/* One of the simple values low..high. */
static uint64_t get_simple(struct cbor_reader *r, uint64_t low, uint64_t high)
{
    size_t start = r->pos;
    struct head head;

    if (!expect(r, CBOR_SIMPLE, &head))
        return 0;
    if (head.arg < low || head.arg > high)
        fail_at(r, ERR_TYPE, start);
    item_end(r);
    return r->err == ERR_OK ? head.arg : 0;
}

bool cbor_get_bool(struct cbor_reader *r)
{
    return get_simple(r, SIMPLE_FALSE, SIMPLE_TRUE) == SIMPLE_TRUE;
}

void cbor_get_null(struct cbor_reader *r)
{
    get_simple(r, SIMPLE_NULL, SIMPLE_NULL);
}

double cbor_get_double(struct cbor_reader *r)
{
    struct head head;

    if (!expect(r, CBOR_FLOAT, &head))
        return 0;
    item_end(r);
    return r->err == ERR_OK ? cbor_float_value(head_float(&head)) : 0;
}

/* One step of a walk over items of any type. */
static void skip_step(struct cbor_reader *r)
{
    struct head head;

    if (!item_begin(r, &head))
        return;
    if (head.type == CBOR_BYTES || head.type == CBOR_TEXT)
        take_string(r, &head);
    else if (head.type == CBOR_ARRAY || head.type == CBOR_MAP)
        open_container(r, &head);
    else if (head.type == CBOR_TAG)
        r->tagged = true;
    else
        item_end(r);
}

/* Where the item at pos ends, when it is made of nothing but integers, byte strings, arrays, tags, simple values and
 * empty maps, and nothing is wrong with it; else 0. Most of what is walked over is, and needs no more than this.
 * deepest: how many arrays may be open in it at a time, at most CBOR_DEPTH_MAX. */
static size_t plain_end(struct bytes in, size_t pos, unsigned deepest)
{
    uint64_t left[CBOR_DEPTH_MAX + 1]; /* of each array that is open */
    unsigned depth = 0;

    left[0] = 1;
    while (pos < in.len) {
        struct head head;
        if (!short_head(in, &pos, &head) &&
            (parse_head(in, &pos, &head) != ERR_OK || check_room(&head, in.len - pos) != ERR_OK))
            return 0;
        if (head.type == CBOR_TAG)
            continue;
        if ((head.type == CBOR_ARRAY || head.type == CBOR_MAP) && depth == deepest)
            return 0;
        if (head.type == CBOR_ARRAY && head.arg > 0) {
            left[++depth] = head.arg;
            continue;
        }
        if (head.type == CBOR_BYTES)
            pos += head.arg;
        else if (head.type == CBOR_TEXT || (head.type == CBOR_MAP && head.arg > 0) ||
                 (head.type == CBOR_SIMPLE && (head.info < SIMPLE_FALSE || head.info > SIMPLE_NULL)))
            return 0;
        while (--left[depth] == 0) {
            if (depth-- == 0)
                return pos;
        }
    }
    return 0;
}

/* The general way to walk over the next item, which knows what is wrong with it. */
static void walk(struct cbor_reader *r)
{
    struct cbor_level *level = &r->levels[r->depth];
    struct cbor_level outer = *level;
    unsigned base = r->base;

    /* the level holds just this item until it has been walked over */
    r->base = r->depth;
    *level = (struct cbor_level){.left = 1};
    while (r->err == ERR_OK && level->left > 0)
        skip_step(r);
    r->base = base;
    *level = outer;
}

struct bytes cbor_get_raw(struct cbor_reader *r)
{
    struct cbor_level *level = &r->levels[r->depth];
    size_t start = r->pos;

    if (r->err == ERR_OK && level->left == 0)
        cbor_fail(r, ERR_TRUNCATED);
    if (r->err != ERR_OK)
        return bytes_of(NULL, 0);
    if (!r->tagged)
        level->item_start = start;
    size_t end = plain_end(r->in, start, CBOR_DEPTH_MAX - r->depth);
    if (end == 0) {
        walk(r);
    } else {
        r->pos = end;
        r->tagged = false;
    }
    if (r->err != ERR_OK)
        return bytes_of(NULL, 0);
    item_end(r);
    return r->err == ERR_OK ? bytes_of(r->in.data + start, r->pos - start) : bytes_of(NULL, 0);
}

static void expect_count(struct cbor_reader *r, uint64_t count, uint64_t want, size_t start)
{
    if (r->err == ERR_OK && count != want)
        fail_at(r, ERR_RANGE, start);
}

void cbor_expect_array(struct cbor_reader *r, uint64_t count)
{
    size_t start = r->pos;

    expect_count(r, cbor_get_array(r), count, start);
}

void cbor_expect_map(struct cbor_reader *r, uint64_t pairs)
{
    size_t start = r->pos;

    expect_count(r, cbor_get_map(r), pairs, start);
}

static bool at_key(const struct cbor_reader *r)
{
    const struct cbor_level *level = &r->levels[r->depth];

    return r->err == ERR_OK && level->is_map && level->key_next && !r->tagged;
}

/* Reads the key if it is this text. */
static bool take_key(struct cbor_reader *r, struct bytes want)
{
    struct head head;
    size_t pos = r->pos;

    if (pos == r->in.len || parse_head(r->in, &pos, &head) != ERR_OK || head.type != CBOR_TEXT ||
        head.arg != want.len || r->in.len - pos < want.len || memcmp(r->in.data + pos, want.data, want.len) != 0)
        return false;
    r->levels[r->depth].item_start = r->pos;
    r->pos = pos + want.len;
    item_end(r);
    return true;
}

void cbor_expect_key(struct cbor_reader *r, const char *key)
{
    struct bytes want = bytes_of_text(key), found;
    size_t start = r->pos;
    bool found_first;

    if (!at_key(r)) {
        cbor_fail(r, ERR_MISSING);
        return;
    }
    if (take_key(r, want))
        return;
    found = cbor_get_text(r);
    if (r->err != ERR_OK)
        return;
    found_first = found.len != want.len ? found.len < want.len : bytes_compare(found, want) < 0;
    fail_at(r, found_first ? ERR_UNKNOWN : ERR_MISSING, start);
}

bool cbor_accept_key(struct cbor_reader *r, const char *key)
{
    return at_key(r) && take_key(r, bytes_of_text(key)) && r->err == ERR_OK;
}

enum err cbor_reader_done(const struct cbor_reader *r)
{
    if (r->err != ERR_OK)
        return r->err;
    if (r->levels[0].left > 0)
        return r->in.len == 0 ? ERR_TRUNCATED : ERR_LIMIT;
    return r->pos == r->in.len ? ERR_OK : ERR_SYNTAX;
}

enum err cbor_check(struct bytes in, size_t *err_pos)
{
    struct cbor_reader r;
    enum err err;

    cbor_reader_init(&r, in);
    cbor_get_raw(&r);
    err = cbor_reader_done(&r);
    if (err != ERR_OK && err_pos != NULL)
        *err_pos = r.err != ERR_OK ? r.err_pos : r.pos;
    return err;
}
