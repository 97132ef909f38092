#ifndef PRISMFED_EVOLVE_SURROGATE_H
#define PRISMFED_EVOLVE_SURROGATE_H

#include "genome/genome.h"

/* What the genomes tried so far let one expect of another: a mean of their values, those of the nearer ones weighing
 * more (Nadaraya 1964, Watson 1964). */

enum { SURROGATE_POINTS_MAX = 256, SURROGATE_OPEN_MAX = 8 /* as many as a search has lanes */ };

struct surrogate {
    const struct genome_schema *schema; /* borrowed */
    unsigned count, next;               /* a full one forgets the oldest */
    struct surrogate_point {
        double value, weight;
        struct gene_set active;
        double units[GENOME_GENES_MAX];
    } points[SURROGATE_POINTS_MAX];
    struct surrogate_point open[SURROGATE_OPEN_MAX]; /* tried at present, by number; weight 0: none */
};

/* weight: 1 for a value that is well known, less for a guess; > 0. */
void surrogate_add(struct surrogate *s, const struct genome *genome, double value, double weight);
/* Is it one of those, or tried at present? */
bool surrogate_has(const struct surrogate *s, const struct genome *genome);
/* A genome that is tried at present: what its neighbourhood hides will be known without another one. Returns its
 * number, for surrogate_close() when it is done; there are never more than SURROGATE_OPEN_MAX. */
unsigned surrogate_open(struct surrogate *s, const struct genome *genome);
void surrogate_close(struct surrogate *s, unsigned number);
/* Lower is more worth a try: what is expected, less what may be hidden so far away from all that was tried or
 * is. With no point at all 0. */
double surrogate_promise(const struct surrogate *s, const struct genome *genome);

#endif
