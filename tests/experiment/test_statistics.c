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

/* Around the mean, no wider than the sample; two standard errors wide where the sample is large; the same each time. */
static void intervals(void)
{
    const double same[] = {3, 3, 3}, one[] = {7}, few[] = {1, 2, 6};
    double many[400];
    struct interval i = sample_interval(same, 3), again;

    CHECK(near(i.low, 3) && near(i.high, 3));
    i = sample_interval(one, 1);
    CHECK(near(i.low, 7) && near(i.high, 7));
    i = sample_interval(few, 3);
    CHECK(i.low >= 1 && i.low < 3 && i.high > 3 && i.high <= 6);
    for (unsigned k = 0; k < 400; k++)
        many[k] = k % 2 == 0 ? 4 : 6; /* a mean of 5 with a standard error of 1 / 20 */
    i = sample_interval(many, 400);
    again = sample_interval(many, 400);
    CHECK(i.low > 5 - 2.2 / 20 && i.low < 5 - 1.7 / 20);
    CHECK(i.high < 5 + 2.2 / 20 && i.high > 5 + 1.7 / 20);
    CHECK(!(i.low < again.low || i.low > again.low || i.high < again.high || i.high > again.high));
}

int main(void)
{
    TAP_RUN(means_and_quartiles);
    TAP_RUN(all_on_one_side);
    TAP_RUN(one_against);
    TAP_RUN(zeros_and_ties);
    TAP_RUN(published);
    TAP_RUN(intervals);
    return tap_done();
}
