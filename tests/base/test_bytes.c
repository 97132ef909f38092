#include "base/bytes.h"

#include "tap.h"

static void compare_is_lexicographic(void)
{
    static const char *const ascending[] = {"", "a", "aa", "ab", "b", "ba", "\xff"};
    size_t count = sizeof ascending / sizeof *ascending;

    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            int order = bytes_compare(bytes_of_text(ascending[i]), bytes_of_text(ascending[j]));

            CHECK((order < 0) == (i < j));
            CHECK((order > 0) == (i > j));
            CHECK(bytes_equal(bytes_of_text(ascending[i]), bytes_of_text(ascending[j])) == (i == j));
        }
    }
    CHECK(bytes_equal(bytes_of(NULL, 0), bytes_of("", 0)));
}

static void buf_grows_and_keeps(void)
{
    struct buf buf = {0};

    CHECK_EQ_TEXT(buf_text(&buf), "");
    for (unsigned i = 0; i < 1000; i++)
        buf_add_byte(&buf, (uint8_t)i);
    CHECK_EQ_U64(buf.len, 1000);
    for (unsigned i = 0; i < 1000; i++)
        CHECK_EQ_U64(buf.data[i], i & 255);
    buf_clear(&buf);
    CHECK_EQ_U64(buf.len, 0);
    buf_add(&buf, NULL, 0);
    buf_add_text(&buf, "one");
    buf_printf(&buf, " %d %s", 2, "three");
    CHECK_EQ_TEXT(buf_text(&buf), "one 2 three");
    CHECK_EQ_U64(buf.len, 11);
    buf_free(&buf);
    CHECK(buf.data == NULL && buf.len == 0 && buf.cap == 0);
}

static void printf_at_every_length(void)
{
    /* the terminating NUL must never be one byte too far */
    for (int len = 0; len < 200; len++) {
        struct buf buf = {0};

        buf_printf(&buf, "%*s", len, "");
        CHECK_EQ_U64(buf.len, (uint64_t)len);
        CHECK_EQ_U64(strlen(buf_text(&buf)), (uint64_t)len);
        buf_free(&buf);
    }
}

static void blob_counts_its_holders(void)
{
    struct blob *blob = blob_new(bytes_of_text("shared"));
    struct blob *empty = blob_new(bytes_of(NULL, 0));

    CHECK(blob_hold(blob) == blob);
    CHECK_EQ_U64(blob->holders, 2);
    blob_drop(blob);
    CHECK_EQ_BYTES(blob_bytes(blob), bytes_of_text("shared"));
    CHECK_EQ_U64(blob_bytes(empty).len, 0);
    blob_drop(blob);
    blob_drop(empty);
    blob_drop(NULL);
}

static void memory_is_zeroed(void)
{
    uint8_t *a = mem_array(100, 3), *b = mem_alloc(0);

    for (unsigned i = 0; i < 300; i++)
        CHECK_EQ_U64(a[i], 0);
    CHECK(b != NULL);
    a = mem_resize(a, 1, 1);
    CHECK(a != NULL);
    mem_free(a);
    mem_free(b);
}

static void big_endian(void)
{
    static const uint8_t want[8] = {0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef};
    uint8_t got[8];

    be64_put(got, UINT64_C(0x0123456789abcdef));
    CHECK_EQ_BYTES(bytes_of(got, 8), bytes_of(want, 8));
    CHECK_EQ_U64(be64_get(got), UINT64_C(0x0123456789abcdef));
    be64_put(got, UINT64_MAX);
    CHECK_EQ_U64(be64_get(got), UINT64_MAX);
}

static void set_bits_are_counted(void)
{
    CHECK_EQ_U64(bits_set(0), 0);
    CHECK_EQ_U64(bits_set(UINT64_C(0x8000000000000001)), 2);
    CHECK_EQ_U64(bits_set(UINT64_MAX), 64);
}

/* As bytes_equal() says, whatever differs and however short they are. */
static void equal_from_the_end(void)
{
    char left[80], right[80];

    for (size_t len = 0; len < sizeof left; len++) {
        memset(left, 'a', len);
        memcpy(right, left, len);
        CHECK(bytes_equal_from_end(bytes_of(left, len), bytes_of(right, len)));
        CHECK(!bytes_equal_from_end(bytes_of(left, len), bytes_of(right, len + 1)));
        for (size_t i = 0; i < len; i++) {
            right[i] ^= 1;
            CHECK(!bytes_equal_from_end(bytes_of(left, len), bytes_of(right, len)));
            right[i] ^= 1;
        }
    }
    CHECK(bytes_equal_from_end(bytes_of(NULL, 0), bytes_of("", 0)));
}

int main(void)
{
    TAP_RUN(compare_is_lexicographic);
    TAP_RUN(equal_from_the_end);
    TAP_RUN(buf_grows_and_keeps);
    TAP_RUN(printf_at_every_length);
    TAP_RUN(blob_counts_its_holders);
    TAP_RUN(memory_is_zeroed);
    TAP_RUN(big_endian);
    TAP_RUN(set_bits_are_counted);
    return tap_done();
}
