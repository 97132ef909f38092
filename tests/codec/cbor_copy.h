#ifndef PRISMFED_TESTS_CODEC_CBOR_COPY_H
#define PRISMFED_TESTS_CODEC_CBOR_COPY_H

/* Reads one item of any type through the getters and writes it again. */

#include "codec/cbor.h"

static inline void cbor_copy(struct cbor_reader *r, struct cbor_writer *w);

static inline void cbor_copy_items(struct cbor_reader *r, struct cbor_writer *w, uint64_t count)
{
    for (uint64_t i = 0; i < count && r->err == ERR_OK; i++)
        cbor_copy(r, w);
}

static inline void cbor_copy_simple(struct cbor_reader *r, struct cbor_writer *w)
{
    struct bytes raw = cbor_get_raw(r);

    if (r->err != ERR_OK)
        return;
    if (raw.data[0] == 0xf6)
        cbor_put_null(w);
    else
        cbor_put_bool(w, raw.data[0] == 0xf5);
}

static inline void cbor_copy(struct cbor_reader *r, struct cbor_writer *w)
{
    uint64_t count;

    while (cbor_peek(r) == CBOR_TAG)
        cbor_put_tag(w, cbor_get_tag(r));
    switch (cbor_peek(r)) {
    case CBOR_UINT:
        cbor_put_uint(w, cbor_get_uint(r));
        break;
    case CBOR_NEGATIVE:
        cbor_put_int(w, cbor_get_int(r));
        break;
    case CBOR_BYTES:
        cbor_put_bytes(w, cbor_get_bytes(r));
        break;
    case CBOR_TEXT:
        cbor_put_text_bytes(w, cbor_get_text(r));
        break;
    case CBOR_ARRAY:
        count = cbor_get_array(r);
        cbor_put_array(w, count);
        cbor_copy_items(r, w, count);
        break;
    case CBOR_MAP:
        count = cbor_get_map(r);
        cbor_put_map(w, count);
        cbor_copy_items(r, w, 2 * count);
        break;
    case CBOR_FLOAT:
        cbor_put_double(w, cbor_get_double(r));
        break;
    default:
        cbor_copy_simple(r, w);
    }
}

#endif
