#ifndef PRISMFED_GENOME_DISTANCE_H
#define PRISMFED_GENOME_DISTANCE_H

#include "genome/genome.h"

enum { GENOME_DISTANCE_MAX = 1000000 };

/* Gower's distance (1971) between two genomes of the schema, in parts per million: the mean over the genes that are
 * active in one of them at least. A gene that is active in one only counts 1; else numbers count the part of their
 * range that lies between them (on their own scale), ordinals that of their places, categories and toggles 1 when
 * they differ. 0 when both have no active gene. Symmetric; 0 for genomes that behave alike. */
uint32_t genome_distance(const struct genome_schema *schema, const struct genome *a, const struct genome *b);

#endif
