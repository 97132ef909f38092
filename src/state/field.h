#ifndef PRISMFED_STATE_FIELD_H
#define PRISMFED_STATE_FIELD_H

#include "codec/cbor.h"

/* Numbers under a key of a map, in the encoding of the state and of its members. */

static inline void field_put_number(struct cbor_writer *w, const char *key, uint64_t v)
{
    cbor_put_text(w, key);
    cbor_put_uint(w, v);
}

/* ERR_RANGE above most; the reader gets the error. */
static inline uint64_t field_get_number(struct cbor_reader *r, const char *key, uint64_t most)
{
    cbor_expect_key(r, key);
    uint64_t v = cbor_get_uint(r);
    if (v > most)
        cbor_fail(r, ERR_RANGE);
    return v;
}

#endif
