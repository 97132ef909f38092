#ifndef PRISMFED_GENOME_UNIT_H
#define PRISMFED_GENOME_UNIT_H

#include "genome/genome.h"

/* Every gene as a number in 0..1 on its own scale, for those who search. Integers, choices and toggles divide it evenly
 * (on a log scale by their logarithms), so that a uniform draw is a uniform draw of values. */

/* The value at u; below 0 is 0, above 1 is 1. */
struct gene_value gene_at(const struct gene_spec *spec, double u);
/* The middle of what gives this value of the gene. gene_at(spec, gene_unit(spec, v)) is v, but for the last bits of a
 * real number. */
double gene_unit(const struct gene_spec *spec, const struct gene_value *value);

#endif
