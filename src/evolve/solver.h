#ifndef PRISMFED_EVOLVE_SOLVER_H
#define PRISMFED_EVOLVE_SOLVER_H

#include "evolve/tabucol.h"
#include "genome/genome.h"

/* The solver's genes, in the order of its schema (workload_schema). */
enum solver_gene {
    SOLVER_TENURE_BASE,
    SOLVER_TENURE_ALPHA,
    SOLVER_TENURE_RANDOM,
    SOLVER_START,
    SOLVER_SCOPE,
    SOLVER_ASPIRATION,
    SOLVER_STAGNATION,
    SOLVER_PERTURBATION,
    SOLVER_GENES
};

/* What a genome of exactly that schema (asserted) tells the solver to do. */
struct tabucol_params solver_params(const struct genome_schema *schema, const struct genome *genome);

#endif
