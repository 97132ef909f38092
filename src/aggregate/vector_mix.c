#include "aggregate/vector_rules.h"
#include "base/prng.h"

/* Averages by the weights (outputs x rows) become the rows. */
static double *rows_replace(struct vector_rows *rows, unsigned outputs, const double *weights)
{
    double *memory = mem_array((size_t)outputs * rows->columns, sizeof memory[0]), *out[VECTOR_ROWS_MAX];
    for (unsigned k = 0; k < outputs; k++)
        out[k] = memory + k * rows->columns;
    ASSERT(vector_average_many(rows, outputs, weights, out));
    rows->count = outputs;
    for (unsigned k = 0; k < outputs; k++)
        rows->values[k] = out[k];
    return memory;
}

/* Karimireddy, He and Jaggi, Byzantine-Robust Learning on Heterogeneous Datasets via Bucketing, 2022. */
double *vector_mix_bucket(struct vector_rows *rows, unsigned size, uint64_t seed)
{
    unsigned order[VECTOR_ROWS_MAX], n = rows->count, buckets = (n - 1) / size + 1;
    double *weights = mem_array((size_t)buckets * n, sizeof weights[0]);
    struct prng prng;
    prng_stream(&prng, seed, "bucketing", 0);
    for (unsigned i = 0; i < n; i++) { /* Fisher and Yates, from the front */
        unsigned at = (unsigned)prng_below(&prng, i + 1);
        order[i] = order[at];
        order[at] = i;
    }
    for (unsigned i = 0; i < n; i++)
        weights[(size_t)(i / size) * n + order[i]] = 1;
    double *memory = rows_replace(rows, buckets, weights);
    mem_free(weights);
    return memory;
}

/* Allouah, Farhadkhani, Guerraoui, Gupta, Pinot and Stephan, Fixing by Mixing, 2023: the nearest include the row
 * itself; of several as near the lower rows count. */
double *vector_mix_nearest(struct vector_rows *rows, unsigned f)
{
    unsigned n = rows->count;
    double *squares = mem_array((size_t)n * n, sizeof squares[0]),
           *weights = mem_array((size_t)n * n, sizeof weights[0]);
    vector_distances(rows, squares);
    for (unsigned i = 0; i < n; i++) {
        double *own = weights + (size_t)i * n;
        own[i] = 1;
        for (unsigned taken = 1; taken < n - f; taken++) {
            unsigned nearest = n;
            for (unsigned j = 0; j < n; j++)
                if (own[j] == 0 && (nearest == n || squares[(size_t)i * n + j] < squares[(size_t)i * n + nearest]))
                    nearest = j;
            own[nearest] = 1;
        }
    }
    double *memory = rows_replace(rows, n, weights);
    mem_free(weights);
    mem_free(squares);
    return memory;
}
