#ifndef PRISMFED_EVOLVE_VARIATION_H
#define PRISMFED_EVOLVE_VARIATION_H

#include "genome/genome.h"

/* New genomes from old ones. The results lie in the schema. */

/* A draw of the normal distribution. */
double variation_normal(struct prng *prng);

/* Moves one gene: numbers by a normal step of so much of their range (0..1, on their scale), held by its ends, ordinals
 * likewise, both by one place at least; toggles over, categories to another one. Only reals at an end may stay. */
void variation_step(const struct gene_spec *spec, double width, struct prng *prng, struct gene_value *value);

/* Steps each gene with chance 1/4, at least one that is active. */
void variation_mutate(const struct genome_schema *schema, double width, struct prng *prng, struct genome *genome);

/* Each gene from one of the two, evenly. */
void variation_cross(const struct genome_schema *schema, struct prng *prng, const struct genome *a,
                     const struct genome *b, struct genome *out);

#endif
