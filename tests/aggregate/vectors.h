#ifndef PRISMFED_TESTS_AGGREGATE_VECTORS_H
#define PRISMFED_TESTS_AGGREGATE_VECTORS_H

#include "aggregate/vector.h"
#include "base/prng.h"
#include "tap.h"

/* A set of vectors with its memory: rows in the order of their hashes unless a test shuffles them. */
struct vectors {
    struct vector_set set;
    double *memory, *weights, *out;
    const double **rows;
    struct digest *hashes;
};

static inline struct vectors vectors_new(unsigned rows, size_t columns)
{
    struct vectors v = {.memory = mem_array(rows * columns, sizeof(double)),
                        .weights = mem_array(rows, sizeof(double)),
                        .out = mem_array(columns, sizeof(double)),
                        .rows = mem_array(rows, sizeof(double *)),
                        .hashes = mem_array(rows, sizeof(struct digest))};
    for (unsigned i = 0; i < rows; i++) {
        v.rows[i] = v.memory + i * columns;
        v.weights[i] = 1;
        v.hashes[i].b[0] = (uint8_t)(i >> 8);
        v.hashes[i].b[1] = (uint8_t)i;
    }
    v.set = (struct vector_set){rows, columns, v.rows, v.hashes, v.weights};
    return v;
}

static inline struct vectors vectors_of(unsigned rows, size_t columns, const double *values)
{
    struct vectors v = vectors_new(rows, columns);
    memcpy(v.memory, values, rows * columns * sizeof values[0]);
    return v;
}

/* A draw with many ties when `steps` is low. */
static inline struct vectors vectors_draw(struct prng *prng, unsigned rows, size_t columns, unsigned steps)
{
    struct vectors v = vectors_new(rows, columns);
    for (size_t i = 0; i < rows * columns; i++)
        v.memory[i] = ((double)prng_below(prng, steps) - (double)(steps / 2)) / 8;
    for (unsigned i = 0; i < rows; i++)
        v.weights[i] = (double)prng_below(prng, 5) + (i == 0);
    return v;
}

static inline void vectors_free(struct vectors *v)
{
    mem_free(v->memory);
    mem_free(v->weights);
    mem_free(v->out);
    mem_free(v->rows);
    mem_free(v->hashes);
}

static inline double at(const struct vectors *v, unsigned row, size_t column)
{
    return v->rows[row][column];
}

static inline bool reduces(struct vectors *v, const struct vector_options *options)
{
    struct diag diag = {0};
    enum err err = vector_reduce(&v->set, options, v->out, NULL, &diag);
    if (err != ERR_OK)
        tap_note("%s: %s", vector_rule_name(options->rule), diag.text);
    return CHECK(err == ERR_OK);
}

#endif
