#ifndef PRISMFED_TESTS_GENOME_SAMPLE_H
#define PRISMFED_TESTS_GENOME_SAMPLE_H

#include <string.h>

#include "genome/genome.h"

/* A schema with every type of gene, both scales. */
enum sample_gene { SAMPLE_RATE, SAMPLE_SHIFT, SAMPLE_DEPTH, SAMPLE_BATCH, SAMPLE_LEVEL, SAMPLE_KIND, SAMPLE_FLAG };

static inline struct genome_schema sample_schema(void)
{
    return (struct genome_schema){
        .count = 7,
        .word_count = 5,
        .words = {"low", "mid", "high", "a", "b"},
        .genes =
            {
                {.name = "rate", .type = GENE_CONTINUOUS, .log_scale = true, .lo = 0.001, .hi = 10, .default_real = 1},
                {.name = "shift", .type = GENE_CONTINUOUS, .lo = -1, .hi = 1, .default_real = 0.25},
                {.name = "depth", .type = GENE_DISCRETE, .ilo = -3, .ihi = 12, .default_integer = 4},
                {.name = "batch", .type = GENE_DISCRETE, .log_scale = true, .ilo = 1, .ihi = 64, .default_integer = 8},
                {.name = "level", .type = GENE_ORDINAL, .choice_count = 3},
                {.name = "kind", .type = GENE_CATEGORICAL, .choice_first = 3, .choice_count = 2},
                {.name = "flag", .type = GENE_TOGGLE, .default_integer = 1},
            },
    };
}

/* The same where many are wanted in one function: a schema is large for a stack. */
__attribute__((noinline, unused)) static const struct genome_schema *sample_kept(struct genome_schema (*make)(void))
{
    static struct genome_schema kept;
    kept = make();
    return &kept;
}

/* Appends an expression of these items to the pool. */
static inline struct condition sample_condition(struct genome_schema *schema, unsigned count,
                                                const struct condition_item *items)
{
    struct condition c = {.first = (uint16_t)schema->item_count, .count = (uint16_t)count};
    for (unsigned i = 0; i < count; i++)
        ASSERT(condition_append(schema, items[i]));
    return c;
}
#define SAMPLE_CONDITION(schema, ...)                                                                                  \
    sample_condition((schema), sizeof((struct condition_item[]){__VA_ARGS__}) / sizeof(struct condition_item),         \
                     (struct condition_item[]){__VA_ARGS__})
#define OP(name)                                                                                                       \
    {                                                                                                                  \
        .op = CONDITION_##name                                                                                         \
    }
#define IN(values)                                                                                                     \
    {                                                                                                                  \
        .op = CONDITION_IN, .index = (values)                                                                          \
    }
#define GENE(gene)                                                                                                     \
    {                                                                                                                  \
        .op = CONDITION_GENE, .index = (gene)                                                                          \
    }
#define CHOICE(place)                                                                                                  \
    {                                                                                                                  \
        .op = CONDITION_CHOICE, .index = (place)                                                                       \
    }
#define NUMBER(x)                                                                                                      \
    {                                                                                                                  \
        .op = CONDITION_NUMBER, .number = (x)                                                                          \
    }

/* The sample, where kind matters above level low, depth for kind b, batch for a depth above 6 or a level that is
 * neither low nor mid; forbidden are the flag with kind a, and a depth above the batch. */
static inline struct genome_schema sample_conditional(void)
{
    struct genome_schema s = sample_schema();
    s.genes[SAMPLE_BATCH].default_integer = 16;
    s.genes[SAMPLE_KIND].condition = SAMPLE_CONDITION(&s, OP(GT), GENE(SAMPLE_LEVEL), CHOICE(0));
    s.genes[SAMPLE_DEPTH].condition = SAMPLE_CONDITION(&s, OP(EQ), GENE(SAMPLE_KIND), CHOICE(1));
    s.genes[SAMPLE_BATCH].condition = SAMPLE_CONDITION(&s, OP(OR), OP(GT), GENE(SAMPLE_DEPTH), NUMBER(6), OP(NOT),
                                                       IN(2), GENE(SAMPLE_LEVEL), CHOICE(0), CHOICE(1));
    s.forbidden[0] =
        SAMPLE_CONDITION(&s, OP(AND), OP(EQ), GENE(SAMPLE_FLAG), CHOICE(1), OP(EQ), GENE(SAMPLE_KIND), CHOICE(0));
    s.forbidden[1] = SAMPLE_CONDITION(&s, OP(GT), GENE(SAMPLE_DEPTH), GENE(SAMPLE_BATCH));
    s.forbidden_count = 2;
    return s;
}

/* Not memcmp: the padding between the fields is nobody's. */
static inline bool sample_equal(const struct genome *a, const struct genome *b)
{
    if (a->count != b->count)
        return false;
    for (unsigned i = 0; i < GENOME_GENES_MAX; i++)
        if (memcmp(&a->values[i], &b->values[i], sizeof a->values[i]) != 0)
            return false;
    return true;
}

/* Does it lie in the schema, with the unused halves zero? */
static inline bool sample_fits(const struct genome_schema *schema, const struct genome *genome)
{
    struct genome projected = *genome;
    genome_project(schema, &projected);
    return sample_equal(&projected, genome);
}

#endif
