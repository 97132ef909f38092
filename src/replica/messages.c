#include "replica/messages.h"

#include "codec/cbor.h"

/* The formats of the messages by which decided blocks are asked for and given. */

static struct blob *finish(struct cbor_writer *w, struct buf *out)
{
    cbor_writer_done(w);
    struct blob *message = blob_new(bytes_of_buf(out));
    buf_free(out);
    return message;
}

static struct blob *message_number(enum replica_message type, uint64_t number)
{
    struct buf out = {0};
    struct cbor_writer w;

    cbor_writer_init(&w, &out);
    cbor_put_array(&w, 2);
    cbor_put_uint(&w, type);
    cbor_put_uint(&w, number);
    return finish(&w, &out);
}

struct blob *replica_message_fetch(uint64_t from)
{
    return message_number(REPLICA_FETCH, from);
}

struct blob *replica_message_status(uint64_t height)
{
    return message_number(REPLICA_STATUS, height);
}

struct blob *replica_message_blocks(uint64_t height, const struct bytes *blocks, unsigned count)
{
    struct buf out = {0};
    struct cbor_writer w;

    ASSERT(count <= REPLICA_BLOCKS_MAX);
    cbor_writer_init(&w, &out);
    cbor_put_array(&w, 3);
    cbor_put_uint(&w, REPLICA_BLOCKS);
    cbor_put_uint(&w, height);
    cbor_put_array(&w, count);
    for (unsigned i = 0; i < count; i++)
        cbor_put_bytes(&w, blocks[i]);
    return finish(&w, &out);
}

static void read_blocks(struct cbor_reader *r, struct replica_wire *m)
{
    uint64_t count = cbor_get_array(r);

    if (count > REPLICA_BLOCKS_MAX) {
        cbor_fail(r, ERR_LIMIT);
        return;
    }
    m->count = (unsigned)count;
    for (unsigned i = 0; i < m->count; i++)
        m->blocks[i] = cbor_get_bytes(r);
}

enum err replica_message_decode(struct bytes in, struct replica_wire *out)
{
    struct replica_wire m = {0};
    struct cbor_reader r;

    if (in.len > PBFT_MESSAGE_SIZE_MAX)
        return ERR_LIMIT;
    cbor_reader_init(&r, in);
    uint64_t parts = cbor_get_array(&r), type = cbor_get_uint(&r);
    if (r.err == ERR_OK && (type < REPLICA_FETCH || type > REPLICA_STATUS))
        return ERR_UNKNOWN;
    if (r.err == ERR_OK && parts != (type == REPLICA_BLOCKS ? 3 : 2))
        return ERR_RANGE;
    m.type = (enum replica_message)type;
    m.height = cbor_get_uint(&r);
    if (m.type == REPLICA_BLOCKS)
        read_blocks(&r, &m);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        *out = m;
    return err;
}
