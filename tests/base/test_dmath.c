#include "base/dmath.h"

#include <float.h>
#include <math.h>

#include "base/prng.h"
#include "tap.h"

static double relative(double got, double want)
{
    return want == 0 ? fabs(got) : fabs((got - want) / want);
}

/* A positive finite double of any exponent. */
static double any_double(struct prng *p)
{
    return ldexp(1 + prng_unit(p), (int)prng_below(p, 2046) - 1022);
}

static void log_against_libm(void)
{
    struct prng p;
    double worst = 0;

    tap_seed(1);
    prng_seed(&p, 1);
    for (int i = 0; i < 200000; i++) {
        double x = i % 2 ? any_double(&p) : 0.5 + prng_unit(&p); /* and near 1, where it vanishes */

        worst = fmax(worst, relative(dmath_log(x), log(x)));
    }
    for (double x = DBL_TRUE_MIN; x < DBL_MIN; x *= 2)
        worst = fmax(worst, relative(dmath_log(x), log(x)));
    worst = fmax(worst, relative(dmath_log(DBL_MAX), log(DBL_MAX)));
    worst = fmax(worst, relative(dmath_log(nextafter(1, 2)), log(nextafter(1, 2))));
    worst = fmax(worst, relative(dmath_log(nextafter(1, 0)), log(nextafter(1, 0))));
    CHECK(worst < 1e-15);
    CHECK(dmath_log(1) == 0);
}

static void exp_against_libm(void)
{
    struct prng p;
    double worst = 0;

    tap_seed(2);
    prng_seed(&p, 2);
    for (int i = 0; i < 200000; i++) {
        double x = i % 2 ? 1400 * prng_unit(&p) - 700 : prng_unit(&p) - 0.5;

        worst = fmax(worst, relative(dmath_exp(x), exp(x)));
    }
    worst = fmax(worst, relative(dmath_exp(700), exp(700)));
    worst = fmax(worst, relative(dmath_exp(-700), exp(-700)));
    CHECK(worst < 1e-15);
    CHECK(dmath_exp(0) == 1);
}

/* Correctly rounded: the root of x is between the points halfway to both
 * neighbours. Decided exactly, in integers: (r - 1/2)^2 < x < (r + 1/2)^2 is
 * r^2 - x < r and r^2 - x >= -r. */
static void sqrt_is_correctly_rounded(void)
{
    struct prng p;

    tap_seed(3);
    prng_seed(&p, 3);
    for (int i = 0; i < 100000; i++) {
        uint64_t n = (prng_next(&p) >> 11) | UINT64_C(1) << 52; /* x = n * 2^52, the root has 53 bits */
        uint64_t r = (uint64_t)dmath_sqrt((double)n * 0x1p52);
        double low, high;

        CHECK(r >> 52 == 1);
        low = fma((double)r, (double)r, -(double)n * 0x1p52) - (double)r;
        high = fma((double)r, (double)r, -(double)n * 0x1p52) + (double)r;
        CHECK(low < 0 && high >= 0);
    }
    CHECK(dmath_sqrt(0) == 0);
    CHECK(dmath_sqrt(2) == 0x1.6a09e667f3bcdp+0);
    CHECK(dmath_sqrt(DBL_TRUE_MIN) == 0x1p-537);
}

/* Every compiler, optimisation level and architecture must give these bits. */
static void pinned_bits(void)
{
    CHECK(dmath_log(2) == 0x1.62e42fefa39efp-1);
    CHECK(dmath_log(3) == 0x1.193ea7aad030bp+0);
    CHECK(dmath_log(0.1) == -0x1.26bb1bbb55515p+1);
    CHECK(dmath_log(1e-300) == -0x1.5963447f87fb5p+9);
    CHECK(dmath_log(1.5) == 0x1.9f323ecbf984cp-2);
    CHECK(dmath_log(12345.678) == 0x1.2d79559791e31p+3);
    CHECK(dmath_exp(1) == 0x1.5bf0a8b14576ap+1);
    CHECK(dmath_exp(-1) == 0x1.78b56362cef38p-2);
    CHECK(dmath_exp(0.1) == 0x1.1aec7b35a00d4p+0);
    CHECK(dmath_exp(-20.25) == 0x1.b93de1e27ca3bp-30);
    CHECK(dmath_exp(699.5) == 0x1.1f0df6d72215ep+1009);
    CHECK(dmath_exp(-0.29999999999999999) == 0x1.7b4c869c37c05p-1);
}

static void muldiv_small(void)
{
    for (int64_t a = -30; a <= 30; a++) {
        for (int64_t b = -30; b <= 30; b++) {
            for (int64_t c = 1; c <= 12; c++)
                CHECK_EQ_I64(dmath_muldiv(a, b, c), a * b / c);
        }
    }
}

static void muldiv_wide(void)
{
    static const struct {
        int64_t a, b, c, want; /* from exact arithmetic */
    } cases[] = {
        {INT64_C(9223372036854775807), 1000000, 1000001, INT64_C(9223362813491962315)},
        {INT64_C(-9223372036854775807), 1000000, 1000001, INT64_C(-9223362813491962315)},
        {INT64_MIN, INT64_C(-4611686018427387904), INT64_C(4611686018427387905), INT64_C(9223372036854775806)},
        {INT64_C(-6329975792576927173), INT64_C(1363974157860798087), INT64_C(9049822441523344281),
         INT64_C(-954043403254441706)},
        {INT64_C(-1694313968266667358), INT64_C(-2039521562892790459), INT64_C(3585746515020881480),
         INT64_C(963701661038969362)},
        {INT64_C(2166616574611450140), INT64_C(-6783958739646981018), INT64_C(4237737153156363186),
         INT64_C(-3468416495782842586)},
        {INT64_C(-3886633566064428532), INT64_C(3516723173199664692), INT64_C(5840455871931105586),
         INT64_C(-2340264977123288657)},
        {INT64_C(-8825471851359801872), INT64_C(-4356900603523450780), INT64_C(5085390096211143273),
         INT64_C(7561210233255672859)},
        {INT64_C(-2990275005756324949), INT64_C(-5814907404099792577), INT64_C(8805268624864986613),
         INT64_C(1974746371980630064)},
        {INT64_C(-8171890430593059660), INT64_C(8098338545067892712), INT64_C(9221481430687685870),
         INT64_C(-7176583909816320988)},
        {INT64_C(6361929560095625138), INT64_C(-2468460738508209399), INT64_C(6482391150594553365),
         INT64_C(-2422589593164321128)},
        {INT64_C(3832463485232893687), INT64_C(-697187988275607354), INT64_C(5578232715120144474),
         INT64_C(-478995345634606665)},
    };
    struct prng p;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_EQ_I64(dmath_muldiv(cases[i].a, cases[i].b, cases[i].c), cases[i].want);

    CHECK_EQ_I64(dmath_muldiv(INT64_MAX, INT64_MAX, INT64_MAX), INT64_MAX);
    CHECK_EQ_I64(dmath_muldiv(INT64_MIN, INT64_MAX, INT64_MAX), INT64_MIN);
    CHECK_EQ_I64(dmath_muldiv(INT64_MIN, 1, 1), INT64_MIN);
    tap_seed(4);
    prng_seed(&p, 4);
    for (int i = 0; i < 20000; i++) { /* a * b / b == a, and one less than a whole one rounds down */
        int64_t a = (int64_t)(prng_next(&p) >> 1), b = (int64_t)(prng_next(&p) >> (1 + i % 60)) | 1;

        CHECK_EQ_I64(dmath_muldiv(a, b, b), a);
        CHECK_EQ_I64(dmath_muldiv(-a, b, b), -a);
        CHECK_EQ_I64(dmath_muldiv(a, b, INT64_MAX) > b, false);
    }
}

int main(void)
{
    TAP_RUN(log_against_libm);
    TAP_RUN(exp_against_libm);
    TAP_RUN(sqrt_is_correctly_rounded);
    TAP_RUN(pinned_bits);
    TAP_RUN(muldiv_small);
    TAP_RUN(muldiv_wide);
    return tap_done();
}
