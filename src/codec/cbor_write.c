#include <string.h>

#include "base/text.h"
#include "codec/cbor.h"
#include "codec/cbor_float.h"

void cbor_writer_init(struct cbor_writer *w, struct buf *out)
{
    w->out = out;
    w->tagged = false;
    w->depth = 0;
    w->levels[0] = (struct cbor_level){.left = 1}; /* the others when they are entered */
}

static void item_begin(struct cbor_writer *w)
{
    struct cbor_level *level = &w->levels[w->depth];

    ASSERT(level->left > 0);
    if (!w->tagged)
        level->item_start = w->out->len;
    w->tagged = false;
}

static void key_end(struct cbor_writer *w, struct cbor_level *level)
{
    const uint8_t *data = w->out->data;
    size_t len = w->out->len - level->item_start;

    if (level->has_key)
        ASSERT(bytes_compare(bytes_of(data + level->key_start, level->key_len),
                             bytes_of(data + level->item_start, len)) < 0);
    level->has_key = true;
    level->key_start = level->item_start;
    level->key_len = len;
}

/* Closes the item, and with it every array and map of which it was the last. */
static void item_end(struct cbor_writer *w)
{
    for (;;) {
        struct cbor_level *level = &w->levels[w->depth];

        if (level->is_map) {
            if (level->key_next)
                key_end(w, level);
            level->key_next = !level->key_next;
        }
        if (--level->left > 0 || w->depth == 0)
            return;
        w->depth--;
    }
}

/* RFC 8949 section 3: major type and argument, shortest form. */
static void put_head(struct cbor_writer *w, unsigned major, uint64_t arg)
{
    uint8_t big[8];
    unsigned log = arg <= UINT8_MAX ? 0 : arg <= UINT16_MAX ? 1 : arg <= UINT32_MAX ? 2 : 3;

    if (arg < 24) {
        buf_add_byte(w->out, (uint8_t)(major << 5 | arg));
        return;
    }
    be64_put(big, arg);
    buf_add_byte(w->out, (uint8_t)(major << 5 | (24 + log)));
    buf_add(w->out, big + 8 - (1U << log), 1U << log);
}

static void put_string(struct cbor_writer *w, unsigned major, struct bytes v)
{
    item_begin(w);
    put_head(w, major, v.len);
    buf_add(w->out, v.data, v.len);
    item_end(w);
}

static void put_container(struct cbor_writer *w, unsigned major, uint64_t count)
{
    bool is_map = major == CBOR_MAP;

    ASSERT(w->depth < CBOR_DEPTH_MAX && count <= UINT64_MAX / 2);
    item_begin(w);
    put_head(w, major, count);
    if (count == 0) {
        item_end(w);
        return;
    }
    w->levels[++w->depth] =
        (struct cbor_level){.left = is_map ? 2 * count : count, .is_map = is_map, .key_next = is_map};
}

void cbor_put_uint(struct cbor_writer *w, uint64_t v)
{
    item_begin(w);
    put_head(w, CBOR_UINT, v);
    item_end(w);
}

void cbor_put_int(struct cbor_writer *w, int64_t v)
{
    item_begin(w);
    put_head(w, v < 0 ? CBOR_NEGATIVE : CBOR_UINT, v < 0 ? ~(uint64_t)v : (uint64_t)v);
    item_end(w);
}

void cbor_put_bytes(struct cbor_writer *w, struct bytes v)
{
    put_string(w, CBOR_BYTES, v);
}

void cbor_put_text(struct cbor_writer *w, const char *v)
{
    cbor_put_text_bytes(w, bytes_of_text(v));
}

void cbor_put_text_bytes(struct cbor_writer *w, struct bytes v)
{
    ASSERT(utf8_valid(v));
    put_string(w, CBOR_TEXT, v);
}

void cbor_put_array(struct cbor_writer *w, uint64_t count)
{
    put_container(w, CBOR_ARRAY, count);
}

void cbor_put_map(struct cbor_writer *w, uint64_t pairs)
{
    put_container(w, CBOR_MAP, pairs);
}

void cbor_put_tag(struct cbor_writer *w, uint64_t tag)
{
    item_begin(w);
    put_head(w, CBOR_TAG, tag);
    w->tagged = true;
}

static void put_simple(struct cbor_writer *w, uint8_t value)
{
    item_begin(w);
    put_head(w, CBOR_SIMPLE, value);
    item_end(w);
}

void cbor_put_bool(struct cbor_writer *w, bool v)
{
    put_simple(w, v ? 21 : 20);
}

void cbor_put_null(struct cbor_writer *w)
{
    put_simple(w, 22);
}

void cbor_put_double(struct cbor_writer *w, double v)
{
    struct cbor_float f = cbor_float_shortest(v);
    uint8_t big[8];

    item_begin(w);
    buf_add_byte(w->out, f.size == 2 ? 0xf9 : f.size == 4 ? 0xfa : 0xfb);
    be64_put(big, f.bits);
    buf_add(w->out, big + 8 - f.size, f.size);
    item_end(w);
}

void cbor_put_raw(struct cbor_writer *w, struct bytes item)
{
    ASSERT(cbor_check(item, NULL) == ERR_OK);
    cbor_put_known(w, item);
}

void cbor_put_known(struct cbor_writer *w, struct bytes item)
{
    ASSERT(item.len > 0);
    item_begin(w);
    buf_add(w->out, item.data, item.len);
    item_end(w);
}

void cbor_writer_done(const struct cbor_writer *w)
{
    ASSERT(w->depth == 0 && w->levels[0].left == 0 && !w->tagged);
}
