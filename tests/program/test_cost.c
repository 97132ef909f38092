#include "program/cost.h"

#include "tap.h"

static void numbers_become_units(void)
{
    static const struct {
        const char *text;
        unsigned decimals;
        int64_t want;
    } cases[] = {
        {"0", 0, 0},
        {"-0", 0, 0},
        {"-0.0e7", 0, 0},
        {"0.000", 6, 0},
        {"12", 0, 12},
        {"+12", 0, 12},
        {"012", 0, 12},
        {"12.", 0, 12},
        {"12.0", 0, 12},
        {".5", 1, 5},
        {"0.5", 6, 500000},
        {"12", 6, 12000000},
        {"1.5e3", 0, 1500},
        {"1.5E+3", 0, 1500},
        {"1500e-2", 0, 15},
        {"0.0734", 4, 734},
        {"0.00734e1", 4, 734},
        {"0.07345", 4, 735}, /* half up */
        {"0.073449999999999999999999999999999", 4, 734},
        {"0.07344", 4, 734},
        {"0.9999996", 6, 1000000},
        {"0.0000004", 6, 0},
        {"0.05", 1, 1},
        {"0.04", 1, 0},
        {"0.005", 1, 0},
        {"1e-99999999999999999999", 6, 0},
        {"999999999999999999", 0, 999999999999999999},
        {"1000000000000000000", 0, COST_MAX},
        {"1e300", 0, COST_MAX},
        {"1e99999999999999999999", 0, COST_MAX},
        {"123456789012345678901234567890", 0, COST_MAX},
        {"-1", 0, -1},
        {"-1e-9", 6, 0},
        {"-12.5", 1, -125},
        {"-0.05", 1, 0}, /* half up */
        {"-0.050000000000000000000000000000001", 1, -1},
        {"-0.06", 1, -1},
        {"-0.95", 1, -9},
        {"-0.96", 1, -10},
        {"-1e300", 0, -COST_MAX},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t got = 77;

        if (!CHECK_OK(cost_parse(bytes_of_text(cases[i].text), cases[i].decimals, &got, NULL)) ||
            !CHECK_EQ_I64(got, cases[i].want))
            tap_note("%s", cases[i].text);
    }
}

static void other_things_are_refused(void)
{
    static const struct {
        const char *text;
        unsigned decimals;
        enum err want;
        const char *says;
    } cases[] = {
        {"", 0, ERR_SYNTAX, "\"\" is not a number"},
        {"nan", 0, ERR_SYNTAX, "\"nan\" is not a number"},
        {"inf", 0, ERR_SYNTAX, "\"inf\" is not a number"},
        {"-Infinity", 0, ERR_SYNTAX, "not a number"},
        {".", 0, ERR_SYNTAX, "not a number"},
        {"e5", 0, ERR_SYNTAX, "not a number"},
        {"1e", 0, ERR_SYNTAX, "not a number"},
        {"1e+", 0, ERR_SYNTAX, "not a number"},
        {"1,5", 1, ERR_SYNTAX, "not a number"},
        {"0x10", 0, ERR_SYNTAX, "not a number"},
        {"1 ", 0, ERR_SYNTAX, "not a number"},
        {"--1", 0, ERR_SYNTAX, "not a number"},
        {"-0.5", 0, ERR_RANGE, "-0.5 is not a whole number"},
        {"0.5", 0, ERR_RANGE, "not a whole number"},
        {"15e-1", 0, ERR_RANGE, "not a whole number"},
        {"1e-9999", 0, ERR_RANGE, "not a whole number"},
        {"1000000000000000000000000000000.5", 0, ERR_RANGE, "not a whole number"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct diag diag = {0};
        int64_t got = 77;

        if (!CHECK_ERR(cost_parse(bytes_of_text(cases[i].text), cases[i].decimals, &got, &diag), cases[i].want) ||
            !CHECK(strstr(diag.text, cases[i].says) != NULL) || !CHECK_EQ_I64(got, 77))
            tap_note("%s: %s", cases[i].text, diag.text);
    }
}

static void units_become_numbers(void)
{
    static const struct {
        int64_t cost;
        unsigned decimals;
        const char *want;
    } cases[] = {
        {0, 0, "0"},          {0, 6, "0"},       {12, 0, "12"},   {-12, 0, "-12"},
        {1250, 2, "12.5"},    {1200, 2, "12"},   {5, 3, "0.005"}, {-5, 3, "-0.005"},
        {-1005, 3, "-1.005"}, {-93, 2, "-0.93"}, {10, 1, "1"},    {COST_MAX, 0, "1000000000000000000"},
    };
    struct buf text = {0};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        buf_clear(&text);
        cost_print(cases[i].cost, cases[i].decimals, &text);
        CHECK(strcmp(buf_text(&text), cases[i].want) == 0);
    }
    buf_free(&text);
    CHECK(cost_is_exact(bytes_of_text("-1.5"), 1) && cost_is_exact(bytes_of_text("0"), 0));
    CHECK(!cost_is_exact(bytes_of_text("-1.5"), 0) && !cost_is_exact(bytes_of_text("0.01"), 1));
}

int main(void)
{
    TAP_RUN(numbers_become_units);
    TAP_RUN(other_things_are_refused);
    TAP_RUN(units_become_numbers);
    return tap_done();
}
