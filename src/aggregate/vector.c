#include "aggregate/vector.h"

#include <stdlib.h>
#include <string.h>

#include "aggregate/vector_rules.h"
#include "base/mutate.h"

enum { GEOMETRIC_STEPS = 32, CLIPPING_STEPS = 3, STEPS_MAX = 100000 };
#define SMOOTHING 1e-6

/* n must be at least factor * f + more. */
static const struct {
    const char *name;
    unsigned factor, more;
} rules[VECTOR_RULE_COUNT] = {
    [VECTOR_MEAN] = {"mean", 0, 1},
    [VECTOR_WEIGHTED_MEAN] = {"weighted_mean", 0, 1},
    [VECTOR_MEDIAN] = {"median", 2, 1},
    [VECTOR_TRIMMED_MEAN] = {"trimmed_mean", 2, 1},
    [VECTOR_KRUM] = {"krum", 2, 3},
    [VECTOR_MULTI_KRUM] = {"multi_krum", 2, 3},
    [VECTOR_GEOMETRIC_MEDIAN] = {"geometric_median", 2, 1},
    [VECTOR_CENTRED_CLIPPING] = {"centred_clipping", 2, 1},
    [VECTOR_BULYAN] = {"bulyan", 4, 3},
    [VECTOR_MDA] = {"mda", 2, 1},
};

const char *vector_rule_name(enum vector_rule rule)
{
    ASSERT((unsigned)rule < VECTOR_RULE_COUNT);
    return rules[rule].name;
}

enum err vector_rule_parse(struct bytes name, enum vector_rule *out)
{
    for (unsigned i = 0; i < VECTOR_RULE_COUNT; i++)
        if (bytes_equal(name, bytes_of_text(rules[i].name))) {
            *out = (enum vector_rule)i;
            return ERR_OK;
        }
    return ERR_UNKNOWN;
}

/* ---- checks */

static enum err options_check(const struct vector_options *o, struct diag *diag)
{
    bool has_weights = o->rule == VECTOR_WEIGHTED_MEAN;
    if ((unsigned)o->rule >= VECTOR_RULE_COUNT)
        return diag_set(diag, ERR_RANGE, "no such rule");
    if (o->threads > VECTOR_THREADS_MAX)
        return diag_set(diag, ERR_RANGE, "%u threads: at most %d", o->threads, VECTOR_THREADS_MAX);
    if (o->steps > STEPS_MAX)
        return diag_set(diag, ERR_RANGE, "%u steps: at most %d", o->steps, STEPS_MAX);
    if (!(o->smoothing >= 0 && o->smoothing <= VECTOR_VALUE_MAX))
        return diag_set(diag, ERR_RANGE, "a smoothing of %g: not allowed", o->smoothing);
    if (o->rule == VECTOR_CENTRED_CLIPPING && !(o->radius > 0 && o->radius <= VECTOR_VALUE_MAX))
        return diag_set(diag, ERR_RANGE, "a radius of %g: centred_clipping needs one above 0", o->radius);
    if (has_weights && (o->is_mixed || o->bucket > 1))
        return diag_set(diag, ERR_RANGE, "weights say nothing about rows that were mixed");
    return ERR_OK;
}

/* Whether n rows, those of the set after mixing, are enough. */
static enum err count_check(const struct vector_options *o, unsigned n, struct diag *diag)
{
    unsigned factor = rules[o->rule].factor, more = rules[o->rule].more;
    if (o->is_mixed && factor < 2)
        factor = 2;
    if (o->f > n || n < factor * o->f + more)
        return diag_set(diag, ERR_RANGE, "%s%s withstands f = %u among %u * f + %u rows or more, here are %u",
                        rules[o->rule].name, o->is_mixed ? " with mixing" : "", o->f, factor, more, n);
    if (o->rule == VECTOR_MULTI_KRUM && o->m > n - o->f)
        return diag_set(diag, ERR_RANGE, "m = %u: at most n - f = %u rows can be averaged", o->m, n - o->f);
    if (o->rule == VECTOR_MDA && o->f > VECTOR_MDA_F_MAX)
        return diag_set(diag, ERR_LIMIT, "mda takes 2^f steps: f = %u is above %d", o->f, VECTOR_MDA_F_MAX);
    return ERR_OK;
}

static enum err weights_check(const struct vector_set *set, struct diag *diag)
{
    double sum = 0;
    if (set->weights == NULL)
        return diag_set(diag, ERR_MISSING, "weighted_mean needs weights");
    for (unsigned i = 0; i < set->rows; i++) {
        if (!(set->weights[i] >= 0 && set->weights[i] <= VECTOR_WEIGHT_MAX))
            return diag_set(diag, ERR_RANGE, "row %u: a weight of %g is outside 0 .. 2^53", i, set->weights[i]);
        sum += set->weights[i];
    }
    return sum > 0 ? ERR_OK : diag_set(diag, ERR_RANGE, "no row has a weight above 0");
}

static enum err set_check(const struct vector_set *set, const struct vector_options *o, struct diag *diag)
{
    if (set->rows < 1 || set->rows > VECTOR_ROWS_MAX)
        return diag_set(diag, ERR_RANGE, "%u rows: expected 1 to %d", set->rows, VECTOR_ROWS_MAX);
    if (set->columns < 1)
        return diag_set(diag, ERR_RANGE, "rows without columns");
    return o->rule == VECTOR_WEIGHTED_MEAN ? weights_check(set, diag) : ERR_OK;
}

/* Which value is not allowed, in the order of the set. */
static enum err values_refuse(const struct vector_set *set, struct diag *diag)
{
    struct vector_rows rows = {.count = set->rows, .columns = set->columns, .threads = 1};
    unsigned row = 0;
    size_t column = 0;
    for (unsigned i = 0; i < set->rows; i++)
        rows.values[i] = set->values[i];
    ASSERT(!vector_in_range(&rows, &row, &column));
    return diag_set(diag, ERR_RANGE, "row %u, column %zu: %g is not a number from -2^300 to 2^300", row, column,
                    set->values[row][column]);
}

/* ---- order */

struct place {
    const struct digest *hash;
    const double *values;
    double weight;
};

static int place_compare(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    int order = digest_compare(x->hash, y->hash);
    return order != 0 ? order : (x->weight > y->weight) - (x->weight < y->weight);
}

/* Different rows by their hashes; of several with one hash that with the lowest weight stays. */
static void rows_order(const struct vector_set *set, struct vector_rows *rows, double *weights)
{
    struct place places[VECTOR_ROWS_MAX];
    for (unsigned i = 0; i < set->rows; i++)
        places[i] = (struct place){&set->hashes[i], set->values[i], set->weights != NULL ? set->weights[i] : 1};
    MUTATE(VECTOR_ARRIVAL_ORDER, (void)0, qsort(places, set->rows, sizeof places[0], place_compare));
    rows->count = 0;
    for (unsigned i = 0; i < set->rows; i++) {
        if (i > 0 && MUTATE(VECTOR_TWICE, false, digest_equal(places[i].hash, places[i - 1].hash)))
            continue;
        rows->values[rows->count] = places[i].values;
        weights[rows->count++] = places[i].weight;
    }
}

/* ---- the rules */

static bool rule_apply(const struct vector_rows *rows, const struct vector_options *o, const double *weights,
                       double *out)
{
    unsigned n = rows->count;
    double ones[VECTOR_ROWS_MAX];
    for (unsigned i = 0; i < n; i++)
        ones[i] = 1;
    switch (o->rule) {
    case VECTOR_MEAN:
        return vector_average(rows, ones, out);
    case VECTOR_WEIGHTED_MEAN:
        return vector_average(rows, weights, out);
    case VECTOR_MEDIAN:
        vector_median(rows, out);
        return true;
    case VECTOR_TRIMMED_MEAN:
        vector_trimmed_mean(rows, o->f, out);
        return true;
    case VECTOR_KRUM:
        vector_multi_krum(rows, o->f, 1, out);
        return true;
    case VECTOR_MULTI_KRUM:
        vector_multi_krum(rows, o->f, o->m > 0 ? o->m : n - o->f, out);
        return true;
    case VECTOR_GEOMETRIC_MEDIAN:
        vector_geometric_median(rows, o->smoothing > 0 ? o->smoothing : SMOOTHING,
                                o->steps > 0 ? o->steps : GEOMETRIC_STEPS, out);
        return true;
    case VECTOR_CENTRED_CLIPPING:
        vector_centred_clipping(rows, o->radius, o->steps > 0 ? o->steps : CLIPPING_STEPS, o->start, out);
        return true;
    case VECTOR_BULYAN:
        vector_bulyan(rows, o->f, out);
        return true;
    case VECTOR_MDA:
        vector_mda(rows, o->f, out);
        return true;
    case VECTOR_RULE_COUNT:
        break;
    }
    ASSERT(!"the rule was checked");
    return false;
}

/* The mean looks at its values while it adds them: its input is read once. */
static bool looks_itself(const struct vector_options *o)
{
    return (o->rule == VECTOR_MEAN || o->rule == VECTOR_WEIGHTED_MEAN) && !o->is_mixed && o->bucket <= 1;
}

static bool start_in_range(const struct vector_set *set, const struct vector_options *o)
{
    struct vector_rows start = {.count = 1, .columns = set->columns, .values = {o->start}, .threads = 1};
    unsigned row;
    size_t column;
    return o->rule != VECTOR_CENTRED_CLIPPING || o->start == NULL || vector_in_range(&start, &row, &column);
}

static unsigned row_of(const struct vector_set *set, const double *values)
{
    unsigned row = 0;
    while (set->values[row] != values)
        row++;
    return row;
}

/* Takes rows with values that are not allowed out of the set, while there are liars left that could have sent them. */
static bool values_drop(const struct vector_set *set, struct vector_options *o, struct vector_rows *rows,
                        double *weights, struct vector_dropped *dropped)
{
    unsigned row;
    size_t column;
    while (!vector_in_range(rows, &row, &column)) {
        if (MUTATE(VECTOR_DROPS_ANY, false, dropped->count == o->f))
            return false;
        dropped->faults[dropped->count++] = (struct vector_fault){row_of(set, rows->values[row]), column};
        rows->count--;
        memmove(rows->values + row, rows->values + row + 1, (rows->count - row) * sizeof rows->values[0]);
        memmove(weights + row, weights + row + 1, (rows->count - row) * sizeof weights[0]);
    }
    o->f -= dropped->count;
    return true;
}

static unsigned rows_left(const struct vector_rows *rows, const struct vector_options *o)
{
    return o->bucket > 1 ? (rows->count - 1) / o->bucket + 1 : rows->count;
}

/* The rows are those of the set, checked but for their values. */
static enum err reduce(const struct vector_set *set, struct vector_options *o, struct vector_rows *rows,
                       double *weights, double *out, struct vector_dropped *dropped, struct diag *diag)
{
    double *buckets = NULL, *mixed = NULL;
    enum err err = count_check(o, rows_left(rows, o), diag);
    if (err != ERR_OK)
        return err;
    if (!looks_itself(o) && !values_drop(set, o, rows, weights, dropped))
        return values_refuse(set, diag);
    err = count_check(o, rows_left(rows, o), diag);
    if (err != ERR_OK)
        return err;
    if (o->bucket > 1)
        buckets = vector_mix_bucket(rows, o->bucket, o->seed);
    if (o->is_mixed)
        mixed = vector_mix_nearest(rows, o->f);
    if (!rule_apply(rows, o, weights, out))
        err = values_refuse(set, diag);
    mem_free(mixed);
    mem_free(buckets);
    return err;
}

static int fault_compare(const void *a, const void *b)
{
    const struct vector_fault *x = a, *y = b;
    return (x->row > y->row) - (x->row < y->row);
}

enum err vector_reduce(const struct vector_set *set, const struct vector_options *options, double *out,
                       struct vector_dropped *dropped, struct diag *diag)
{
    struct vector_rows rows = {.columns = set->columns, .is_plain = options->is_plain};
    struct vector_options o = *options;
    struct vector_dropped faults = {0};
    double weights[VECTOR_ROWS_MAX];
    enum err err = options_check(options, diag);
    if (err == ERR_OK)
        err = set_check(set, options, diag);
    if (err != ERR_OK)
        return err;
    if (!start_in_range(set, options))
        return diag_set(diag, ERR_RANGE, "the start has a value that is not a number from -2^300 to 2^300");
    rows.threads = options->threads > 0 ? options->threads : 1;
    rows_order(set, &rows, weights);
    err = reduce(set, &o, &rows, weights, out, &faults, diag);
    qsort(faults.faults, faults.count, sizeof faults.faults[0], fault_compare);
    if (err == ERR_OK && dropped != NULL)
        *dropped = faults;
    return err;
}
