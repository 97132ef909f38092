#include "aggregate/vector_rules.h"
#include "base/dmath.h"

/* Weiszfeld's iteration, smoothed (Pillutla, Kakade and Harchaoui, Robust Aggregation for Federated Learning, 2022,
 * algorithm 2), from the median of each coordinate: a fixed number of steps from the mean would leave the result near
 * a row that is far enough away. */
void vector_geometric_median(const struct vector_rows *rows, double smoothing, unsigned steps, double *out)
{
    double weights[VECTOR_ROWS_MAX], squares[VECTOR_ROWS_MAX];
    vector_median(rows, out);
    for (unsigned step = 0; step < steps; step++) {
        vector_distances_to(rows, out, squares);
        for (unsigned i = 0; i < rows->count; i++) {
            double distance = dmath_sqrt(squares[i]);
            weights[i] = 1 / (distance > smoothing ? distance : smoothing);
        }
        ASSERT(vector_average(rows, weights, out));
    }
}
