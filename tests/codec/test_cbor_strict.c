/* What the strict reader refuses, and that the writer refuses to be misused. */

#include <sys/wait.h>

#include "base/prng.h"
#include "cbor_copy.h"
#include "codec/cbor.h"
#include "hex.h"
#include "tap.h"

struct refused {
    const char *hex;
    enum err err;
    size_t pos; /* where the reader says that it is */
};

static void check_refused(const struct refused *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct buf in = hex_buf(cases[i].hex);
        size_t pos = SIZE_MAX;
        bool ok = CHECK_ERR(cbor_check(bytes_of_buf(&in), &pos), cases[i].err) && CHECK_EQ_U64(pos, cases[i].pos);

        if (!ok)
            tap_note("case %s", cases[i].hex);
        buf_free(&in);
    }
}
#define CHECK_REFUSED(cases) check_refused(cases, sizeof cases / sizeof *(cases))

static void longer_than_needed(void)
{
    static const struct refused cases[] = {
        {"1800", ERR_CANONICAL, 0},
        {"1817", ERR_CANONICAL, 0},
        {"1900ff", ERR_CANONICAL, 0},
        {"1a0000ffff", ERR_CANONICAL, 0},
        {"1b00000000ffffffff", ERR_CANONICAL, 0},
        {"3800", ERR_CANONICAL, 0},
        {"3b00000000ffffffff", ERR_CANONICAL, 0},
        {"580161", ERR_CANONICAL, 0},
        {"780161", ERR_CANONICAL, 0},
        {"980100", ERR_CANONICAL, 0},
        {"b8010000", ERR_CANONICAL, 0},
        {"d80100", ERR_CANONICAL, 0},
        {"8200 1801", ERR_CANONICAL, 2},
        {"fa3f800000", ERR_CANONICAL, 0},         /* 1.0 */
        {"fb3ff0000000000000", ERR_CANONICAL, 0}, /* 1.0 */
        {"fb36a0000000000000", ERR_CANONICAL, 0}, /* the least single */
        {"fa33800000", ERR_CANONICAL, 0},         /* the least half */
        {"fa7fc00000", ERR_CANONICAL, 0},
        {"f97e01", ERR_CANONICAL, 0}, /* another NaN */
        {"f9fe00", ERR_CANONICAL, 0},
    };

    CHECK_REFUSED(cases);
}

static void indefinite_lengths(void)
{
    static const struct refused cases[] = {
        {"5f4101ff", ERR_CANONICAL, 0}, {"7f6161ff", ERR_CANONICAL, 0}, {"9fff", ERR_CANONICAL, 0},
        {"bfff", ERR_CANONICAL, 0},     {"81 9fff", ERR_CANONICAL, 1},
    };

    CHECK_REFUSED(cases);
}

static void not_well_formed(void)
{
    static const struct refused cases[] = {
        {"1c", ERR_SYNTAX, 0},   {"1d", ERR_SYNTAX, 0},     {"1e", ERR_SYNTAX, 0},       {"1f", ERR_SYNTAX, 0},
        {"3f", ERR_SYNTAX, 0},   {"5c", ERR_SYNTAX, 0},     {"df00", ERR_SYNTAX, 0},     {"fc", ERR_SYNTAX, 0},
        {"ff", ERR_SYNTAX, 0},   {"f800", ERR_SYNTAX, 0},   {"f81f", ERR_SYNTAX, 0},     {"f814", ERR_SYNTAX, 0},
        {"61ff", ERR_SYNTAX, 0}, {"62c080", ERR_SYNTAX, 0}, {"63eda080", ERR_SYNTAX, 0}, {"8161c3", ERR_SYNTAX, 1},
        {"0000", ERR_SYNTAX, 1}, {"a000", ERR_SYNTAX, 1},   {"810000", ERR_SYNTAX, 2},
    };

    CHECK_REFUSED(cases);
}

static void maps_out_of_order(void)
{
    static const struct refused cases[] = {
        {"a2 0200 0100", ERR_CANONICAL, 3},
        {"a2 0100 0100", ERR_DUPLICATE, 3},
        {"a2 2000 0100", ERR_CANONICAL, 3}, /* -1 before 1 */
        {"a2 616200 616100", ERR_CANONICAL, 4},
        {"a2 62616100 616200", ERR_CANONICAL, 5}, /* "aa" before "b" */
        {"a2 616100 410100", ERR_CANONICAL, 4},   /* text before bytes */
        {"a2 820102 00 820101 00", ERR_CANONICAL, 5},
        {"a2 a10102 00 a10102 00", ERR_DUPLICATE, 5},
        {"a2 c201 00 c101 00", ERR_CANONICAL, 4}, /* tags belong to the key */
        {"a3 0100 0200 0100", ERR_CANONICAL, 5},
        {"a1 00 a2 01000100", ERR_DUPLICATE, 5},
        {"82 a2 01000200 a2 02000100", ERR_CANONICAL, 9},
    };
    struct buf fine = hex_buf("a2 a2010002 00 00 a3 010002000300 a1 0100");

    CHECK_REFUSED(cases);
    CHECK_OK(cbor_check(bytes_of_buf(&fine), NULL)); /* maps as keys of a map */
    buf_free(&fine);
}

static void declared_but_absent(void)
{
    static const struct refused cases[] = {
        {"", ERR_TRUNCATED, 0},
        {"18", ERR_TRUNCATED, 0},
        {"1b00000000000000", ERR_TRUNCATED, 0},
        {"5bffffffffffffffff", ERR_TRUNCATED, 0},
        {"7affffffff00", ERR_TRUNCATED, 0},
        {"9bffffffffffffffff00", ERR_TRUNCATED, 0},
        {"bbffffffffffffffff00", ERR_TRUNCATED, 0},
        {"bb8000000000000001 0000", ERR_TRUNCATED, 0}, /* twice this is 2 */
        {"9a00010000 00", ERR_TRUNCATED, 0},
        {"a2010002", ERR_TRUNCATED, 0},
        {"c1", ERR_TRUNCATED, 1},
        {"81c1", ERR_TRUNCATED, 2},
        {"8281 00", ERR_TRUNCATED, 3},
        {"f9", ERR_TRUNCATED, 0},
    };

    CHECK_REFUSED(cases);
}

static void depth_is_bounded(void)
{
    struct buf in = {0};
    size_t pos = 0;

    for (int i = 0; i < CBOR_DEPTH_MAX; i++)
        buf_add_byte(&in, 0x81);
    buf_add_byte(&in, 0x80);
    CHECK_ERR(cbor_check(bytes_of_buf(&in), &pos), ERR_LIMIT);
    CHECK_EQ_U64(pos, CBOR_DEPTH_MAX);
    in.data[CBOR_DEPTH_MAX] = 0x00;
    CHECK_OK(cbor_check(bytes_of_buf(&in), NULL));
    buf_clear(&in);
    for (int i = 0; i < 100000; i++)
        buf_add_byte(&in, 0x81);
    CHECK_ERR(cbor_check(bytes_of_buf(&in), NULL), ERR_LIMIT);
    buf_clear(&in);
    for (int i = 0; i < 100000; i++) /* tags do not nest on our stack */
        buf_add_byte(&in, 0xc1);
    CHECK_ERR(cbor_check(bytes_of_buf(&in), NULL), ERR_TRUNCATED);
    buf_add_byte(&in, 0x00);
    CHECK_OK(cbor_check(bytes_of_buf(&in), NULL));
    buf_free(&in);
}

/* What is accepted is the one encoding of what it says. */
static void check_fixed_point(struct bytes in)
{
    struct buf out = {0}, text = {0};
    struct cbor_reader r;
    struct cbor_writer w;
    size_t pos = SIZE_MAX;

    if (cbor_check(in, &pos) != ERR_OK) {
        CHECK(pos <= in.len);
        return;
    }
    CHECK_EQ_U64(pos, SIZE_MAX);
    CHECK_OK(cbor_diagnostic(in, &text));
    cbor_reader_init(&r, in);
    cbor_writer_init(&w, &out);
    cbor_copy(&r, &w);
    if (r.err != ERR_RANGE) { /* a negative below int64 */
        CHECK_OK(cbor_reader_done(&r));
        cbor_writer_done(&w);
        CHECK_EQ_BYTES(bytes_of_buf(&out), in);
    }
    buf_free(&out);
    buf_free(&text);
}

static void every_two_bytes(void)
{
    for (unsigned v = 0; v < 0x10000; v++) {
        uint8_t in[2] = {(uint8_t)(v >> 8), (uint8_t)v};

        check_fixed_point(bytes_of(in, 2));
        check_fixed_point(bytes_of(in, 1));
    }
}

/* A random item whose keys are in order, from the writer's side of the grammar. */
static void put_random(struct cbor_writer *w, struct prng *p, unsigned depth)
{
    uint64_t count = prng_below(p, 4);
    char text[12];

    switch (prng_below(p, depth > 0 ? 9 : 7)) {
    case 0:
        cbor_put_uint(w, prng_next(p) >> prng_below(p, 64));
        return;
    case 1:
        cbor_put_int(w, -(int64_t)(prng_next(p) >> (1 + prng_below(p, 63))));
        return;
    case 2:
        cbor_put_bytes(w, bytes_of(p, prng_below(p, 32)));
        return;
    case 3:
        cbor_put_text(w, "text");
        return;
    case 4:
        cbor_put_double(w, (double)prng_below(p, 100) / 8);
        return;
    case 5:
        cbor_put_bool(w, count > 1);
        return;
    case 6:
        cbor_put_tag(w, count * 100);
        cbor_put_null(w);
        return;
    case 7:
        cbor_put_array(w, count);
        break;
    default:
        cbor_put_map(w, count);
        for (uint64_t i = 0; i < count; i++) {
            snprintf(text, sizeof text, "k%u", (unsigned)i);
            cbor_put_text(w, text);
            put_random(w, p, depth - 1);
        }
        return;
    }
    for (uint64_t i = 0; i < count; i++)
        put_random(w, p, depth - 1);
}

static void random_items_and_their_mutations(void)
{
    struct prng p;

    tap_seed(9);
    prng_seed(&p, 9);
    for (int i = 0; i < 3000; i++) {
        struct buf in = {0};
        struct cbor_writer w;

        cbor_writer_init(&w, &in);
        put_random(&w, &p, 5);
        cbor_writer_done(&w);
        CHECK_OK(cbor_check(bytes_of_buf(&in), NULL));
        check_fixed_point(bytes_of_buf(&in));
        for (size_t len = 0; len < in.len; len++)
            CHECK(cbor_check(bytes_of(in.data, len), NULL) != ERR_OK);
        for (int k = 0; k < 20; k++) {
            in.data[prng_below(&p, in.len)] ^= (uint8_t)(1 << prng_below(&p, 8));
            check_fixed_point(bytes_of_buf(&in));
        }
        buf_free(&in);
    }
}

/* A failed reader returns nothing, and the first error stays. */
static void errors_stick(void)
{
    struct cbor_reader r;

    cbor_reader_init(&r, bytes_of("\x83\x01\x61\x61\x02", 5));
    cbor_expect_array(&r, 3);
    CHECK_EQ_U64(cbor_get_bytes(&r).len, 0);
    CHECK_ERR(r.err, ERR_TYPE);
    CHECK_EQ_U64(r.err_pos, 1);
    CHECK(cbor_peek(&r) == CBOR_NONE);
    CHECK_EQ_U64(cbor_get_uint(&r), 0);
    CHECK_EQ_I64(cbor_get_int(&r), 0);
    CHECK_EQ_U64(cbor_get_text(&r).len, 0);
    CHECK_EQ_U64(cbor_get_array(&r), 0);
    CHECK_EQ_U64(cbor_get_map(&r), 0);
    CHECK_EQ_U64(cbor_get_tag(&r), 0);
    CHECK(!cbor_get_bool(&r));
    CHECK(cbor_get_double(&r) == 0);
    CHECK_EQ_U64(cbor_get_raw(&r).len, 0);
    CHECK(!cbor_accept_key(&r, "a"));
    cbor_get_null(&r);
    cbor_expect_key(&r, "a");
    cbor_fail(&r, ERR_LIMIT);
    CHECK_ERR(cbor_reader_done(&r), ERR_TYPE);
}

static enum err expect_key(const char *hex, const char *key)
{
    struct buf in = hex_buf(hex);
    struct cbor_reader r;

    cbor_reader_init(&r, bytes_of_buf(&in));
    if (cbor_get_map(&r) > 0) {
        cbor_get_uint(&r);
        cbor_get_uint(&r);
    }
    cbor_expect_key(&r, key);
    buf_free(&in);
    return r.err;
}

static void wrong_keys(void)
{
    CHECK_OK(expect_key("a2 0100 616200", "b"));
    CHECK_ERR(expect_key("a2 0100 616200", "a"), ERR_MISSING);
    CHECK_ERR(expect_key("a2 0100 616200", "c"), ERR_UNKNOWN);
    CHECK_ERR(expect_key("a2 0100 616200", "aa"), ERR_UNKNOWN);
    CHECK_ERR(expect_key("a2 0100 62616100", "b"), ERR_MISSING);
    CHECK_ERR(expect_key("a2 0100 200000", "b"), ERR_TYPE);
    CHECK_ERR(expect_key("a1 0100", "b"), ERR_MISSING);
    CHECK_ERR(expect_key("a0", "b"), ERR_MISSING);
}

static void decoder_and_item_disagree(void)
{
    struct cbor_reader r;

    cbor_reader_init(&r, bytes_of("\x82\x01\x02", 3));
    cbor_expect_array(&r, 1);
    CHECK_ERR(cbor_reader_done(&r), ERR_RANGE);
    cbor_reader_init(&r, bytes_of("\x82\x01\x02", 3));
    cbor_get_array(&r);
    cbor_get_uint(&r);
    CHECK_ERR(cbor_reader_done(&r), ERR_LIMIT);
    cbor_get_uint(&r);
    CHECK_OK(cbor_reader_done(&r));
    cbor_get_uint(&r);
    CHECK_ERR(cbor_reader_done(&r), ERR_TRUNCATED);
    cbor_reader_init(&r, bytes_of("\x43"
                                  "abc",
                                  4));
    cbor_get_bytes_of(&r, 4);
    CHECK_ERR(cbor_reader_done(&r), ERR_RANGE);
    cbor_reader_init(&r, bytes_of("\x3b\x80\0\0\0\0\0\0\0", 9)); /* INT64_MIN - 1 */
    cbor_get_int(&r);
    CHECK_ERR(cbor_reader_done(&r), ERR_RANGE);
    cbor_reader_init(&r, bytes_of("\xf6", 1));
    cbor_get_bool(&r);
    CHECK_ERR(cbor_reader_done(&r), ERR_TYPE);
    cbor_reader_init(&r, bytes_of(NULL, 0));
    CHECK_ERR(cbor_reader_done(&r), ERR_TRUNCATED);
}

/* ---- own bugs, which abort */

static void write_unsorted(struct cbor_writer *w)
{
    cbor_put_map(w, 2);
    cbor_put_uint(w, 2);
    cbor_put_null(w);
    cbor_put_uint(w, 1);
}

static void write_twice(struct cbor_writer *w)
{
    cbor_put_map(w, 2);
    cbor_put_text(w, "a");
    cbor_put_null(w);
    cbor_put_text(w, "a");
}

static void write_too_few(struct cbor_writer *w)
{
    cbor_put_array(w, 2);
    cbor_put_null(w);
    cbor_writer_done(w);
}

static void write_too_many(struct cbor_writer *w)
{
    cbor_put_array(w, 1);
    cbor_put_null(w);
    cbor_put_null(w);
}

static void write_bad_utf8(struct cbor_writer *w)
{
    cbor_put_text(w, "\xff");
}

static void write_bad_raw(struct cbor_writer *w)
{
    cbor_put_raw(w, bytes_of("\x18\x01", 2));
}

static void write_bare_tag(struct cbor_writer *w)
{
    cbor_put_tag(w, 1);
    cbor_writer_done(w);
}

static void write_too_deep(struct cbor_writer *w)
{
    for (int i = 0; i <= CBOR_DEPTH_MAX; i++)
        cbor_put_array(w, 1);
}

static bool aborts(void (*write)(struct cbor_writer *w))
{
    pid_t child = fork();
    int status = 0;

    if (child == 0) {
        struct buf out = {0};
        struct cbor_writer w;

        if (freopen("/dev/null", "w", stderr) == NULL)
            _exit(2);
        cbor_writer_init(&w, &out);
        write(&w);
        _exit(0);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFSIGNALED(status);
}

static void a_misused_writer_aborts(void)
{
    CHECK(aborts(write_unsorted));
    CHECK(aborts(write_twice));
    CHECK(aborts(write_too_few));
    CHECK(aborts(write_too_many));
    CHECK(aborts(write_bad_utf8));
    CHECK(aborts(write_bad_raw));
    CHECK(aborts(write_bare_tag));
    CHECK(aborts(write_too_deep));
}

int main(void)
{
    TAP_RUN(longer_than_needed);
    TAP_RUN(indefinite_lengths);
    TAP_RUN(not_well_formed);
    TAP_RUN(maps_out_of_order);
    TAP_RUN(declared_but_absent);
    TAP_RUN(depth_is_bounded);
    TAP_RUN(every_two_bytes);
    TAP_RUN(random_items_and_their_mutations);
    TAP_RUN(errors_stick);
    TAP_RUN(wrong_keys);
    TAP_RUN(decoder_and_item_disagree);
    TAP_RUN(a_misused_writer_aborts);
    return tap_done();
}
