#ifndef PRISMFED_GENOME_CONDITION_H
#define PRISMFED_GENOME_CONDITION_H

#include "codec/cbor.h"

/* Expressions over the genes of one schema: when a gene matters at all (its condition), and which combinations
 * are forbidden. An expression is a row of items in prefix order ("&", "==", gene 0, choice 2, ...).
 *
 * A comparison that touches an inactive gene, or a number that is none (0 / 0), is neither true nor false but
 * unknown; not, and, or are Kleene's, as in R. A gene is active, and a combination forbidden, when its expression is
 * true. */

struct gene_spec;
struct genome_schema;
struct genome;

enum { GENE_SET_SIZE = 512 };

/* Some of the genes of a schema, by index. */
struct gene_set {
    uint64_t bits[GENE_SET_SIZE / 64];
};

static inline bool gene_set_has(struct gene_set set, unsigned gene)
{
    return (set.bits[gene / 64] >> gene % 64 & 1) != 0;
}

static inline void gene_set_add(struct gene_set *set, unsigned gene)
{
    set->bits[gene / 64] |= UINT64_C(1) << gene % 64;
}

static inline void gene_set_join(struct gene_set *set, struct gene_set other)
{
    for (unsigned i = 0; i < GENE_SET_SIZE / 64; i++)
        set->bits[i] |= other.bits[i];
}

/* Is every gene of `some` in `all`? */
static inline bool gene_set_within(struct gene_set some, struct gene_set all)
{
    uint64_t outside = 0;
    for (unsigned i = 0; i < GENE_SET_SIZE / 64; i++)
        outside |= some.bits[i] & ~all.bits[i];
    return outside == 0;
}

enum condition_op {
    /* values; the index is that of the gene, or of the choice of the gene to its left */
    CONDITION_GENE,
    CONDITION_NUMBER,
    CONDITION_CHOICE,
    /* truths */
    CONDITION_NOT,
    CONDITION_AND,
    CONDITION_OR,
    CONDITION_XOR,
    CONDITION_TRUE,
    CONDITION_FALSE,
    CONDITION_UNKNOWN, /* is the gene behind it inactive, or the number none? R's is.na */
    /* comparisons: two numbers; a gene with choices and one of them (an ordinal gene compares by place); or, with ==
     * and
     * !=, two genes with choices, by the texts of these */
    CONDITION_EQ,
    CONDITION_NE,
    CONDITION_LT,
    CONDITION_LE,
    CONDITION_GT,
    CONDITION_GE,
    CONDITION_IN, /* the index is how many values follow the first one */
    /* numbers; the arithmetic is that of IEEE 754 doubles, one operation at a time */
    CONDITION_ADD,
    CONDITION_SUBTRACT,
    CONDITION_MULTIPLY,
    CONDITION_DIVIDE,
    CONDITION_MODULO, /* a - floor(a / b) * b, as in R */
    CONDITION_NEGATE,
    CONDITION_MIN,
    CONDITION_MAX,
    CONDITION_ABS,
    CONDITION_FLOOR,
    CONDITION_CEILING,
    CONDITION_ROUND, /* halves to even, as in R */
    CONDITION_TRUNC,
    CONDITION_POWER,
    CONDITION_SQRT,
    CONDITION_EXP,
    CONDITION_LOG, /* natural */
    CONDITION_IF,  /* a truth, then two numbers or two truths: the first of them when it is true, else the second */
    CONDITION_OP_COUNT
};

struct condition_item {
    uint16_t op; /* enum condition_op */
    uint16_t index;
    double number; /* of CONDITION_NUMBER, else 0 */
};

/* A row of items of the schema's pool; count 0: no condition. */
struct condition {
    uint16_t first, count;
};

/* Does the gene have choices? Then it is no number. A toggle has two. */
bool gene_has_choices(const struct gene_spec *spec);

/* "&", "==", "min", ...; NULL for values. */
const char *condition_op_name(enum condition_op op);
/* How many operands follow; those of CONDITION_IN not counted. */
unsigned condition_op_arity(enum condition_op op);

/* Is a - b, when it is `difference`, as the operator (CONDITION_LT to CONDITION_GE) says? */
bool condition_in_order(enum condition_op op, double difference);
/* How many items the value or truth has that begins here, in a checked expression. */
unsigned condition_length(const struct condition_item *item);

/* Appends to the schema's pool; false when it is full. */
bool condition_append(struct genome_schema *schema, struct condition_item item) MUST_CHECK;
/* Puts it before the item at this place of the pool, which is of the newest expression; false when the pool is full. */
bool condition_insert(struct genome_schema *schema, unsigned at, struct condition_item item) MUST_CHECK;

/* Is it one whole expression that is true or false, of existing genes and choices, each comparison between things
 * that compare? The genes must be checked already. */
enum err condition_check(const struct genome_schema *schema, struct condition c, struct diag *diag) MUST_CHECK;
/* The genes that it names. */
struct gene_set condition_genes(const struct genome_schema *schema, struct condition c);
/* A gene whose condition depends on the gene itself, directly or through others; -1 when there is none. */
int condition_cycle(const struct genome_schema *schema);

/* The active genes of a genome. The schema must have no cycle. */
struct gene_set condition_active(const struct genome_schema *schema, const struct genome *genome);
/* Is the combination forbidden, given which genes are active? */
bool condition_holds(const struct genome_schema *schema, struct condition c, const struct genome *genome,
                     struct gene_set active);
/* The expression of numbers alone: its least and greatest value over the ranges of its genes (interval arithmetic:
 * never too narrow). False when it is none of numbers, or unbounded. */
bool condition_range(const struct genome_schema *schema, struct condition c, double *lo, double *hi) MUST_CHECK;

/* CBOR: an array, an operator being its name (for "in" its name, then the count), a gene its index, a choice an
 * array of its index, a number a float. condition_get() appends to the pool and checks neither types nor indexes. */
void condition_put(struct cbor_writer *w, const struct genome_schema *schema, struct condition c);
struct condition condition_get(struct cbor_reader *r, struct genome_schema *schema);

#endif
