#include "transfer/messages.h"

#include "pbft/limits.h"

static struct blob *finish(struct cbor_writer *w, struct buf *out)
{
    cbor_writer_done(w);
    struct blob *message = blob_new(bytes_of_buf(out));
    buf_free(out);
    return message;
}

static void begin(struct cbor_writer *w, struct buf *out, unsigned items, enum transfer_message type, uint64_t height)
{
    cbor_writer_init(w, out);
    cbor_put_array(w, items);
    cbor_put_uint(w, type);
    cbor_put_uint(w, height);
}

struct blob *transfer_ask(uint64_t above)
{
    struct buf out = {0};
    struct cbor_writer w;

    begin(&w, &out, 2, TRANSFER_ASK, above);
    return finish(&w, &out);
}

struct blob *transfer_offer(uint64_t height, struct bytes proof, struct bytes hashes)
{
    struct buf out = {0};
    struct cbor_writer w;

    begin(&w, &out, 4, TRANSFER_OFFER, height);
    cbor_put_bytes(&w, proof);
    cbor_put_bytes(&w, hashes);
    return finish(&w, &out);
}

struct blob *transfer_get(uint64_t height, uint64_t index)
{
    struct buf out = {0};
    struct cbor_writer w;

    begin(&w, &out, 3, TRANSFER_GET, height);
    cbor_put_uint(&w, index);
    return finish(&w, &out);
}

struct blob *transfer_chunk(uint64_t height, uint64_t index, struct bytes chunk)
{
    struct buf out = {0};
    struct cbor_writer w;

    begin(&w, &out, 4, TRANSFER_CHUNK, height);
    cbor_put_uint(&w, index);
    cbor_put_bytes(&w, chunk);
    return finish(&w, &out);
}

static unsigned items_of(enum transfer_message type)
{
    return type == TRANSFER_ASK ? 2 : type == TRANSFER_GET ? 3 : 4;
}

static enum err check_limits(const struct transfer_wire *m)
{
    if (m->height > SEQUENCE_MAX || m->index >= TRANSFER_CHUNKS_MAX)
        return ERR_RANGE;
    if (m->proof.len > TRANSFER_PROOF_MAX || m->hashes.len > (size_t)TRANSFER_CHUNKS_MAX * DIGEST_SIZE ||
        m->chunk.len > TRANSFER_CHUNK_SIZE_MAX)
        return ERR_LIMIT;
    bool whole = m->hashes.len % DIGEST_SIZE == 0 && (m->hashes.len > 0 || m->type != TRANSFER_OFFER);
    return whole ? ERR_OK : ERR_SYNTAX;
}

enum err transfer_decode(struct bytes in, struct transfer_wire *out)
{
    struct transfer_wire m = {0};
    struct cbor_reader r;

    cbor_reader_init(&r, in);
    uint64_t items = cbor_get_array(&r), type = cbor_get_uint(&r);
    if (r.err == ERR_OK && (type < TRANSFER_ASK || type > TRANSFER_CHUNK))
        return ERR_UNKNOWN;
    m.type = (enum transfer_message)type;
    if (r.err == ERR_OK && items != items_of(m.type))
        return ERR_RANGE;
    m.height = cbor_get_uint(&r);
    if (m.type == TRANSFER_GET || m.type == TRANSFER_CHUNK)
        m.index = cbor_get_uint(&r);
    if (m.type == TRANSFER_CHUNK)
        m.chunk = cbor_get_bytes(&r);
    if (m.type == TRANSFER_OFFER) {
        m.proof = cbor_get_bytes(&r);
        m.hashes = cbor_get_bytes(&r);
    }
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        err = check_limits(&m);
    if (err == ERR_OK)
        *out = m;
    return err;
}

struct blob *snapshot_encode(const struct snapshot *s)
{
    struct buf out = {0};
    struct cbor_writer w;

    cbor_writer_init(&w, &out);
    cbor_put_array(&w, 3);
    cbor_put_uint(&w, s->height);
    cbor_put_bytes(&w, s->proof);
    cbor_put_bytes(&w, s->state);
    return finish(&w, &out);
}

enum err snapshot_decode(struct bytes in, struct snapshot *out)
{
    struct snapshot s;
    struct cbor_reader r;

    cbor_reader_init(&r, in);
    cbor_expect_array(&r, 3);
    s.height = cbor_get_uint(&r);
    s.proof = cbor_get_bytes(&r);
    s.state = cbor_get_bytes(&r);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK && (s.height == 0 || s.height > SEQUENCE_MAX))
        err = ERR_RANGE;
    if (err == ERR_OK)
        *out = s;
    return err;
}
