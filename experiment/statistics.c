#include "experiment/statistics.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/prng.h"

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static double quantile(const double *sorted, unsigned count, unsigned quarter)
{
    unsigned at = (count - 1) * quarter, whole = at / 4;
    double part = (double)(at % 4) / 4;

    return part > 0 ? sorted[whole] + part * (sorted[whole + 1] - sorted[whole]) : sorted[whole];
}

double sample_mean(const double *values, unsigned count)
{
    double sum = 0;

    for (unsigned i = 0; i < count; i++)
        sum += values[i];
    return sum / count;
}

struct quartiles sample_quartiles(const double *values, unsigned count)
{
    double sorted[SAMPLE_MAX];

    ASSERT(count >= 1 && count <= SAMPLE_MAX);
    for (unsigned i = 0; i < count; i++)
        sorted[i] = values[i];
    qsort(sorted, count, sizeof sorted[0], compare);
    return (struct quartiles){quantile(sorted, count, 1), quantile(sorted, count, 2), quantile(sorted, count, 3)};
}

struct interval sample_interval(const double *values, unsigned count)
{
    double *means = mem_array(INTERVAL_DRAWS, sizeof means[0]);
    struct interval out;
    struct prng prng;

    ASSERT(count >= 1 && count <= SAMPLE_MAX);
    prng_seed(&prng, count);
    for (unsigned draw = 0; draw < INTERVAL_DRAWS; draw++) {
        for (unsigned i = 0; i < count; i++)
            means[draw] += values[prng_below(&prng, count)] / count;
    }
    qsort(means, INTERVAL_DRAWS, sizeof means[0], compare);
    out = (struct interval){means[INTERVAL_DRAWS / 40], means[INTERVAL_DRAWS - 1 - INTERVAL_DRAWS / 40]};
    mem_free(means);
    return out;
}

static double size_of(double x)
{
    return x < 0 ? -x : x;
}

/* Twice the shared rank, from 1, of the size among all sizes. */
static unsigned rank_doubled(const double *values, unsigned count, double size)
{
    unsigned lower = 0, equal = 0;

    for (unsigned i = 0; i < count; i++) {
        lower += size_of(values[i]) < size;
        equal += size_of(values[i]) == size;
    }
    return 2 * lower + equal + 1;
}

/* chance[s]: that the ranks with a positive sign sum to s. */
static double tail(const unsigned *ranks, unsigned count, unsigned total, unsigned least)
{
    double *chance = mem_array((size_t)total + 1, sizeof chance[0]), sum = 0;

    chance[0] = 1;
    for (unsigned i = 0; i < count; i++)
        for (unsigned s = total + 1; s-- > 0;)
            chance[s] = (chance[s] + (s >= ranks[i] ? chance[s - ranks[i]] : 0)) / 2;
    for (unsigned s = least; s <= total; s++)
        sum += chance[s];
    mem_free(chance);
    return sum;
}

double signed_rank_p(const double *differences, unsigned count)
{
    double values[SAMPLE_MAX];
    unsigned ranks[SAMPLE_MAX], kept = 0, total = 0, positive = 0;

    ASSERT(count <= SAMPLE_MAX);
    for (unsigned i = 0; i < count; i++)
        if (differences[i] < 0 || differences[i] > 0)
            values[kept++] = differences[i];
    for (unsigned i = 0; i < kept; i++) {
        ranks[i] = rank_doubled(values, kept, size_of(values[i]));
        total += ranks[i];
        positive += values[i] > 0 ? ranks[i] : 0;
    }
    double p = 2 * tail(ranks, kept, total, positive > total - positive ? positive : total - positive);
    return p < 1 ? p : 1;
}
