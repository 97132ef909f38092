#ifndef PRISMFED_AGGREGATE_VECTOR_H
#define PRISMFED_AGGREGATE_VECTOR_H

#include "crypto/digest.h"

/* Robust rules over plain vectors, federated learning's case: one update a row, one result. Exact definitions, ties,
 * orders of summation and bounds: docs/aggregation.md. The result is a function of the set of updates and the
 * options: neither the order of the rows, nor an update that came twice, nor the number of threads, nor the
 * processor's instructions show in a bit of it. */

enum { VECTOR_ROWS_MAX = 256, VECTOR_THREADS_MAX = 64, VECTOR_MDA_F_MAX = 12 };

/* No value is beyond: sums of squares over every row and column stay finite. */
#define VECTOR_VALUE_MAX 0x1p300
#define VECTOR_WEIGHT_MAX 0x1p53

enum vector_rule {
    VECTOR_MEAN,
    VECTOR_WEIGHTED_MEAN,
    VECTOR_MEDIAN,
    VECTOR_TRIMMED_MEAN,
    VECTOR_KRUM,
    VECTOR_MULTI_KRUM,
    VECTOR_GEOMETRIC_MEDIAN,
    VECTOR_CENTRED_CLIPPING,
    VECTOR_BULYAN,
    VECTOR_MDA,
    VECTOR_RULE_COUNT
};

const char *vector_rule_name(enum vector_rule rule); /* "mean" ... "mda" */
enum err vector_rule_parse(struct bytes name, enum vector_rule *out) MUST_CHECK;

/* Updates, borrowed. A hash names its update: rows with the same hash are the same update, and count once. */
struct vector_set {
    unsigned rows; /* 1 .. VECTOR_ROWS_MAX */
    size_t columns;
    const double *const *values;
    const struct digest *hashes;
    const double *weights; /* weighted_mean only: 0 .. VECTOR_WEIGHT_MAX, one of them > 0; else NULL */
};

struct vector_options {
    enum vector_rule rule;
    unsigned f;          /* liars to withstand */
    unsigned m;          /* multi_krum: how many are averaged, 1 .. n - f; 0: n - f */
    unsigned steps;      /* geometric_median and centred_clipping; 0: 32 and 3 */
    double smoothing;    /* geometric_median: no distance counts as less; 0: 1e-6 */
    double radius;       /* centred_clipping: tau, > 0 */
    const double *start; /* centred_clipping: borrowed; NULL: the median */
    bool is_mixed;       /* each row becomes the mean of its n - f nearest first */
    unsigned bucket;     /* rows are averaged in buckets of this size first (before the mixing); 0 and 1: not */
    uint64_t seed;       /* of the buckets */
    unsigned threads;    /* 0 counts as 1 */
    bool is_plain;       /* without the wider instructions of this processor: slower, the same bits */
};

/* Rows with a value that is not allowed (a NaN, an infinity, beyond VECTOR_VALUE_MAX): whoever sent them is a liar, and
 * one of the f. */
struct vector_dropped {
    unsigned count;
    struct vector_fault {
        unsigned row; /* counted from 0, as given */
        size_t column;
    } faults[VECTOR_ROWS_MAX];
};

/* Reduces the set to out[columns], which no input may overlap. A rule that withstands liars (all but the means without
 * mixing) drops up to f rows with values that are not allowed, each of which leaves one liar less to withstand, and
 * says which (dropped may be NULL). ERR_RANGE: too few rows for f, an option, a weight or a value (the row counted from
 * 0 as given) that is not allowed, as diag says. */
enum err vector_reduce(const struct vector_set *set, const struct vector_options *options, double *out,
                       struct vector_dropped *dropped, struct diag *diag) MUST_CHECK;

#endif
