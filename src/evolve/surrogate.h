#ifndef PRISMFED_EVOLVE_SURROGATE_H
#define PRISMFED_EVOLVE_SURROGATE_H

#include "genome/genome.h"

/* What the genomes tried so far let one expect of another: a mean of their values, those of the nearer ones weighing
 * more (Nadaraya 1964, Watson 1964). */

enum { SURROGATE_POINTS_MAX = 256 };

struct surrogate {
    const struct genome_schema *schema; /* borrowed */
    unsigned count, next;               /* a full one forgets the oldest */
    struct surrogate_point {
        double value, weight;
        struct gene_set active;
        double units[GENOME_GENES_MAX];
    } points[SURROGATE_POINTS_MAX];
};

/* weight: 1 for a value that is well known, less for a guess; > 0. */
void surrogate_add(struct surrogate *s, const struct genome *genome, double value, double weight);
/* Lower is more worth a try: what is expected, less what may be hidden so far away from all that was tried. With
 * no point at all 0. */
double surrogate_promise(const struct surrogate *s, const struct genome *genome);

#endif
