#include "codec/cbor.h"

#include <jansson.h>

#include "base/prng.h"
#include "cbor_copy.h"
#include "codec/cbor_float.h"
#include "hex.h"
#include "tap.h"

/* What this profile says to the vectors: of the simple values it has false, true
 * and null. f818 is a vector of RFC 7049 that RFC 8949 section 3.3 made malformed. */
static enum err verdict(const char *hex, bool deterministic)
{
    static const char *const other_simple[] = {"f7", "f0", "f8ff"};

    for (size_t i = 0; i < sizeof other_simple / sizeof *other_simple; i++) {
        if (strcmp(hex, other_simple[i]) == 0)
            return ERR_UNKNOWN;
    }
    if (strcmp(hex, "f818") == 0)
        return ERR_SYNTAX;
    return deterministic ? ERR_OK : ERR_CANONICAL;
}

static bool past_int64(const char *hex)
{
    return strcmp(hex, "3bffffffffffffffff") == 0;
}

static void check_copy(const char *hex, struct bytes in)
{
    struct buf out = {0};
    struct cbor_reader r;
    struct cbor_writer w;

    cbor_reader_init(&r, in);
    cbor_writer_init(&w, &out);
    cbor_copy(&r, &w);
    if (past_int64(hex)) {
        CHECK_ERR(cbor_reader_done(&r), ERR_RANGE);
    } else {
        CHECK_OK(cbor_reader_done(&r));
        cbor_writer_done(&w);
        CHECK_EQ_BYTES(bytes_of_buf(&out), in);
    }
    buf_free(&out);
}

static void rfc8949_appendix_a(void)
{
    const char *path = tap_shared("vectors/cbor/rfc8949_appendix_a.json");
    json_t *root, *v;
    size_t index;

    if (path == NULL)
        SKIP("no vectors");
    root = json_load_file(path, JSON_DECODE_INT_AS_REAL, NULL); /* it has integers past 2^64 */
    CHECK_EQ_U64(json_array_size(root), 82);
    json_array_foreach(root, index, v)
    {
        const char *hex = json_string_value(json_object_get(v, "hex"));
        const char *diagnostic = json_string_value(json_object_get(v, "diagnostic"));
        enum err want = verdict(hex, json_is_true(json_object_get(v, "roundtrip")));
        struct buf in = hex_buf(hex), text = {0};

        CHECK_ERR(cbor_check(bytes_of_buf(&in), NULL), want);
        CHECK_ERR(cbor_diagnostic(bytes_of_buf(&in), &text), want);
        if (want == ERR_OK)
            check_copy(hex, bytes_of_buf(&in));
        if (want == ERR_OK && diagnostic != NULL)
            CHECK_EQ_TEXT(buf_text(&text), diagnostic);
        buf_free(&in);
        buf_free(&text);
    }
    json_decref(root);
}

/* One of everything, against bytes made by hand. */
static void writes_what_the_rfc_says(void)
{
    /* {1: -100, -1: false, h'01': 1(1363896240), "a": 2^-24, "\u00fc": 10^12, [1, 2]: {}} */
    struct buf want = hex_buf("a6 01 3863 20 f4 4101 c11a514b67b0 6161 f90001 62c3bc 1b000000e8d4a51000 820102 a0");
    struct buf out = {0};
    struct cbor_writer w;

    cbor_writer_init(&w, &out);
    cbor_put_map(&w, 6);
    cbor_put_uint(&w, 1);
    cbor_put_int(&w, -100);
    cbor_put_int(&w, -1);
    cbor_put_bool(&w, false);
    cbor_put_bytes(&w, bytes_of("\1", 1));
    cbor_put_tag(&w, 1);
    cbor_put_uint(&w, 1363896240);
    cbor_put_text(&w, "a");
    cbor_put_double(&w, 0x1p-24);
    cbor_put_text(&w, "\xc3\xbc");
    cbor_put_uint(&w, UINT64_C(1000000000000));
    cbor_put_array(&w, 2);
    cbor_put_uint(&w, 1);
    cbor_put_uint(&w, 2);
    cbor_put_map(&w, 0);
    cbor_writer_done(&w);
    CHECK_EQ_BYTES(bytes_of_buf(&out), bytes_of_buf(&want));
    CHECK_OK(cbor_check(bytes_of_buf(&out), NULL));
    buf_free(&out);
    buf_free(&want);
}

static void integers_at_every_width(void)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        for (int delta = -2; delta <= 2; delta++) {
            uint64_t v = (UINT64_C(1) << bit) + (uint64_t)delta;
            struct buf out = {0};
            struct cbor_writer w;
            struct cbor_reader r;

            cbor_writer_init(&w, &out);
            cbor_put_array(&w, 3);
            cbor_put_uint(&w, v);
            cbor_put_int(&w, (int64_t)v);
            cbor_put_int(&w, -(int64_t)(v >> 1) - 1);
            cbor_reader_init(&r, bytes_of_buf(&out));
            cbor_expect_array(&r, 3);
            CHECK_EQ_U64(cbor_get_uint(&r), v);
            CHECK_EQ_I64(cbor_get_int(&r), (int64_t)v);
            CHECK_EQ_I64(cbor_get_int(&r), -(int64_t)(v >> 1) - 1);
            CHECK_OK(cbor_reader_done(&r));
            buf_free(&out);
        }
    }
}

/* Every half comes back as itself; every NaN as the one NaN. */
static void all_halves(void)
{
    for (uint64_t bits = 0; bits < 0x10000; bits++) {
        double v = cbor_float_value((struct cbor_float){.size = 2, .bits = bits});
        struct cbor_float back = cbor_float_shortest(v);
        uint64_t want = v == v ? bits : 0x7e00;

        if (!CHECK_EQ_U64(back.size, 2) || !CHECK_EQ_U64(back.bits, want))
            break;
    }
}

static void random_floats_take_the_shortest_form(void)
{
    struct prng p;

    tap_seed(1);
    prng_seed(&p, 1);
    for (int i = 0; i < 200000; i++) {
        uint64_t bits = prng_next(&p) & (~UINT64_C(0) << prng_below(&p, 64)); /* often few digits */
        struct cbor_float f;
        double v;

        memcpy(&v, &bits, sizeof v);
        f = cbor_float_shortest(v);
        CHECK(v != v || cbor_float_value(f) == v);
        if (v != v || v - v != 0)
            CHECK_EQ_U64(f.size, 2);
        else if (v < 0x1.fffffep127 && v > -0x1.fffffep127)
            CHECK((double)(float)v == v ? f.size <= 4 : f.size == 8);
    }
}

static void getters_read_what_was_put(void)
{
    struct buf out = {0};
    struct cbor_writer w;
    struct cbor_reader r;
    struct bytes raw;

    cbor_writer_init(&w, &out);
    cbor_put_map(&w, 4);
    cbor_put_text(&w, "a");
    cbor_put_bool(&w, true);
    cbor_put_text(&w, "b");
    cbor_put_null(&w);
    cbor_put_text(&w, "c");
    cbor_put_raw(&w, bytes_of("\x82\x01\x81\x02", 4));
    cbor_put_text(&w, "dd");
    cbor_put_double(&w, 1.1);
    cbor_writer_done(&w);

    cbor_reader_init(&r, bytes_of_buf(&out));
    CHECK(cbor_peek(&r) == CBOR_MAP);
    cbor_expect_map(&r, 4);
    cbor_expect_key(&r, "a");
    CHECK(cbor_peek(&r) == CBOR_SIMPLE);
    CHECK(cbor_get_bool(&r));
    CHECK(!cbor_accept_key(&r, "absent"));
    CHECK(!cbor_accept_key(&r, "bb"));
    CHECK(cbor_accept_key(&r, "b"));
    CHECK(!cbor_accept_key(&r, "b"));
    cbor_get_null(&r);
    cbor_expect_key(&r, "c");
    raw = cbor_get_raw(&r);
    CHECK_EQ_BYTES(raw, bytes_of("\x82\x01\x81\x02", 4));
    cbor_expect_key(&r, "dd");
    CHECK(cbor_peek(&r) == CBOR_FLOAT);
    CHECK(cbor_get_double(&r) == 1.1);
    CHECK(cbor_peek(&r) == CBOR_NONE);
    CHECK_OK(cbor_reader_done(&r));
    buf_free(&out);
}

static void diagnostic_notation(void)
{
    struct buf in = hex_buf("a4 01 d82ac1fb3ff199999999999a 20 6461225c0a 4200ff 83f4f5f6 60 3bffffffffffffffff");
    struct buf text = {0};

    CHECK_OK(cbor_diagnostic(bytes_of_buf(&in), &text));
    CHECK_EQ_TEXT(buf_text(&text), "{1: 42(1(1.1)), -1: \"a\\\"\\\\\\u{a}\", h'00ff': [false, true, null], "
                                   "\"\": -18446744073709551616}");
    buf_clear(&text);
    CHECK_ERR(cbor_diagnostic(bytes_of("\x18\x01", 2), &text), ERR_CANONICAL);
    CHECK_EQ_U64(text.len, 0);
    buf_free(&in);
    buf_free(&text);
}

int main(void)
{
    TAP_RUN(rfc8949_appendix_a);
    TAP_RUN(writes_what_the_rfc_says);
    TAP_RUN(integers_at_every_width);
    TAP_RUN(all_halves);
    TAP_RUN(random_floats_take_the_shortest_form);
    TAP_RUN(getters_read_what_was_put);
    TAP_RUN(diagnostic_notation);
    return tap_done();
}
