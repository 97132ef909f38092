#ifndef PRISMFED_EVOLVE_SEQUENTIAL_H
#define PRISMFED_EVOLVE_SEQUENTIAL_H

#include "evolve/graph.h"

/* Sequential colourings: vertices one after another, each gets the lowest colour that has the
 * fewest conflicts with neighbours coloured before it. With enough colours the result
 * is proper. colour[] has one entry a vertex; 1 <= colours <= UINT16_MAX. Both return the number of
 * colours used. */

/* By falling degree, ties by the lower vertex. */
unsigned sequential_by_degree(const struct graph *g, unsigned colours, uint32_t *colour);

/* Brelaz 1979: the vertex with the most distinct colours around it next, ties by
 * the higher degree, then by the lower vertex. */
unsigned sequential_dsatur(const struct graph *g, unsigned colours, uint32_t *colour);

/* The vertices of a greedy clique: a lower bound of the chromatic number. */
unsigned sequential_clique(const struct graph *g);

#endif
