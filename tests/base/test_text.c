#include "base/text.h"

#include "base/prng.h"
#include "tap.h"

/* RFC 4648 section 10. */
static const struct {
    const char *plain, *base64, *hex;
} rfc4648[] = {
    {"", "", ""},
    {"f", "Zg==", "66"},
    {"fo", "Zm8=", "666f"},
    {"foo", "Zm9v", "666f6f"},
    {"foob", "Zm9vYg==", "666f6f62"},
    {"fooba", "Zm9vYmE=", "666f6f6261"},
    {"foobar", "Zm9vYmFy", "666f6f626172"},
};

static void rfc4648_vectors(void)
{
    for (size_t i = 0; i < sizeof rfc4648 / sizeof *rfc4648; i++) {
        struct buf buf = {0};

        base64_encode(bytes_of_text(rfc4648[i].plain), &buf);
        CHECK_EQ_TEXT(buf_text(&buf), rfc4648[i].base64);
        buf_clear(&buf);
        hex_encode(bytes_of_text(rfc4648[i].plain), &buf);
        CHECK_EQ_TEXT(buf_text(&buf), rfc4648[i].hex);
        buf_clear(&buf);
        CHECK_OK(base64_decode(bytes_of_text(rfc4648[i].base64), &buf));
        CHECK_OK(hex_decode(bytes_of_text(rfc4648[i].hex), &buf));
        CHECK_EQ_U64(buf.len, 2 * strlen(rfc4648[i].plain));
        CHECK(strncmp(buf_text(&buf), rfc4648[i].plain, strlen(rfc4648[i].plain)) == 0);
        buf_free(&buf);
    }
}

static void random_bytes_come_back(void)
{
    struct prng p;

    tap_seed(1);
    prng_seed(&p, 1);
    for (size_t len = 0; len < 70; len++) {
        struct buf in = {0}, text = {0}, out = {0};

        for (size_t i = 0; i < len; i++)
            buf_add_byte(&in, (uint8_t)prng_next(&p));
        base64_encode(bytes_of_buf(&in), &text);
        CHECK_OK(base64_decode(bytes_of_buf(&text), &out));
        CHECK_EQ_BYTES(bytes_of_buf(&out), bytes_of_buf(&in));
        buf_clear(&text);
        buf_clear(&out);
        hex_encode(bytes_of_buf(&in), &text);
        CHECK_OK(hex_decode(bytes_of_buf(&text), &out));
        CHECK_EQ_BYTES(bytes_of_buf(&out), bytes_of_buf(&in));
        buf_free(&in);
        buf_free(&text);
        buf_free(&out);
    }
}

/* Of all texts of four characters around two bases, exactly the encoder's own
 * are accepted. */
static void base64_has_one_form(void)
{
    static const char alphabet[] = "AQgwBZz09+/=- \n";
    size_t n = sizeof alphabet - 1, accepted = 0;

    for (size_t i = 0; i < n * n * n * n; i++) {
        char text[5] = {alphabet[i % n], alphabet[i / n % n], alphabet[i / n / n % n], alphabet[i / n / n / n], 0};
        struct buf out = {0}, again = {0};

        if (base64_decode(bytes_of_text(text), &out) == ERR_OK) {
            base64_encode(bytes_of_buf(&out), &again);
            CHECK_EQ_TEXT(buf_text(&again), text);
            accepted++;
        }
        buf_free(&out);
        buf_free(&again);
    }
    CHECK(accepted > 0);
}

static void bad_text_is_refused_and_leaves_nothing(void)
{
    static const char *const base64[] = {
        "Z", "Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm 9v", "Zm-_", "=Zg=", "Zm9vZ", "Zm9v\n"};
    static const char *const hex[] = {"0", "0g", "AB", "aB", " 00", "0x00", "00 "};
    struct buf out = {0};

    buf_add_text(&out, "before");
    for (size_t i = 0; i < sizeof base64 / sizeof *base64; i++)
        CHECK_ERR(base64_decode(bytes_of_text(base64[i]), &out), ERR_SYNTAX);
    for (size_t i = 0; i < sizeof hex / sizeof *hex; i++)
        CHECK_ERR(hex_decode(bytes_of_text(hex[i]), &out), ERR_SYNTAX);
    CHECK_ERR(base64_decode(bytes_of_text("Zm9vZm9vZ*=="), &out), ERR_SYNTAX);
    CHECK_ERR(hex_decode(bytes_of_text("00112233zz"), &out), ERR_SYNTAX);
    CHECK_EQ_TEXT(buf_text(&out), "before");
    buf_free(&out);
}

static void put_utf8(uint32_t c, struct buf *out)
{
    if (c < 0x80) {
        buf_add_byte(out, (uint8_t)c);
    } else if (c < 0x800) {
        buf_add_byte(out, (uint8_t)(0xc0 | c >> 6));
    } else if (c < 0x10000) {
        buf_add_byte(out, (uint8_t)(0xe0 | c >> 12));
        buf_add_byte(out, (uint8_t)(0x80 | (c >> 6 & 63)));
    } else {
        buf_add_byte(out, (uint8_t)(0xf0 | c >> 18));
        buf_add_byte(out, (uint8_t)(0x80 | (c >> 12 & 63)));
        buf_add_byte(out, (uint8_t)(0x80 | (c >> 6 & 63)));
    }
    if (c >= 0x80)
        buf_add_byte(out, (uint8_t)(0x80 | (c & 63)));
}

static void utf8_all_code_points(void)
{
    struct buf out = {0};

    for (uint32_t c = 0; c < 0x120000; c++) {
        bool want = c < 0x110000 && !(c >= 0xd800 && c < 0xe000);

        buf_clear(&out);
        put_utf8(c, &out);
        if (utf8_valid(bytes_of_buf(&out)) != want || (c >= 0x80 && utf8_valid(bytes_of(out.data, out.len - 1)))) {
            CHECK_EQ_U64(c, UINT32_MAX); /* names the code point */
            break;
        }
    }
    buf_free(&out);
}

static void utf8_bad_forms(void)
{
    static const char *const bad[] = {"\x80",
                                      "\xbf",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xff",
                                      "\xc3(",
                                      "\xe2\x28\xa1",
                                      "\xe2\x82(",
                                      "\xf0\x90\x8d(",
                                      "ok\xc3"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!utf8_valid(bytes_of_text(bad[i])));
    CHECK(utf8_valid(bytes_of_text("")));
    CHECK(utf8_valid(bytes_of("a\0b", 3)));
}

static void decimal_numbers(void)
{
    static const char *const bad[] = {"", "-1", "+1", " 1", "1 ", "00", "01", "0x1", "1.0", "1e3"};
    uint64_t v = 7;

    CHECK_OK(u64_parse("0", &v));
    CHECK_EQ_U64(v, 0);
    CHECK_OK(u64_parse("18446744073709551615", &v));
    CHECK_EQ_U64(v, UINT64_MAX);
    CHECK_ERR(u64_parse("18446744073709551616", &v), ERR_RANGE);
    CHECK_ERR(u64_parse("99999999999999999999999", &v), ERR_RANGE);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_ERR(u64_parse(bad[i], &v), ERR_SYNTAX);
    CHECK_EQ_U64(v, UINT64_MAX);
}

static void escaped(const char *in, const char *want)
{
    struct buf out = {0}, again = {0};

    text_escape(bytes_of_text(in), &out);
    CHECK_EQ_TEXT(buf_text(&out), want);
    CHECK(text_is_plain(bytes_of_buf(&out)));
    CHECK_EQ_U64(text_is_plain(bytes_of_text(in)), strcmp(in, want) == 0);
    text_escape(bytes_of_buf(&out), &again);
    CHECK_EQ_TEXT(buf_text(&again), want);
    buf_free(&out);
    buf_free(&again);
}

static void nothing_of_a_text_reaches_a_terminal(void)
{
    escaped("", "");
    escaped("plain, \xc3\xbc and \xf0\x9f\x98\x80 \\ too", "plain, \xc3\xbc and \xf0\x9f\x98\x80 \\ too");
    escaped("\033]0;x\007\r\n\t\x7f", "\\u{1b}]0;x\\u{7}\\u{d}\\u{a}\\u{9}\\u{7f}");
    escaped("\xc2\x9b"
            "2J\xc2\xad",
            "\\u{9b}2J\\u{ad}");                                                    /* C1, soft hyphen */
    escaped("\xe2\x80\xae\xe2\x81\xa6\xd8\x9c", "\\u{202e}\\u{2066}\\u{61c}");      /* direction */
    escaped("\xe2\x80\x8b\xef\xbb\xbf\xe2\x80\xa8", "\\u{200b}\\u{feff}\\u{2028}"); /* no width, line */
    escaped("\xf3\xa0\x81\x81", "\\u{e0041}");                                      /* a tag */
    escaped("\x9b"
            "2J\xc3",
            "\\x{9b}2J\\x{c3}");
    escaped("\xed\xa0\x80", "\\x{ed}\\x{a0}\\x{80}"); /* a surrogate */
}

static void a_cut_leaves_whole_characters(void)
{
    static const char text[] = "a\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80";
    static const size_t kept[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};

    for (size_t limit = 0; limit < sizeof kept / sizeof kept[0]; limit++)
        CHECK_EQ_U64(text_cut(bytes_of_text(text), limit), kept[limit]);
    CHECK_EQ_U64(text_cut(bytes_of_text("\x80\x80\x80\x80\x80"), 4), 4); /* no character at all */
}

static void a_name_can_stand_anywhere(void)
{
    static const char *const good[] = {"a", "Core-1", "7", "eu.west_2", "x+y", "0.5"};
    static const char *const bad[] = {"",
                                      ".",
                                      "..",
                                      "../../etc/x",
                                      "a/b",
                                      "*",
                                      "a b",
                                      "-x",
                                      ".hidden",
                                      "_a",
                                      "a\nb",
                                      "a\033m",
                                      "\xc2\x9b"
                                      "31m",
                                      "\xc3\xbc",
                                      "a\xe2\x80\xae",
                                      "a:b",
                                      "a\\b",
                                      "$x",
                                      "a\xff"};

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        CHECK(name_valid(bytes_of_text(good[i]), 63));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(!name_valid(bytes_of_text(bad[i]), 63));
    CHECK(!name_valid(bytes_of("a\0b", 3), 63));
    CHECK(!name_valid(bytes_of_text("abcd"), 3));
}

static void words_of_a_shell(void)
{
    static const char *const pairs[][2] = {
        {"a-b_c.d/e=1", "a-b_c.d/e=1"}, {"", "''"}, {"a b", "'a b'"}, {"it's", "'it'\\''s'"}, {"$x", "'$x'"}};

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct buf out = {0};
        text_shell_word(pairs[i][0], &out);
        CHECK_EQ_TEXT(buf_text(&out), pairs[i][1]);
        buf_free(&out);
    }
}

int main(void)
{
    TAP_RUN(rfc4648_vectors);
    TAP_RUN(random_bytes_come_back);
    TAP_RUN(base64_has_one_form);
    TAP_RUN(bad_text_is_refused_and_leaves_nothing);
    TAP_RUN(utf8_all_code_points);
    TAP_RUN(utf8_bad_forms);
    TAP_RUN(decimal_numbers);
    TAP_RUN(nothing_of_a_text_reaches_a_terminal);
    TAP_RUN(a_cut_leaves_whole_characters);
    TAP_RUN(a_name_can_stand_anywhere);
    TAP_RUN(words_of_a_shell);
    return tap_done();
}
