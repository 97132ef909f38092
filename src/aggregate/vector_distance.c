#include <string.h>

#include "aggregate/vector_rules.h"

#include "base/mutate.h"

/* One order for every sum: in a block of 256 columns four sums take turns, column by column, and are folded as
 * (s0 + s1) + (s2 + s3); blocks are added in order within a task, tasks in order. Columns missing in the last block
 * count as zeros.
 *
 * All distances at once come from inner products, which take a third less work. Where two rows are closer together than
 * they are far from zero, that would lose digits (or all of them): their differences are taken instead. */

enum {
    TILE = 3 /* rows: nine sums stay in sixteen registers */,
    CLOSE = 64,
    LINE = 8 /* doubles in a line of a cache */
};

struct pairs_job {
    const struct vector_rows *rows;
    size_t tiles;
    const bool *is_wanted;       /* for each tile */
    double (*sums)[TILE * TILE]; /* tasks x tiles */
};

struct point_job {
    const struct vector_rows *rows;
    const double *point;
    double *sums; /* tasks x rows */
};

VECTOR_INLINE void add_square(vector_quad *sum, const vector_quad *a, const vector_quad *b)
{
    vector_quad difference = *a - *b;
    *sum += difference * difference;
}

VECTOR_INLINE void add_pair(vector_quad *sum, const vector_quad *a, const vector_quad *b, const bool differences)
{
    if (differences)
        add_square(sum, a, b);
    else
        *sum += *a * *b;
}

VECTOR_INLINE double fold(const vector_quad *sum)
{
    return ((*sum)[0] + (*sum)[1]) + ((*sum)[2] + (*sum)[3]);
}

/* Three rows against three: each value that is loaded serves three times. */
VECTOR_INLINE void tile_add(const double (*a)[VECTOR_BLOCK], const double (*b)[VECTOR_BLOCK], double *sums,
                            const bool differences)
{
    vector_quad s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0}, s4 = {0}, s5 = {0}, s6 = {0}, s7 = {0}, s8 = {0};
    for (unsigned c = 0; c < VECTOR_BLOCK; c += 4) {
        const vector_quad a0 = *(const vector_quad *)&a[0][c];
        const vector_quad a1 = *(const vector_quad *)&a[1][c];
        const vector_quad a2 = *(const vector_quad *)&a[2][c];
        vector_quad x = *(const vector_quad *)&b[0][c];
        add_pair(&s0, &a0, &x, differences);
        add_pair(&s1, &a1, &x, differences);
        add_pair(&s2, &a2, &x, differences);
        x = *(const vector_quad *)&b[1][c];
        add_pair(&s3, &a0, &x, differences);
        add_pair(&s4, &a1, &x, differences);
        add_pair(&s5, &a2, &x, differences);
        x = *(const vector_quad *)&b[2][c];
        add_pair(&s6, &a0, &x, differences);
        add_pair(&s7, &a1, &x, differences);
        add_pair(&s8, &a2, &x, differences);
    }
    sums[0] += fold(&s0);
    sums[1] += fold(&s1);
    sums[2] += fold(&s2);
    sums[3] += fold(&s3);
    sums[4] += fold(&s4);
    sums[5] += fold(&s5);
    sums[6] += fold(&s6);
    sums[7] += fold(&s7);
    sums[8] += fold(&s8);
}

VECTOR_INLINE void row_copy(double *to, const double *from, size_t count)
{
    size_t c = 0;
    for (; c + 4 <= count; c += 4)
        *(vector_quad *)(to + c) = *(const vector_quad *)(from + c);
    for (; c < VECTOR_BLOCK; c++)
        to[c] = c < count ? from[c] : 0;
}

/* For the next block, while there is work to do with this one. */
VECTOR_INLINE void row_ask(const double *from)
{
    for (unsigned c = 0; c < VECTOR_BLOCK; c += LINE)
        __builtin_prefetch(from + c, 0, 2); /* not into the nearest cache: this block is there */
}

VECTOR_INLINE void pairs(void *context, size_t task, const bool differences)
{
    const struct pairs_job *job = context;
    const struct vector_rows *rows = job->rows;
    size_t at = task * VECTOR_TASK_COLUMNS, end = at + vector_task_columns(rows->columns, task), count;
    unsigned groups = (rows->count + TILE - 1) / TILE;
    /* A block of columns close together: rows may lie at distances that a cache has one place for. */
    double(*block)[VECTOR_BLOCK] = mem_array((size_t)groups * TILE, sizeof block[0]);
    for (; at < end; at += count) {
        size_t tile = 0;
        count = end - at < VECTOR_BLOCK ? end - at : VECTOR_BLOCK;
        for (unsigned i = 0; i < rows->count; i++)
            row_copy(block[i], rows->values[i] + at, count);
        for (unsigned i = 0; i < groups; i++) {
            for (unsigned k = i * TILE; k < i * TILE + TILE && k < rows->count && end - at >= 2 * VECTOR_BLOCK; k++)
                row_ask(rows->values[k] + at + VECTOR_BLOCK);
            for (unsigned j = 0; j <= i; j++, tile++)
                if (job->is_wanted[tile])
                    tile_add(block + i * TILE, block + j * TILE, job->sums[task * job->tiles + tile], differences);
        }
    }
    mem_free(block);
}

VECTOR_INLINE void products(void *context, size_t task)
{
    pairs(context, task, false);
}
VECTOR_TASK(products);

VECTOR_INLINE void differences(void *context, size_t task)
{
    pairs(context, task, true);
}
VECTOR_TASK(differences);

static size_t tile_of(unsigned i, unsigned j)
{
    return (size_t)(i / TILE) * (i / TILE + 1) / 2 + j / TILE;
}

/* The sum over all tasks for rows i and j <= i. */
static double pair_sum(const struct pairs_job *job, unsigned i, unsigned j)
{
    size_t tasks = vector_task_count(job->rows->columns), tile = tile_of(i, j);
    double sum = 0;
    for (size_t task = 0; task < tasks; task++)
        sum += job->sums[task * job->tiles + tile][j % TILE * TILE + i % TILE];
    return sum;
}

/* Fills what the wanted tiles have: products, or squared distances. */
static void pairs_run(struct pairs_job *job, const struct vector_task *task)
{
    size_t tasks = vector_task_count(job->rows->columns);
    job->sums = mem_array(tasks * job->tiles, sizeof job->sums[0]);
    vector_task_run(job->rows, task, job);
}

void vector_distances(const struct vector_rows *rows, double *squares)
{
    unsigned n = rows->count;
    size_t tiles = tile_of(n - 1, n - 1) + 1;
    bool *is_wanted = mem_array(tiles, sizeof is_wanted[0]), any = false;
    double norms[VECTOR_ROWS_MAX];
    struct pairs_job job = {.rows = rows, .tiles = tiles, .is_wanted = is_wanted};
    memset(is_wanted, true, tiles);
    pairs_run(&job, &products_task);
    memset(is_wanted, false, tiles);
    for (unsigned i = 0; i < n; i++) {
        norms[i] = pair_sum(&job, i, i);
        for (unsigned j = 0; j <= i; j++) {
            double sum = norms[i] + norms[j], square = sum - 2 * pair_sum(&job, i, j);
            squares[(size_t)i * n + j] = squares[(size_t)j * n + i] = i == j ? 0 : square;
            if (i != j && square * CLOSE < sum)
                any = is_wanted[tile_of(i, j)] = true;
        }
    }
    mem_free(job.sums);
    any = MUTATE(VECTOR_ONLY_PRODUCTS, false, any);
    if (any)
        pairs_run(&job, &differences_task);
    for (unsigned i = 0; i < n && any; i++) {
        for (unsigned j = 0; j < i; j++) {
            if (squares[(size_t)i * n + j] * CLOSE < norms[i] + norms[j])
                squares[(size_t)i * n + j] = squares[(size_t)j * n + i] = pair_sum(&job, i, j);
        }
    }
    mem_free(any ? job.sums : NULL);
    mem_free(is_wanted);
}

VECTOR_INLINE double block_square(const double *a, const double *b)
{
    vector_quad sum = {0};
    for (unsigned c = 0; c < VECTOR_BLOCK; c += 4) {
        const vector_quad x = *(const vector_quad *)(a + c), y = *(const vector_quad *)(b + c);
        add_square(&sum, &x, &y);
    }
    return fold(&sum);
}

VECTOR_INLINE void to_point(void *context, size_t task)
{
    const struct point_job *job = context;
    const struct vector_rows *rows = job->rows;
    size_t begin = task * VECTOR_TASK_COLUMNS, end = begin + vector_task_columns(rows->columns, task);
    for (unsigned i = 0; i < rows->count; i++) {
        double *sum = &job->sums[task * rows->count + i];
        size_t at = begin;
        for (; at + VECTOR_BLOCK <= end; at += VECTOR_BLOCK)
            *sum += block_square(rows->values[i] + at, job->point + at);
        if (at < end) {
            double a[VECTOR_BLOCK] = {0}, b[VECTOR_BLOCK] = {0};
            memcpy(a, rows->values[i] + at, (end - at) * sizeof a[0]);
            memcpy(b, job->point + at, (end - at) * sizeof b[0]);
            *sum += block_square(a, b);
        }
    }
}
VECTOR_TASK(to_point);

void vector_distances_to(const struct vector_rows *rows, const double *point, double *squares)
{
    size_t tasks = vector_task_count(rows->columns);
    struct point_job job = {rows, point, mem_array(tasks * rows->count, sizeof job.sums[0])};
    vector_task_run(rows, &to_point_task, &job);
    for (unsigned i = 0; i < rows->count; i++) {
        squares[i] = 0;
        for (size_t task = 0; task < tasks; task++)
            squares[i] += job.sums[task * rows->count + i];
    }
    mem_free(job.sums);
}
