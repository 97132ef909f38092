#ifndef PRISMFED_AGGREGATE_VECTOR_RULES_H
#define PRISMFED_AGGREGATE_VECTOR_RULES_H

#include "aggregate/vector.h"

/* What the files of the vector rules share; everybody else uses vector.h. */

/* Different updates in the order of their hashes. */
struct vector_rows {
    unsigned count;
    size_t columns;
    const double *values[VECTOR_ROWS_MAX];
    unsigned threads;
    bool is_plain;
};

/* ---- vector_task.c: columns in tasks of a fixed size, so that the number of threads shows nowhere */

enum { VECTOR_TASK_COLUMNS = 1 << 14, VECTOR_BLOCK = 256 };

/* Four doubles at once, as gcc and clang have them for every processor: element by element, rounded one by one. */
typedef double vector_quad __attribute__((vector_size(32), aligned(8), may_alias));
typedef int64_t vector_quad_mask __attribute__((vector_size(32), aligned(8), may_alias));

struct vector_task {
    void (*plain)(void *context, size_t task);
    void (*wide)(void *context, size_t task);
};

#define VECTOR_INLINE static inline __attribute__((always_inline))
#ifdef __x86_64__
#define VECTOR_WIDE __attribute__((target("avx2")))
#else
#define VECTOR_WIDE
#endif

/* Compiles an inline function(context, task) once for every processor and once for those with AVX2: the same
 * operations in the same order. */
#define VECTOR_TASK(function)                                                                                          \
    static void function##_plain(void *context, size_t task)                                                           \
    {                                                                                                                  \
        function(context, task);                                                                                       \
    }                                                                                                                  \
    VECTOR_WIDE static void function##_wide(void *context, size_t task)                                                \
    {                                                                                                                  \
        function(context, task);                                                                                       \
    }                                                                                                                  \
    static const struct vector_task function##_task = {function##_plain, function##_wide}

size_t vector_task_count(size_t columns);
size_t vector_task_columns(size_t columns, size_t task); /* of this task; it begins at task * VECTOR_TASK_COLUMNS */
/* Runs every task of the rows' columns once, on rows->threads threads in any order; each writes what is its own. */
void vector_task_run(const struct vector_rows *rows, const struct vector_task *task, void *context);

/* ---- vector_mean.c */

/* out[k] = (sum over rows, in order, of weights[k * rows + i] * row i) / (sum of these weights), for each k < outputs.
 * Rows of weight 0 are left out. False if a value is not allowed: then out is not to be used. */
bool vector_average_many(const struct vector_rows *rows, unsigned outputs, const double *weights, double *const *out);
bool vector_average(const struct vector_rows *rows, const double *weights, double *out);
/* Whether none of the rows has a value that is not allowed; else the first such row and its first such column. */
bool vector_in_range(const struct vector_rows *rows, unsigned *row, size_t *column);

/* ---- vector_sort.c */

enum { VECTOR_GROUP = 16 };

/* Called with a group of columns, each sorted upwards: sorted[i][c] is the i-th lowest value in column c. Only
 * places `from` to `to` - 1 are in order, unless these are all. */
struct vector_finish {
    void (*run)(const void *context, double (*sorted)[VECTOR_GROUP], double *out);
    const void *context;
};
void vector_sort_columns(const struct vector_rows *rows, unsigned from, unsigned to, struct vector_finish finish,
                         double *out);

/* ---- vector_distance.c: squared Euclidean distances */

void vector_distances(const struct vector_rows *rows, double *squares); /* count x count, symmetric */
void vector_distances_to(const struct vector_rows *rows, const double *point, double *squares);

/* ---- the rules; what they need of n, f and the options was checked */

void vector_median(const struct vector_rows *rows, double *out);
void vector_trimmed_mean(const struct vector_rows *rows, unsigned f, double *out);
/* The row of those with is_left whose `neighbours` nearest of them are nearest; a tie goes to the lower row. */
unsigned vector_krum_best(const double *squares, unsigned count, const bool *is_left, unsigned neighbours);
void vector_multi_krum(const struct vector_rows *rows, unsigned f, unsigned m, double *out);
void vector_geometric_median(const struct vector_rows *rows, double smoothing, unsigned steps, double *out);
void vector_centred_clipping(const struct vector_rows *rows, double radius, unsigned steps, const double *start,
                             double *out);
void vector_bulyan(const struct vector_rows *rows, unsigned f, double *out);
void vector_mda(const struct vector_rows *rows, unsigned f, double *out);

/* ---- vector_mix.c: new rows into memory, which the caller frees (mem_free), in place of the old ones */

double *vector_mix_bucket(struct vector_rows *rows, unsigned size, uint64_t seed);
double *vector_mix_nearest(struct vector_rows *rows, unsigned f);

#endif
