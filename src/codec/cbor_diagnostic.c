#include <inttypes.h>

#include "base/text.h"
#include "codec/cbor.h"
#include "codec/decimal.h"

/* A text of the notation is a JSON string; what must not reach a terminal becomes \u{HEX}. */
static void show_text(struct bytes v, struct buf *out)
{
    struct buf shown = {0};

    text_escape(v, &shown);
    buf_add_byte(out, '"');
    for (size_t i = 0; i < shown.len; i++) {
        if (shown.data[i] == '"' || (shown.data[i] == '\\' && memcmp(shown.data + i, "\\u{", 3) != 0))
            buf_add_byte(out, '\\');
        buf_add_byte(out, shown.data[i]);
    }
    buf_add_byte(out, '"');
    buf_free(&shown);
}

static void show_double(double v, struct buf *out)
{
    if (v - v == 0.0)
        decimal_print_real(v, out);
    else
        buf_add_text(out, v != v ? "NaN" : v < 0 ? "-Infinity" : "Infinity");
}

static void show_negative(struct cbor_reader *r, struct buf *out)
{
    struct bytes raw = cbor_get_raw(r);
    uint64_t arg = raw.data[0] & 31;

    if (raw.len > 1)
        arg = 0;
    for (size_t i = 1; i < raw.len; i++)
        arg = arg << 8 | raw.data[i];
    if (arg == UINT64_MAX)
        buf_add_text(out, "-18446744073709551616");
    else
        buf_printf(out, "-%" PRIu64, arg + 1);
}

static void show_simple(struct cbor_reader *r, struct buf *out)
{
    struct bytes raw = cbor_get_raw(r);

    buf_add_text(out, raw.data[0] == 0xf4 ? "false" : raw.data[0] == 0xf5 ? "true" : "null");
}

/* The depth of the recursion is bounded by CBOR_DEPTH_MAX: tags, which are not,
 * are counted instead. */
static void show_item(struct cbor_reader *r, struct buf *out)
{
    uint64_t count, tags = 0;

    for (; cbor_peek(r) == CBOR_TAG; tags++)
        buf_printf(out, "%" PRIu64 "(", cbor_get_tag(r));
    switch (cbor_peek(r)) {
    case CBOR_UINT:
        buf_printf(out, "%" PRIu64, cbor_get_uint(r));
        break;
    case CBOR_NEGATIVE:
        show_negative(r, out);
        break;
    case CBOR_BYTES:
        buf_add_text(out, "h'");
        hex_encode(cbor_get_bytes(r), out);
        buf_add_byte(out, '\'');
        break;
    case CBOR_TEXT:
        show_text(cbor_get_text(r), out);
        break;
    case CBOR_ARRAY:
        count = cbor_get_array(r);
        buf_add_byte(out, '[');
        for (uint64_t i = 0; i < count; i++) {
            buf_add_text(out, i > 0 ? ", " : "");
            show_item(r, out);
        }
        buf_add_byte(out, ']');
        break;
    case CBOR_MAP:
        count = cbor_get_map(r);
        buf_add_byte(out, '{');
        for (uint64_t i = 0; i < count; i++) {
            buf_add_text(out, i > 0 ? ", " : "");
            show_item(r, out);
            buf_add_text(out, ": ");
            show_item(r, out);
        }
        buf_add_byte(out, '}');
        break;
    case CBOR_FLOAT:
        show_double(cbor_get_double(r), out);
        break;
    default:
        show_simple(r, out);
    }
    for (; tags > 0; tags--)
        buf_add_byte(out, ')');
}

enum err cbor_diagnostic(struct bytes in, struct buf *out)
{
    enum err err = cbor_check(in, NULL);
    struct cbor_reader r;

    if (err != ERR_OK)
        return err;
    cbor_reader_init(&r, in);
    show_item(&r, out);
    ASSERT(cbor_reader_done(&r) == ERR_OK);
    return ERR_OK;
}
