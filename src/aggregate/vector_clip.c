#include <string.h>

#include "aggregate/vector_rules.h"
#include "base/dmath.h"

struct clip_job {
    const struct vector_rows *rows;
    const double *factors;
    double *point;
};

/* point += (sum over rows, in order, of factor * (row - point)) / rows */
VECTOR_INLINE void clip(void *context, size_t task)
{
    const struct clip_job *job = context;
    const struct vector_rows *rows = job->rows;
    size_t at = task * VECTOR_TASK_COLUMNS, end = at + vector_task_columns(rows->columns, task), count;
    double sums[VECTOR_BLOCK];
    for (; at < end; at += count) {
        count = end - at < VECTOR_BLOCK ? end - at : VECTOR_BLOCK;
        memset(sums, 0, sizeof sums);
        for (unsigned i = 0; i < rows->count; i++)
            for (size_t c = 0; c < count; c++)
                sums[c] += job->factors[i] * (rows->values[i][at + c] - job->point[at + c]);
        for (size_t c = 0; c < count; c++)
            job->point[at + c] += sums[c] / rows->count;
    }
}
VECTOR_TASK(clip);

/* Karimireddy, He and Jaggi, Learning from History for Byzantine Robust Optimization, 2021, section 5. */
void vector_centred_clipping(const struct vector_rows *rows, double radius, unsigned steps, const double *start,
                             double *out)
{
    double squares[VECTOR_ROWS_MAX], factors[VECTOR_ROWS_MAX];
    struct clip_job job = {rows, factors, out};
    if (start != NULL)
        memcpy(out, start, rows->columns * sizeof out[0]);
    else
        vector_median(rows, out);
    for (unsigned step = 0; step < steps; step++) {
        vector_distances_to(rows, out, squares);
        for (unsigned i = 0; i < rows->count; i++) {
            double distance = dmath_sqrt(squares[i]);
            factors[i] = distance > radius ? radius / distance : 1;
        }
        vector_task_run(rows, &clip_task, &job);
    }
}
