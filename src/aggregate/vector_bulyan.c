#include "aggregate/vector_rules.h"

struct closest {
    unsigned count, keep; /* sorted values, and how many of them are averaged */
};

/* The mean of the `keep` values closest to the median, added upwards; of two as close the lower one stays. In sorted
 * order they are neighbours, so the window moves up while the value above it is closer than its own lowest. */
static void finish_closest(const void *context, double (*sorted)[VECTOR_GROUP], double *out)
{
    const struct closest *c = context;
    for (unsigned k = 0; k < VECTOR_GROUP; k++) {
        double median = (sorted[(c->count - 1) / 2][k] + sorted[c->count / 2][k]) / 2, sum = 0;
        unsigned from = 0;
        while (from + c->keep < c->count && median - sorted[from][k] > sorted[from + c->keep][k] - median)
            from++;
        for (unsigned i = from; i < from + c->keep; i++)
            sum += sorted[i][k];
        out[k] = sum / c->keep;
    }
}

/* El Mhamdi, Guerraoui and Rouault, The Hidden Vulnerability of Distributed Learning in Byzantium, 2018, section 4. */
void vector_bulyan(const struct vector_rows *rows, unsigned f, double *out)
{
    unsigned n = rows->count, theta = n - 2 * f;
    double *squares = mem_array((size_t)n * n, sizeof squares[0]);
    bool is_left[VECTOR_ROWS_MAX];
    struct vector_rows chosen = *rows;
    struct closest closest = {theta, theta - 2 * f};
    vector_distances(rows, squares);
    for (unsigned i = 0; i < n; i++)
        is_left[i] = true;
    for (unsigned left = n; left > 2 * f; left--) {
        unsigned neighbours = left > f + 3 ? left - f - 2 : left > 1;
        is_left[vector_krum_best(squares, n, is_left, neighbours)] = false;
    }
    chosen.count = 0;
    for (unsigned i = 0; i < n; i++)
        if (!is_left[i])
            chosen.values[chosen.count++] = rows->values[i];
    ASSERT(chosen.count == theta);
    vector_sort_columns(&chosen, 0, theta, (struct vector_finish){finish_closest, &closest}, out);
    mem_free(squares);
}
