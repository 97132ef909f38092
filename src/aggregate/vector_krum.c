#include <stdlib.h>

#include "aggregate/vector_rules.h"

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The sum, upwards, of the squared distances to the nearest neighbours. */
static double score(const double *squares, unsigned count, const bool *is_left, unsigned row, unsigned neighbours)
{
    double nearest[VECTOR_ROWS_MAX], sum = 0;
    unsigned others = 0;
    for (unsigned j = 0; j < count; j++)
        if (is_left[j] && j != row)
            nearest[others++] = squares[(size_t)row * count + j];
    ASSERT(neighbours <= others);
    qsort(nearest, others, sizeof nearest[0], compare);
    for (unsigned k = 0; k < neighbours; k++)
        sum += nearest[k];
    return sum;
}

unsigned vector_krum_best(const double *squares, unsigned count, const bool *is_left, unsigned neighbours)
{
    unsigned best = count;
    double least = 0;
    for (unsigned i = 0; i < count; i++) {
        if (!is_left[i])
            continue;
        double own = score(squares, count, is_left, i, neighbours);
        if (best == count || own < least) {
            best = i;
            least = own;
        }
    }
    ASSERT(best < count);
    return best;
}

/* Scores count all rows, also those that were taken before: unlike Bulyan's. */
void vector_multi_krum(const struct vector_rows *rows, unsigned f, unsigned m, double *out)
{
    unsigned n = rows->count;
    double *squares = mem_array((size_t)n * n, sizeof squares[0]);
    double scores[VECTOR_ROWS_MAX], weights[VECTOR_ROWS_MAX] = {0};
    bool is_left[VECTOR_ROWS_MAX];
    vector_distances(rows, squares);
    for (unsigned i = 0; i < n; i++)
        is_left[i] = true;
    for (unsigned i = 0; i < n; i++)
        scores[i] = score(squares, n, is_left, i, n - f - 2);
    for (unsigned k = 0; k < m; k++) {
        unsigned best = n;
        for (unsigned i = 0; i < n; i++)
            if (weights[i] == 0 && (best == n || scores[i] < scores[best]))
                best = i;
        weights[best] = 1;
    }
    ASSERT(vector_average(rows, weights, out));
    mem_free(squares);
}
