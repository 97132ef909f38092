#include "aggregate/vector_rules.h"

struct range {
    unsigned from, to;
};

/* The mean of the places from `from` to `to` - 1, added upwards. */
static void finish_mean(const void *context, double (*sorted)[VECTOR_GROUP], double *out)
{
    const struct range *range = context;
    double sums[VECTOR_GROUP] = {0};
    for (unsigned i = range->from; i < range->to; i++)
        for (unsigned c = 0; c < VECTOR_GROUP; c++)
            sums[c] += sorted[i][c];
    for (unsigned c = 0; c < VECTOR_GROUP; c++)
        out[c] = sums[c] / (range->to - range->from);
}

/* The middle value, or the mean of the two: a trimmed mean that leaves one or two. */
void vector_median(const struct vector_rows *rows, double *out)
{
    vector_trimmed_mean(rows, (rows->count - 1) / 2, out);
}

void vector_trimmed_mean(const struct vector_rows *rows, unsigned f, double *out)
{
    struct range range = {f, rows->count - f};
    vector_sort_columns(rows, range.from, range.to, (struct vector_finish){finish_mean, &range}, out);
}
