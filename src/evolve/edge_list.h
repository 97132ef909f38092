#ifndef PRISMFED_EVOLVE_EDGE_LIST_H
#define PRISMFED_EVOLVE_EDGE_LIST_H

#include <stddef.h>

#include "evolve/graph.h"

/* Edges in any order, repeated or not, on their way to a graph. Zero-initialise;
 * edge_list_free() at the end. */
struct edge_list {
    uint64_t *edges; /* lower vertex << 32 | higher vertex */
    size_t count, cap;
};

/* u != v (asserted). */
void edge_list_add(struct edge_list *list, uint32_t u, uint32_t v);
/* Sorts and drops repeated edges. Returns what is left. */
size_t edge_list_tidy(struct edge_list *list);
/* The graph of a tidy list; the limits and the ends of the edges must be in range (asserted).
 * The caller frees it with graph_free(). */
struct graph *edge_list_graph(const struct edge_list *list, uint32_t vertices);
void edge_list_free(struct edge_list *list);

#endif
