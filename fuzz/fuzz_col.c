/* DIMACS .col files: what is accepted is a simple undirected graph. */

#include "evolve/graph.h"
#include "fuzz.h"

static bool has_edge(const struct graph *g, uint32_t from, uint32_t to)
{
    for (uint32_t i = g->offsets[from]; i < g->offsets[from + 1]; i++) {
        if (g->neighbors[i] == to)
            return true;
    }
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct graph *g;
    struct diag diag = {0};
    if (graph_parse_col("fuzz", bytes_of(data, size), &g, &diag) != ERR_OK)
        return 0;
    ASSERT(g->vertices <= GRAPH_VERTICES_MAX && g->offsets[g->vertices] == 2 * g->edges);
    for (uint32_t v = 0; v < g->vertices; v++) {
        for (uint32_t i = g->offsets[v]; i < g->offsets[v + 1]; i++) {
            ASSERT(g->neighbors[i] < g->vertices && g->neighbors[i] != v);
            ASSERT(i == g->offsets[v] || g->neighbors[i - 1] < g->neighbors[i]);
            ASSERT(has_edge(g, g->neighbors[i], v));
        }
    }
    graph_free(g);
    return 0;
}
