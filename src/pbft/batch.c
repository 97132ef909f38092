/* An array of requests. */
#include "pbft/batch.h"

#include "codec/cbor.h"
#include "pbft/limits.h"

void batch_encode(const struct bytes *requests, unsigned count, struct buf *out)
{
    struct cbor_writer w;

    cbor_writer_init(&w, out);
    cbor_put_array(&w, count);
    for (unsigned i = 0; i < count; i++)
        cbor_put_bytes(&w, requests[i]);
    cbor_writer_done(&w);
}

enum err batch_decode(struct bytes in, struct bytes *out, unsigned *count)
{
    struct cbor_reader r;

    if (in.len > BATCH_SIZE_ALLOWED)
        return ERR_LIMIT;
    cbor_reader_init(&r, in);
    uint64_t found = cbor_get_array(&r);
    if (r.err == ERR_OK && found > PBFT_BATCH_MAX)
        cbor_fail(&r, ERR_LIMIT);
    for (uint64_t i = 0; i < found && r.err == ERR_OK; i++)
        out[i] = cbor_get_bytes(&r);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        *count = (unsigned)found;
    return err;
}

struct digest batch_null_digest(void)
{
    /* SHA-256 of 0x80 */
    static const struct digest EMPTY_ARRAY = {{0x76, 0xbe, 0x8b, 0x52, 0x8d, 0x00, 0x75, 0xf7, 0xaa, 0xe9, 0x8d,
                                               0x6f, 0xa5, 0x7a, 0x6d, 0x3c, 0x83, 0xae, 0x48, 0x0a, 0x84, 0x69,
                                               0xe6, 0x68, 0xd7, 0xb0, 0xaf, 0x96, 0x89, 0x95, 0xac, 0x71}};

    return EMPTY_ARRAY;
}
