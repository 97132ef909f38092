#include "fed/messages.h"

#include "codec/cbor.h"
#include "replica/messages.h"
#include "transfer/transfer.h"

/* The format of the message that carries an entry, and what all messages are for. */

struct blob *message_entry(struct bytes envelope)
{
    struct buf out = {0};
    struct cbor_writer w;

    cbor_writer_init(&w, &out);
    cbor_put_array(&w, 2);
    cbor_put_uint(&w, FED_ENTRY);
    cbor_put_bytes(&w, envelope);
    cbor_writer_done(&w);
    struct blob *message = blob_new(bytes_of_buf(&out));
    buf_free(&out);
    return message;
}

enum err message_entry_decode(struct bytes in, struct bytes *envelope)
{
    struct cbor_reader r;

    if (in.len > PBFT_MESSAGE_SIZE_MAX)
        return ERR_LIMIT;
    cbor_reader_init(&r, in);
    uint64_t parts = cbor_get_array(&r), type = cbor_get_uint(&r);
    if (r.err == ERR_OK && type != FED_ENTRY)
        return ERR_UNKNOWN;
    if (r.err == ERR_OK && parts != 2)
        return ERR_RANGE;
    struct bytes bytes = cbor_get_bytes(&r);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        *envelope = bytes;
    return err;
}

/* ---- what it is */

static const struct {
    const char *name;
    enum message_purpose purpose;
} kinds[] = {
    [1] = {"pbft.pre_prepare", MESSAGE_CONSENSUS},
    [2] = {"pbft.prepare", MESSAGE_CONSENSUS},
    [3] = {"pbft.commit", MESSAGE_CONSENSUS},
    [4] = {"pbft.checkpoint", MESSAGE_CONSENSUS},
    [5] = {"pbft.view_change", MESSAGE_CONSENSUS},
    [6] = {"pbft.new_view", MESSAGE_CONSENSUS},
    [7] = {"pbft.fetch", MESSAGE_CONSENSUS},
    [8] = {"pbft.batch", MESSAGE_CONSENSUS},
    [9] = {"pbft.status", MESSAGE_CONSENSUS},
    [10] = {"pbft.stable", MESSAGE_CONSENSUS},
    [FED_ENTRY] = {"fed.entry", MESSAGE_ENTRIES},
    [REPLICA_FETCH] = {"replica.fetch", MESSAGE_CONSENSUS},
    [REPLICA_BLOCKS] = {"replica.blocks", MESSAGE_BULK},
    [REPLICA_STATUS] = {"replica.status", MESSAGE_CONSENSUS},
    [TRANSFER_ASK] = {"transfer.ask", MESSAGE_CONSENSUS},
    [TRANSFER_OFFER] = {"transfer.offer", MESSAGE_BULK},
    [TRANSFER_GET] = {"transfer.get", MESSAGE_CONSENSUS},
    [TRANSFER_CHUNK] = {"transfer.chunk", MESSAGE_BULK},
    [11] = {"pbft.query", MESSAGE_CONSENSUS},
    [12] = {"pbft.report", MESSAGE_CONSENSUS},
};
enum { KIND_COUNT = sizeof kinds / sizeof kinds[0] };

/* 0: none that we know. */
static unsigned kind_of(struct bytes message)
{
    struct cbor_reader r;
    uint64_t type;

    cbor_reader_init(&r, message);
    cbor_get_array(&r);
    type = cbor_get_uint(&r);
    return r.err == ERR_OK && type < KIND_COUNT && kinds[type].name != NULL ? (unsigned)type : 0;
}

enum message_purpose message_purpose(struct bytes message)
{
    return kinds[kind_of(message)].purpose;
}

const char *message_name(struct bytes message)
{
    unsigned kind = kind_of(message);

    return kind > 0 ? kinds[kind].name : "unknown";
}
