#include "codec/decimal.h"
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

static void prints_the_shortest(void)
{
    printed(0, "0");
    printed(-7, "-7");
    printed(0.1, "0.1");
    printed(-0.25, "-0.25");
    printed(1.0 / 3, "0.3333333333333333");
    printed(1e-6, "1e-6");
    printed(1e20, "1e20");
    printed(9007199254740991.0, "9007199254740991");
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
    TAP_RUN(any_double_survives);
    return tap_done();
}
