#include "experiment/statistics.h"
#include "tap.h"

/* To a millionth. */
static bool near(double a, double b)
{
    double d = a - b;

    return d < 1e-6 && d > -1e-6;
}

static void means_and_quartiles(void)
{
    const double values[] = {4, 1, 3, 2};
    struct quartiles q = sample_quartiles(values, 4), one = sample_quartiles(values, 1);

    CHECK(near(sample_mean(values, 4), 2.5));
    CHECK(near(q.low, 1.75));
    CHECK(near(q.median, 2.5));
    CHECK(near(q.high, 3.25));
    CHECK(near(one.low, 4));
    CHECK(near(one.high, 4));
}

/* Of 2^n ways to toss n signs, one has all of them alike on either side. */
static void all_on_one_side(void)
{
    const double below[] = {-1, -2, -3, -4, -5}, above[] = {5, 4, 3, 2, 1};

    CHECK(near(signed_rank_p(below, 5), 2.0 / 32));
    CHECK(near(signed_rank_p(above, 5), 2.0 / 32));
    CHECK(near(signed_rank_p(below, 1), 1));
}

/* Signed ranks 1 2 -3 4 5: a sum of 3 or less of eight ways (nothing, 1, 2, 3, 1 + 2) on either side. */
static void one_against(void)
{
    const double mixed[] = {1, 2, -3, 4, 5};

    CHECK(near(signed_rank_p(mixed, 5), 2 * 5.0 / 32));
}

static void zeros_and_ties(void)
{
    const double zeros[] = {0, 0, 0}, padded[] = {0, -1, -2, 0, -3, -4, -5}, ties[] = {1, -1, 1, -1};

    CHECK(near(signed_rank_p(zeros, 3), 1));
    CHECK(near(signed_rank_p(padded, 7), 2.0 / 32));
    CHECK(near(signed_rank_p(ties, 4), 1));
    CHECK(near(signed_rank_p(ties, 0), 1));
}

/* Critical values of the published tables: at n = 20 a sum of 52 is just within 0.05, 53 is not. */
static void published(void)
{
    double values[20];

    for (unsigned sum = 52; sum <= 53; sum++) {
        unsigned left = sum;

        for (unsigned i = 20; i > 0; i--) {
            bool negative = i <= left;

            values[i - 1] = negative ? -(double)i : i;
            left -= negative ? i : 0;
        }
        CHECK((signed_rank_p(values, 20) <= 0.05) == (sum == 52));
    }
}

int main(void)
{
    TAP_RUN(means_and_quartiles);
    TAP_RUN(all_on_one_side);
    TAP_RUN(one_against);
    TAP_RUN(zeros_and_ties);
    TAP_RUN(published);
    return tap_done();
}
