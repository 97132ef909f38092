#include "base/prng.h"

#include "base/wide.h"
#include "tap.h"

/* The first outputs of the authors' C code for the state 1, 2, 3, 4. */
static void xoshiro_reference(void)
{
    static const uint64_t want[] = {11520,
                                    0,
                                    1509978240,
                                    UINT64_C(1215971899390074240),
                                    UINT64_C(1216172134540287360),
                                    UINT64_C(607988272756665600)};
    struct prng p = {.s = {1, 2, 3, 4}};

    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        CHECK_EQ_U64(prng_next(&p), want[i]);
}

/* splitmix64 from 0 is published too. */
static void splitmix_reference(void)
{
    struct prng p;

    prng_seed(&p, 0);
    CHECK_EQ_U64(p.s[0], UINT64_C(0xe220a8397b1dcdaf));
    CHECK_EQ_U64(p.s[1], UINT64_C(0x6e789e6aa1b965f4));
    CHECK_EQ_U64(p.s[2], UINT64_C(0x06c45d188009454f));
    CHECK_EQ_U64(p.s[3], UINT64_C(0xf88bb8a8724c81ec));
    CHECK_EQ_U64(prng_next(&p), UINT64_C(0x99ec5f36cb75f2b4));
}

/* Pinned: a change here changes every simulation. */
static void streams_are_pinned_and_apart(void)
{
    static const char *const labels[] = {"", "a", "ab", "b", "net"};
    uint64_t first[5 * 4];
    size_t n = 0;
    struct prng p;

    prng_stream(&p, 1, "network", 0);
    CHECK_EQ_U64(prng_next(&p), UINT64_C(0x80968aa599569d31));
    for (size_t i = 0; i < 5; i++) {
        for (uint64_t k = 0; k < 4; k++) {
            prng_stream(&p, k / 2, labels[i], k % 2);
            first[n] = prng_next(&p);
            for (size_t j = 0; j < n; j++)
                CHECK(first[j] != first[n]);
            n++;
        }
    }
}

static void a_copy_forks(void)
{
    struct prng a, b;

    prng_seed(&a, 5);
    b = a;
    for (int i = 0; i < 10; i++)
        CHECK_EQ_U64(prng_next(&a), prng_next(&b));
}

static void below_is_uniform(void)
{
    static const uint64_t bounds[] = {1, 2, 3, 7, 10, 1000};
    struct prng p;

    tap_seed(3);
    prng_seed(&p, 3);
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        uint64_t bound = bounds[i], draws = 20000 * bound, counts[1000] = {0};
        double chi2 = 0;

        for (uint64_t k = 0; k < draws; k++) {
            uint64_t v = prng_below(&p, bound);

            if (!CHECK(v < bound))
                return;
            counts[v]++;
        }
        for (uint64_t v = 0; v < bound; v++)
            chi2 += ((double)counts[v] - 20000) * ((double)counts[v] - 20000) / 20000;
        CHECK(chi2 < (double)bound + 5 * (double)(bound > 100 ? 45 : 10)); /* mean + over 5 sigma */
    }
}

static void below_huge_bounds(void)
{
    struct prng p;
    unsigned upper = 0;

    tap_seed(4);
    prng_seed(&p, 4);
    for (int i = 0; i < 30000; i++) {
        /* a plain remainder would fall below the half twice as often as above it */
        uint64_t bound = UINT64_C(3) << 62, v = prng_below(&p, bound);

        CHECK(v < bound);
        upper += v >= bound / 2;
    }
    CHECK(upper > 14500 && upper < 15500);
}

static void unit_is_in_range(void)
{
    struct prng p;
    double sum = 0;

    prng_seed(&p, 6);
    for (int i = 0; i < 100000; i++) {
        double v = prng_unit(&p);

        CHECK(v >= 0 && v < 1);
        sum += v;
    }
    CHECK(sum > 49500 && sum < 50500);
}

static void wide_products(void)
{
    struct wide w = wide_mul(UINT64_MAX, UINT64_MAX);
    struct prng p;

    CHECK_EQ_U64(w.high, UINT64_MAX - 1);
    CHECK_EQ_U64(w.low, 1);
    prng_seed(&p, 7);
    for (int i = 0; i < 1000; i++) { /* a * b mod 2^64, and mod 2^32 - 1 where the halves just add up */
        uint64_t a = prng_next(&p), b = prng_next(&p), m = UINT32_MAX;

        w = wide_mul(a, b);
        CHECK_EQ_U64(w.low, a * b);
        CHECK_EQ_U64((w.high % m + w.low % m) % m, (a % m) * (b % m) % m);
    }
}

int main(void)
{
    TAP_RUN(xoshiro_reference);
    TAP_RUN(splitmix_reference);
    TAP_RUN(streams_are_pinned_and_apart);
    TAP_RUN(a_copy_forks);
    TAP_RUN(below_is_uniform);
    TAP_RUN(below_huge_bounds);
    TAP_RUN(unit_is_in_range);
    TAP_RUN(wide_products);
    return tap_done();
}
