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
        .genes =
            {
                {.name = "rate", .type = GENE_CONTINUOUS, .log_scale = true, .lo = 0.001, .hi = 10, .default_real = 1},
                {.name = "shift", .type = GENE_CONTINUOUS, .lo = -1, .hi = 1, .default_real = 0.25},
                {.name = "depth", .type = GENE_DISCRETE, .ilo = -3, .ihi = 12, .default_integer = 4},
                {.name = "batch", .type = GENE_DISCRETE, .log_scale = true, .ilo = 1, .ihi = 64, .default_integer = 8},
                {.name = "level", .type = GENE_ORDINAL, .choice_count = 3, .choices = {"low", "mid", "high"}},
                {.name = "kind", .type = GENE_CATEGORICAL, .choice_count = 2, .choices = {"a", "b"}},
                {.name = "flag", .type = GENE_TOGGLE, .default_integer = 1},
            },
    };
}

/* Not memcmp: the padding between the fields is nobody's. */
static inline bool sample_equal(const struct genome *a, const struct genome *b)
{
    if (a->seed != b->seed || a->count != b->count)
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
