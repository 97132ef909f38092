#include <string.h>

#include "aggregate/vector_rules.h"

/* Weighted sums of rows, which are looked over on the way, so that the mean reads its input once. */

enum {
    CHUNK = 512, /* columns of every row that stay near while they serve several outputs */
    AHEAD = 64   /* columns asked for early: processors do not look beyond a page by themselves */
};

struct average_job {
    const struct vector_rows *rows;
    unsigned outputs;
    const double *weights;
    double *const *out;
    bool *is_bad; /* one for each task */
};

VECTOR_INLINE void quad_look(const vector_quad *x, vector_quad_mask *good)
{
    *good &= (*x >= -VECTOR_VALUE_MAX) & (*x <= VECTOR_VALUE_MAX); /* not for a NaN either */
}

VECTOR_INLINE bool is_allowed(double x)
{
    return x >= -VECTOR_VALUE_MAX && x <= VECTOR_VALUE_MAX;
}

VECTOR_INLINE bool all_set(const vector_quad_mask *mask)
{
    return ((*mask)[0] & (*mask)[1] & (*mask)[2] & (*mask)[3]) != 0;
}

VECTOR_INLINE bool chunk_look(const double *values, size_t count)
{
    vector_quad_mask good = {-1, -1, -1, -1};
    bool rest = true;
    size_t c = 0;
    for (; c + 4 <= count; c += 4)
        quad_look((const vector_quad *)(values + c), &good);
    for (; c < count; c++)
        rest &= is_allowed(values[c]);
    return rest && all_set(&good);
}

VECTOR_INLINE void quad_add(vector_quad *sum, vector_quad_mask *good, const double *values, double weight)
{
    const vector_quad x = *(const vector_quad *)values;
    __builtin_prefetch(values + AHEAD);
    quad_look(&x, good);
    *sum += weight * x;
}

/* Adds rows to the sums and looks at them, four rows at a time: processors fetch from several places at once. */
VECTOR_INLINE bool chunk_add_four(double *sums, const double *const *rows, const double *weights, size_t count)
{
    vector_quad_mask good = {-1, -1, -1, -1};
    bool rest = true;
    size_t c = 0;
    for (; c + 4 <= count; c += 4) {
        vector_quad sum = *(const vector_quad *)(sums + c);
        quad_add(&sum, &good, rows[0] + c, weights[0]);
        quad_add(&sum, &good, rows[1] + c, weights[1]);
        quad_add(&sum, &good, rows[2] + c, weights[2]);
        quad_add(&sum, &good, rows[3] + c, weights[3]);
        *(vector_quad *)(sums + c) = sum;
    }
    for (; c < count; c++) {
        for (unsigned i = 0; i < 4; i++) {
            rest &= is_allowed(rows[i][c]);
            sums[c] += weights[i] * rows[i][c];
        }
    }
    return rest && all_set(&good);
}

VECTOR_INLINE bool chunk_add(double *sums, const double *row, double weight, size_t count)
{
    vector_quad_mask good = {-1, -1, -1, -1};
    bool rest = true;
    size_t c = 0;
    for (; c + 4 <= count; c += 4)
        quad_add((vector_quad *)(sums + c), &good, row + c, weight);
    for (; c < count; c++) {
        rest &= is_allowed(row[c]);
        sums[c] += weight * row[c];
    }
    return rest && all_set(&good);
}

VECTOR_INLINE bool chunk_average(const struct vector_rows *rows, const double *weights, size_t at, size_t count,
                                 double *out)
{
    const double *used[VECTOR_ROWS_MAX];
    double used_weights[VECTOR_ROWS_MAX], whole = 0;
    unsigned n = 0, i = 0;
    bool good = true;
    for (unsigned k = 0; k < rows->count; k++) {
        if (weights[k] == 0)
            continue;
        whole += weights[k];
        used[n] = rows->values[k] + at;
        used_weights[n++] = weights[k];
    }
    memset(out + at, 0, count * sizeof out[0]);
    for (; i + 4 <= n; i += 4)
        good &= chunk_add_four(out + at, used + i, used_weights + i, count);
    for (; i < n; i++)
        good &= chunk_add(out + at, used[i], used_weights[i], count);
    for (size_t c = at; c < at + count; c++)
        out[c] /= whole;
    return good;
}

VECTOR_INLINE void average(void *context, size_t task)
{
    const struct average_job *job = context;
    const struct vector_rows *rows = job->rows;
    size_t at = task * VECTOR_TASK_COLUMNS, end = at + vector_task_columns(rows->columns, task), count;
    size_t chunk = job->outputs > 1 ? CHUNK : VECTOR_TASK_COLUMNS;
    bool good = true;
    for (; at < end; at += count) {
        count = end - at < chunk ? end - at : chunk;
        for (unsigned i = 0; i < rows->count && job->outputs == 0; i++)
            good &= chunk_look(rows->values[i] + at, count);
        for (unsigned k = 0; k < job->outputs; k++)
            good &= chunk_average(rows, job->weights + (size_t)k * rows->count, at, count, job->out[k]);
    }
    job->is_bad[task] = !good;
}
VECTOR_TASK(average);

bool vector_average_many(const struct vector_rows *rows, unsigned outputs, const double *weights, double *const *out)
{
    size_t tasks = vector_task_count(rows->columns);
    struct average_job job = {rows, outputs, weights, out, mem_array(tasks, sizeof(bool))};
    bool good = true;
    vector_task_run(rows, &average_task, &job);
    for (size_t i = 0; i < tasks; i++)
        good &= !job.is_bad[i];
    mem_free(job.is_bad);
    return good;
}

bool vector_average(const struct vector_rows *rows, const double *weights, double *out)
{
    return vector_average_many(rows, 1, weights, &out);
}

bool vector_in_range(const struct vector_rows *rows, unsigned *row, size_t *column)
{
    if (vector_average_many(rows, 0, NULL, NULL))
        return true;
    for (unsigned i = 0; i < rows->count; i++) {
        for (size_t c = 0; c < rows->columns; c++) {
            if (chunk_look(rows->values[i] + c, 1))
                continue;
            *row = i;
            *column = c;
            return false;
        }
    }
    ASSERT(!"the two ways of looking agree");
    return false;
}
