#ifndef PRISMFED_AGGREGATE_ROW_DISTANCE_H
#define PRISMFED_AGGREGATE_ROW_DISTANCE_H

#include <stdint.h>

/* How far each site's row of costs lies from the others': for people; it decides nothing. */

/* costs: sites x candidates, row by row, at most RANK_CANDIDATES_MAX candidates. out: one for each site, in ppm:
 * Spearman's footrule (Diaconis and Graham 1977, section 1) between the ranks of its row and those of the sum of the
 * others' ranks, of the greatest that there is: 0 is the same order, PPM the opposite one. All 0 where there are fewer
 * than two candidates or sites. */
void row_distances(const uint64_t *costs, unsigned sites, unsigned candidates, uint64_t *out);

#endif
