#ifndef PRISMFED_EVOLVE_VARIATION_H
#define PRISMFED_EVOLVE_VARIATION_H

#include "genome/genome.h"

/* New genomes from old ones. The result lies in the schema and carries a new seed
 * drawn from the stream. */

/* Changes each gene with chance 1/4, at least one that is active: numbers by a step on their own scale, ordinals to a
 * neighbour, categories to another one, toggles over. */
void variation_mutate(const struct genome_schema *schema, struct prng *prng, struct genome *genome);

/* Each gene from one of the two, evenly. */
void variation_cross(const struct genome_schema *schema, struct prng *prng, const struct genome *a,
                     const struct genome *b, struct genome *out);

#endif
