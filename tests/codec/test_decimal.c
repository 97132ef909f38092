#include "codec/decimal.h"

#include <locale.h>

#include "tap.h"

#include "base/prng.h"

static void reads_what_people_write(void)
{
    const struct {
        const char *text;
        double want;
    } cases[] = {{"0", 0},
                 {"007", 7},
                 {"+5", 5},
                 {"-.5", -0.5},
                 {"5.", 5},
                 {"1e3", 1000},
                 {"2.5E-1", .25},
                 {"1e+2", 100},
                 {"0.1", 0.1},
                 {"-0", 0},
                 {"1e-999", 0},
                 {"00.50", 0.5},
                 {"1.7e308", 1.7e308},
                 {"9007199254740993", 9007199254740992.0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double x = -1;
        if (!CHECK_OK(decimal_parse(bytes_of_text(cases[i].text), &x)) || !CHECK(x == cases[i].want))
            tap_note("%s", cases[i].text);
    }
}

static void refuses_what_is_none(void)
{
    static const char *const none[] = {"",   ".",  "-",  "+-1", "1e",  "1e+", "e5",  "1.2.3", "0x10",
                                       "1,", " 1", "1 ", "inf", "nan", "1f",  "--1", "1e5.0"};
    double x = 42;
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        if (!CHECK_ERR(decimal_parse(bytes_of_text(none[i]), &x), ERR_SYNTAX))
            tap_note("%s", none[i]);
    CHECK_ERR(decimal_parse(bytes_of_text("1e309"), &x), ERR_RANGE);
    CHECK_ERR(decimal_parse(bytes_of_text("-1e99999999999"), &x), ERR_RANGE);
    CHECK(x == 42);
}

static void printed(double x, const char *want)
{
    struct buf out = {0};
    decimal_print(x, &out);
    CHECK_EQ_TEXT(buf_text(&out), want);
    buf_free(&out);
}

static double of_bits(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* The samples of RFC 8785, appendix B, and those whose form jansson's releases do not agree about. */
static void prints_the_shortest(void)
{
    static const struct {
        uint64_t bits;
        const char *want;
    } samples[] = {
        {0x0000000000000000, "0"},
        {0x8000000000000000, "0"},
        {0x0000000000000001, "5e-324"},
        {0x8000000000000001, "-5e-324"},
        {0x7fefffffffffffff, "1.7976931348623157e+308"},
        {0xffefffffffffffff, "-1.7976931348623157e+308"},
        {0x4340000000000000, "9007199254740992"},
        {0xc340000000000000, "-9007199254740992"},
        {0x4430000000000000, "295147905179352830000"},
        {0x44b52d02c7e14af5, "9.999999999999997e+22"},
        {0x44b52d02c7e14af6, "1e+23"},
        {0x44b52d02c7e14af7, "1.0000000000000001e+23"},
        {0x444b1ae4d6e2ef4e, "999999999999999700000"},
        {0x444b1ae4d6e2ef4f, "999999999999999900000"},
        {0x444b1ae4d6e2ef50, "1e+21"},
        {0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
        {0x3eb0c6f7a0b5ed8d, "0.000001"},
        {0x41b3de4355555553, "333333333.3333332"},
        {0x41b3de4355555554, "333333333.33333325"},
        {0x41b3de4355555555, "333333333.3333333"},
        {0x41b3de4355555556, "333333333.3333334"},
        {0x41b3de4355555557, "333333333.33333343"},
        {0xbecbf647612f3696, "-0.0000033333333333333333"},
        {0x43143ff3c1cb0959, "1424953923781206.2"},
        {0x3fb999999999999a, "0.1"},
        {0x3d30000000000000, "5.684341886080802e-14"}, /* 2^-44: nearer above than below */
        {0x0010000000000000, "2.2250738585072014e-308"},
        {0x000fffffffffffff, "2.225073858507201e-308"},
    };

    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++)
        printed(of_bits(samples[i].bits), samples[i].want);
    printed(-7, "-7");
    printed(1.0 / 3, "0.3333333333333333");
}

static void a_real_stays_one(void)
{
    static const struct {
        double x;
        const char *want;
    } samples[] = {{0, "0.0"},      {-0.0, "-0.0"}, {3, "3.0"},     {-1e20, "-100000000000000000000.0"},
                   {1e21, "1e+21"}, {1e-7, "1e-7"}, {0.25, "0.25"}, {1e-5, "0.00001"}};

    for (size_t i = 0; i < sizeof samples / sizeof samples[0]; i++) {
        struct buf out = {0};

        decimal_print_real(samples[i].x, &out);
        CHECK_EQ_TEXT(buf_text(&out), samples[i].want);
        buf_free(&out);
    }
}

/* A point that is a comma changes nothing, where such a locale is installed. */
static void no_locale_matters(void)
{
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL && setlocale(LC_ALL, "de_DE") == NULL) {
        tap_skip("no German locale");
        return;
    }
    printed(1.0 / 3, "0.3333333333333333");
    printed(1e-7 / 3, "3.333333333333333e-8");
    setlocale(LC_ALL, "C");
}

/* No fewer digits would do, at random and at powers of two, where doubles lie unevenly. */
static void no_shorter_text_reads_back(void)
{
    struct prng prng;

    tap_seed(62);
    prng_seed(&prng, 62);
    for (unsigned i = 0; i < 4094; i++) {
        double x = of_bits(i < 2046 ? (uint64_t)(i + 1) << 52 : prng_next(&prng) & ~(UINT64_C(1) << 63));
        struct buf out = {0};
        int digits = 0, zeros = 0;

        if (x - x != 0.0)
            continue;
        decimal_print(x, &out);
        for (const char *p = buf_text(&out); *p != '\0' && *p != 'e'; p++) {
            if ((*p >= '1' && *p <= '9') || (*p == '0' && digits > 0)) {
                zeros = *p == '0' ? zeros + 1 : 0;
                digits++;
            }
        }
        digits -= zeros;
        if (digits > 1) {
            char text[48];

            snprintf(text, sizeof text, "%.*e", digits - 2, x);
            CHECK(strtod(text, NULL) != x);
        }
        CHECK(strtod(buf_text(&out), NULL) == x);
        buf_free(&out);
    }
}

static void any_double_survives(void)
{
    struct prng prng;
    tap_seed(61);
    prng_seed(&prng, 61);
    for (unsigned i = 0; i < 5000; i++) {
        struct buf out = {0};
        double scale = 1, x, back;
        for (uint64_t k = prng_below(&prng, 200); k > 0; k--)
            scale *= i % 2 == 0 ? 10 : 0.1;
        x = (prng_unit(&prng) - 0.5) * scale;
        decimal_print(x, &out);
        if (!CHECK_OK(decimal_parse(bytes_of_buf(&out), &back)) || !CHECK(back == x))
            tap_note("%s", buf_text(&out));
        buf_free(&out);
    }
}

int main(void)
{
    TAP_RUN(reads_what_people_write);
    TAP_RUN(refuses_what_is_none);
    TAP_RUN(prints_the_shortest);
    TAP_RUN(a_real_stays_one);
    TAP_RUN(no_locale_matters);
    TAP_RUN(no_shorter_text_reads_back);
    TAP_RUN(any_double_survives);
    return tap_done();
}
