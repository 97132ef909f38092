#include "fed/messages.h"

#include "codec/cbor.h"

/* The format of the message that carries an entry. */

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
