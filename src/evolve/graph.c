#include "evolve/graph.h"

#include <stdlib.h>

#include "evolve/edge_list.h"

void edge_list_add(struct edge_list *list, uint32_t u, uint32_t v)
{
    ASSERT(u != v);
    if (list->count == list->cap) {
        list->cap = list->cap ? list->cap * 2 : 1024;
        list->edges = mem_resize(list->edges, list->cap, sizeof list->edges[0]);
    }
    list->edges[list->count++] = u < v ? (uint64_t)u << 32 | v : (uint64_t)v << 32 | u;
}

static int edge_compare(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

size_t edge_list_tidy(struct edge_list *list)
{
    if (list->count == 0)
        return 0;
    qsort(list->edges, list->count, sizeof list->edges[0], edge_compare);
    size_t kept = 1;
    for (size_t i = 1; i < list->count; i++)
        if (list->edges[i] != list->edges[kept - 1])
            list->edges[kept++] = list->edges[i];
    list->count = kept;
    return kept;
}

void edge_list_free(struct edge_list *list)
{
    mem_free(list->edges);
    *list = (struct edge_list){0};
}

struct graph *edge_list_graph(const struct edge_list *list, uint32_t vertices)
{
    ASSERT(vertices >= 1 && vertices <= GRAPH_VERTICES_MAX && list->count <= GRAPH_EDGES_MAX);
    struct graph *g = mem_alloc(sizeof *g);
    g->vertices = vertices;
    g->edges = (uint32_t)list->count;
    g->offsets = mem_array((size_t)vertices + 1, sizeof g->offsets[0]);
    g->neighbors = mem_array(2 * list->count + 1, sizeof g->neighbors[0]);

    for (size_t i = 0; i < list->count; i++) {
        uint32_t u = (uint32_t)(list->edges[i] >> 32), v = (uint32_t)list->edges[i];
        ASSERT(u < v && v < vertices);
        g->offsets[u + 1]++;
        g->offsets[v + 1]++;
    }
    for (uint32_t v = 0; v < vertices; v++)
        g->offsets[v + 1] += g->offsets[v];

    /* In the order of the edges every vertex meets its lower neighbours first, then its
     * higher ones, each group ascending: the lists come out sorted. */
    uint32_t *next = mem_array(vertices, sizeof next[0]);
    for (uint32_t v = 0; v < vertices; v++)
        next[v] = g->offsets[v];
    for (size_t i = 0; i < list->count; i++) {
        uint32_t u = (uint32_t)(list->edges[i] >> 32), v = (uint32_t)list->edges[i];
        g->neighbors[next[u]++] = v;
        g->neighbors[next[v]++] = u;
    }
    mem_free(next);
    return g;
}

void graph_free(struct graph *g)
{
    if (g == NULL)
        return;
    mem_free(g->offsets);
    mem_free(g->neighbors);
    mem_free(g);
}

struct digest graph_hash(const struct graph *g)
{
    struct digest_context c;
    uint8_t word[8];
    digest_init(&c);
    be64_put(word, g->vertices);
    digest_add(&c, word, sizeof word);
    for (uint32_t u = 0; u < g->vertices; u++)
        for (uint32_t i = g->offsets[u]; i < g->offsets[u + 1]; i++) {
            if (g->neighbors[i] < u)
                continue;
            be64_put(word, (uint64_t)u << 32 | g->neighbors[i]);
            digest_add(&c, word, sizeof word);
        }
    return digest_final(&c);
}

bool graph_is_proper(const struct graph *g, const uint32_t *colour)
{
    for (uint32_t u = 0; u < g->vertices; u++)
        for (uint32_t i = g->offsets[u]; i < g->offsets[u + 1]; i++)
            if (colour[u] == colour[g->neighbors[i]])
                return false;
    return true;
}
