#include "fed/messages.h"

#include "codec/cbor.h"

static struct blob *blob_of_buf(struct buf *b)
{
    struct blob *blob = blob_new(bytes_of_buf(b));

    buf_free(b);
    return blob;
}

static struct blob *message_number(enum fed_message type, uint64_t number)
{
    struct buf b = {0};
    struct cbor_writer w;

    cbor_writer_init(&w, &b);
    cbor_put_array(&w, 2);
    cbor_put_uint(&w, (uint64_t)type);
    cbor_put_uint(&w, number);
    cbor_writer_done(&w);
    return blob_of_buf(&b);
}

struct blob *message_entry(struct bytes envelope)
{
    struct buf b = {0};
    struct cbor_writer w;

    cbor_writer_init(&w, &b);
    cbor_put_array(&w, 2);
    cbor_put_uint(&w, FED_ENTRY);
    cbor_put_bytes(&w, envelope);
    cbor_writer_done(&w);
    return blob_of_buf(&b);
}

struct blob *message_fetch(uint64_t from)
{
    return message_number(FED_FETCH, from);
}

struct blob *message_status(uint64_t height)
{
    return message_number(FED_STATUS, height);
}

struct blob *message_blocks(uint64_t height, const struct bytes *blocks, unsigned count)
{
    struct buf b = {0};
    struct cbor_writer w;

    ASSERT(count <= MESSAGE_BLOCKS_MAX);
    cbor_writer_init(&w, &b);
    cbor_put_array(&w, 3);
    cbor_put_uint(&w, FED_BLOCKS);
    cbor_put_uint(&w, height);
    cbor_put_array(&w, count);
    for (unsigned i = 0; i < count; i++)
        cbor_put_bytes(&w, blocks[i]);
    cbor_writer_done(&w);
    return blob_of_buf(&b);
}

static void read_blocks(struct cbor_reader *r, struct message *m)
{
    uint64_t count = cbor_get_array(r);

    if (count > MESSAGE_BLOCKS_MAX) {
        cbor_fail(r, ERR_LIMIT);
        return;
    }
    m->count = (unsigned)count;
    for (unsigned i = 0; i < m->count; i++)
        m->blocks[i] = cbor_get_bytes(r);
}

enum err message_decode(struct bytes in, struct message *out)
{
    struct message m = {0};
    struct cbor_reader r;
    enum err err;

    if (in.len > PBFT_MESSAGE_SIZE_MAX)
        return ERR_LIMIT;
    cbor_reader_init(&r, in);
    uint64_t parts = cbor_get_array(&r);
    uint64_t type = cbor_get_uint(&r);
    uint64_t expected = type == FED_BLOCKS ? 3 : 2;
    if (r.err == ERR_OK && (type < FED_ENTRY || type > FED_STATUS))
        return ERR_UNKNOWN;
    if (r.err == ERR_OK && parts != expected)
        return ERR_RANGE;
    m.type = (enum fed_message)type;
    if (m.type == FED_ENTRY)
        m.entry = cbor_get_bytes(&r);
    else
        m.height = cbor_get_uint(&r);
    if (m.type == FED_BLOCKS)
        read_blocks(&r, &m);
    err = cbor_reader_done(&r);
    if (err == ERR_OK)
        *out = m;
    return err;
}
