#include "evolve/solver.h"

#include <string.h>

#include "evolve/workload.h"

/* Where the choices of these genes begin. */
enum { WORDS_START = 0, WORDS_SCOPE = 3, WORD_COUNT = 7 };

/* The defaults are the method as published in 1987: a fixed tenure of 7, a random start, a
 * sample of the neighbourhood, no restart. */
static const struct genome_schema solver_schema = {
    .count = SOLVER_GENES,
    .word_count = WORD_COUNT,
    .words = {[WORDS_START + TABUCOL_RANDOM] = "random",
              [WORDS_START + TABUCOL_BY_DEGREE] = "by_degree",
              [WORDS_START + TABUCOL_DSATUR] = "dsatur",
              [WORDS_SCOPE + TABUCOL_ONE] = "one",
              [WORDS_SCOPE + TABUCOL_FEW] = "few",
              [WORDS_SCOPE + TABUCOL_HALF] = "half",
              [WORDS_SCOPE + TABUCOL_ALL] = "all"},
    .genes =
        {
            [SOLVER_TENURE_BASE] =
                {.name = "tenure_base", .type = GENE_DISCRETE, .ilo = 0, .ihi = 40, .default_integer = 7},
            [SOLVER_TENURE_ALPHA] =
                {.name = "tenure_alpha", .type = GENE_CONTINUOUS, .lo = 0, .hi = 2, .default_real = 0},
            [SOLVER_TENURE_RANDOM] = {.name = "tenure_random",
                                      .type = GENE_DISCRETE,
                                      .log_scale = true,
                                      .ilo = 1,
                                      .ihi = 64,
                                      .default_integer = 1},
            [SOLVER_START] = {.name = "start",
                              .type = GENE_CATEGORICAL,
                              .choice_first = WORDS_START,
                              .choice_count = 3,
                              .default_integer = TABUCOL_RANDOM},
            [SOLVER_SCOPE] = {.name = "scope",
                              .type = GENE_ORDINAL,
                              .choice_first = WORDS_SCOPE,
                              .choice_count = 4,
                              .default_integer = TABUCOL_FEW},
            [SOLVER_ASPIRATION] = {.name = "aspiration", .type = GENE_TOGGLE, .default_integer = 1},
            [SOLVER_STAGNATION] = {.name = "stagnation",
                                   .type = GENE_DISCRETE,
                                   .log_scale = true,
                                   .ilo = 50,
                                   .ihi = 20000,
                                   .default_integer = 20000},
            [SOLVER_PERTURBATION] =
                {.name = "perturbation", .type = GENE_CONTINUOUS, .lo = 0, .hi = 1, .default_real = 0},
        },
};

const struct genome_schema *workload_schema(void)
{
    return &solver_schema;
}

struct tabucol_params solver_params(const struct genome_schema *schema, const struct genome *genome)
{
    const struct gene_value *v = genome->values;
    ASSERT(schema->count == SOLVER_GENES && genome->count == SOLVER_GENES);
    for (unsigned i = 0; i < SOLVER_GENES; i++)
        ASSERT(strcmp(schema->genes[i].name, solver_schema.genes[i].name) == 0);
    return (struct tabucol_params){
        .tenure_base = (uint32_t)v[SOLVER_TENURE_BASE].integer,
        .tenure_alpha = v[SOLVER_TENURE_ALPHA].real,
        .tenure_random = (uint32_t)v[SOLVER_TENURE_RANDOM].integer,
        .start = (enum tabucol_start)v[SOLVER_START].integer,
        .scope = (enum tabucol_scope)v[SOLVER_SCOPE].integer,
        .aspiration = v[SOLVER_ASPIRATION].integer != 0,
        .stagnation = (uint32_t)v[SOLVER_STAGNATION].integer,
        .perturbation = v[SOLVER_PERTURBATION].real,
    };
}
