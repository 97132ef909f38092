/* The strict reader: what it accepts has exactly one encoding, so writing it again
 * gives the same bytes; the checker, the reader and the printer agree on what it is. */

#include "codec/cbor.h"
#include "fuzz.h"

static void copy_item(struct cbor_reader *r, struct cbor_writer *w)
{
    uint64_t count;
    switch (cbor_peek(r)) {
    case CBOR_UINT:
        cbor_put_uint(w, cbor_get_uint(r));
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
        while (count-- > 0)
            copy_item(r, w);
        break;
    case CBOR_MAP:
        count = cbor_get_map(r);
        cbor_put_map(w, count);
        while (count-- > 0) {
            copy_item(r, w);
            copy_item(r, w);
        }
        break;
    case CBOR_TAG:
        cbor_put_tag(w, cbor_get_tag(r));
        copy_item(r, w);
        break;
    case CBOR_FLOAT:
        cbor_put_double(w, cbor_get_double(r));
        break;
    default: /* negative integers past int64, simple values: copied as they are */
        cbor_put_raw(w, cbor_get_raw(r));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = bytes_of(data, size);
    struct buf text = {0}, copy = {0};
    struct cbor_reader r;
    struct cbor_writer w;
    size_t at = 0;

    enum err err = cbor_check(in, &at);
    enum err printed = cbor_diagnostic(in, &text);
    ASSERT((err == ERR_OK) == (printed == ERR_OK));
    ASSERT(err == ERR_OK || at <= size);
    if (err == ERR_OK) {
        cbor_reader_init(&r, in);
        cbor_writer_init(&w, &copy);
        copy_item(&r, &w);
        ASSERT(cbor_reader_done(&r) == ERR_OK);
        cbor_writer_done(&w);
        ASSERT(bytes_equal(in, bytes_of_buf(&copy)));
    }
    buf_free(&text);
    buf_free(&copy);
    return 0;
}
