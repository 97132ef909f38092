#include <string.h>

#include "aggregate/vector_rules.h"

/* One order of summation for every squared distance: in a block of 256 columns four sums take turns, column by column,
 * and are folded as (s0 + s1) + (s2 + s3); blocks are added in order within a task, tasks in order. Columns missing in
 * the last block count as equal. Differences are taken before they are squared: the shorter way by inner products
 * loses the distance of updates that are close together and far from zero. */

enum { TILE = 3 /* rows: nine sums stay in sixteen registers */ };

struct pairs_job {
    const struct vector_rows *rows;
    size_t tiles;
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

VECTOR_INLINE double fold(const vector_quad *sum)
{
    return ((*sum)[0] + (*sum)[1]) + ((*sum)[2] + (*sum)[3]);
}

/* Three rows against three: each value that is loaded serves three times. */
VECTOR_INLINE void tile_add(const double (*a)[VECTOR_BLOCK], const double (*b)[VECTOR_BLOCK], double *sums)
{
    vector_quad s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0}, s4 = {0}, s5 = {0}, s6 = {0}, s7 = {0}, s8 = {0};
    for (unsigned c = 0; c < VECTOR_BLOCK; c += 4) {
        const vector_quad a0 = *(const vector_quad *)&a[0][c];
        const vector_quad a1 = *(const vector_quad *)&a[1][c];
        const vector_quad a2 = *(const vector_quad *)&a[2][c];
        vector_quad x = *(const vector_quad *)&b[0][c];
        add_square(&s0, &a0, &x);
        add_square(&s1, &a1, &x);
        add_square(&s2, &a2, &x);
        x = *(const vector_quad *)&b[1][c];
        add_square(&s3, &a0, &x);
        add_square(&s4, &a1, &x);
        add_square(&s5, &a2, &x);
        x = *(const vector_quad *)&b[2][c];
        add_square(&s6, &a0, &x);
        add_square(&s7, &a1, &x);
        add_square(&s8, &a2, &x);
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

VECTOR_INLINE void pairs(void *context, size_t task)
{
    const struct pairs_job *job = context;
    const struct vector_rows *rows = job->rows;
    size_t at = task * VECTOR_TASK_COLUMNS, end = at + vector_task_columns(rows->columns, task), count;
    unsigned groups = (rows->count + TILE - 1) / TILE;
    /* A block of columns close together: rows may lie at distances that a cache has one place for. */
    double(*block)[VECTOR_BLOCK] = mem_array((size_t)groups * TILE, sizeof block[0]);
    for (; at < end; at += count) {
        double(*sums)[TILE * TILE] = job->sums + task * job->tiles;
        count = end - at < VECTOR_BLOCK ? end - at : VECTOR_BLOCK;
        for (unsigned i = 0; i < rows->count; i++) {
            memset(block[i] + count, 0, (VECTOR_BLOCK - count) * sizeof block[i][0]);
            memcpy(block[i], rows->values[i] + at, count * sizeof block[i][0]);
        }
        for (unsigned i = 0; i < groups; i++)
            for (unsigned j = 0; j <= i; j++)
                tile_add(block + i * TILE, block + j * TILE, *sums++);
    }
    mem_free(block);
}
VECTOR_TASK(pairs);

void vector_distances(const struct vector_rows *rows, double *squares)
{
    unsigned n = rows->count, groups = (n + TILE - 1) / TILE;
    size_t tasks = vector_task_count(rows->columns), tiles = (size_t)groups * (groups + 1) / 2;
    struct pairs_job job = {rows, tiles, mem_array(tasks * tiles, sizeof job.sums[0])};
    vector_task_run(rows, &pairs_task, &job);
    for (unsigned i = 0; i < n; i++) {
        for (unsigned j = 0; j <= i; j++) {
            size_t group = i / TILE, tile = group * (group + 1) / 2 + j / TILE;
            double sum = 0;
            for (size_t task = 0; task < tasks; task++)
                sum += job.sums[task * tiles + tile][j % TILE * TILE + i % TILE];
            squares[(size_t)i * n + j] = squares[(size_t)j * n + i] = sum;
        }
    }
    mem_free(job.sums);
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
