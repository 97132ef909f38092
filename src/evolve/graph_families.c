#include "evolve/edge_list.h"

/* Families of graphs that are defined exactly, and random ones drawn with integer
 * comparisons only: the same arguments and stream give the same edges anywhere. */

static struct graph *list_finish(struct edge_list *list, uint32_t vertices)
{
    ASSERT(edge_list_tidy(list) <= GRAPH_EDGES_MAX);
    struct graph *g = edge_list_graph(list, vertices);
    edge_list_free(list);
    return g;
}

/* Squares row by row; two queens on them would attack each other. */
struct graph *graph_queen(unsigned rows, unsigned columns)
{
    ASSERT(rows >= 1 && columns >= 1 && rows <= GRAPH_VERTICES_MAX && columns <= GRAPH_VERTICES_MAX / rows);
    struct edge_list list = {0};
    unsigned n = rows * columns;
    for (unsigned a = 0; a < n; a++)
        for (unsigned b = a + 1; b < n; b++) {
            unsigned down = b / columns - a / columns;
            unsigned x = a % columns, y = b % columns, across = x < y ? y - x : x - y;
            if (down == 0 || across == 0 || down == across)
                edge_list_add(&list, a, b);
        }
    return list_finish(&list, n);
}

/* Squares row by row; two rooks on them would attack each other: a colouring is a
 * Latin square. */
struct graph *graph_rook(unsigned order)
{
    ASSERT(order >= 1 && order <= 64);
    struct edge_list list = {0};
    unsigned n = order * order;
    for (unsigned a = 0; a < n; a++)
        for (unsigned b = a + 1; b < n; b++)
            if (a / order == b / order || a % order == b % order)
                edge_list_add(&list, a, b);
    return list_finish(&list, n);
}

/* The generalised Mycielskian: m copies (levels 1..m) of the n vertices above them (level 0);
 * for every edge uv the level l copy of u joins the level l-1 copy of v. Level l
 * stands at l*n; apexes come last. */
static void cone_levels(struct edge_list *list, uint32_t n, unsigned m)
{
    size_t base = list->count;
    for (size_t i = 0; i < base; i++) {
        uint32_t u = (uint32_t)(list->edges[i] >> 32), v = (uint32_t)list->edges[i];
        for (unsigned l = 1; l <= m; l++) {
            edge_list_add(list, l * n + u, (l - 1) * n + v);
            edge_list_add(list, l * n + v, (l - 1) * n + u);
        }
    }
}

static void apex_join(struct edge_list *list, uint32_t n, unsigned level, uint32_t apex)
{
    for (uint32_t v = 0; v < n; v++)
        edge_list_add(list, level * n + v, apex);
}

/* K2, then the cone with one apex on top, `times` times. */
static struct graph *cone_graph(unsigned m, unsigned times)
{
    struct edge_list list = {0};
    uint32_t n = 2;
    edge_list_add(&list, 0, 1);
    for (unsigned i = 0; i < times; i++) {
        ASSERT(n <= (GRAPH_VERTICES_MAX - 1) / (m + 1));
        cone_levels(&list, n, m);
        apex_join(&list, n, m, (m + 1) * n);
        n = (m + 1) * n + 1;
    }
    return list_finish(&list, n);
}

struct graph *graph_mycielski(unsigned k)
{
    ASSERT(k >= 2 && k <= 10);
    return cone_graph(1, k - 1);
}

struct graph *graph_insertions(unsigned k, unsigned n)
{
    ASSERT(k >= 1 && k <= 16 && n >= 2);
    return cone_graph(k + 1, n - 1);
}

/* As above with m+1 apexes that form a clique: apex 0 joins level m, apex l joins level l. */
struct graph *graph_full_insertions(unsigned k, unsigned n)
{
    ASSERT(k >= 1 && k <= 16 && n >= 2);
    struct edge_list list = {0};
    uint32_t vertices = 2;
    unsigned m = k + 1;
    edge_list_add(&list, 0, 1);
    for (unsigned i = 1; i < n; i++) {
        ASSERT(vertices <= GRAPH_VERTICES_MAX / (m + 1) - 1);
        uint32_t apex = (m + 1) * vertices;
        cone_levels(&list, vertices, m);
        apex_join(&list, vertices, m, apex);
        for (unsigned l = 1; l <= m; l++)
            apex_join(&list, vertices, l, apex + l);
        for (unsigned a = 0; a <= m; a++)
            for (unsigned b = a + 1; b <= m; b++)
                edge_list_add(&list, apex + a, apex + b);
        vertices = apex + m + 1;
    }
    return list_finish(&list, vertices);
}

struct graph *graph_random(unsigned n, unsigned edge_permille, struct prng *prng)
{
    ASSERT(n >= 1 && n <= GRAPH_VERTICES_MAX && edge_permille <= 1000);
    struct edge_list list = {0};
    for (unsigned u = 0; u < n; u++)
        for (unsigned v = u + 1; v < n; v++)
            if (prng_below(prng, 1000) < edge_permille)
                edge_list_add(&list, u, v);
    return list_finish(&list, n);
}

/* out[]: the numbers 0..n-1 in a drawn order (Fisher-Yates from the inside). */
static void shuffled(uint32_t *out, uint32_t n, struct prng *prng)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = (uint32_t)prng_below(prng, (uint64_t)i + 1);
        out[i] = out[at];
        out[at] = i;
    }
}

struct graph *graph_renumber(const struct graph *g, struct prng *prng)
{
    struct edge_list list = {0};
    uint32_t *number = mem_array(g->vertices, sizeof number[0]);
    shuffled(number, g->vertices, prng);
    for (uint32_t u = 0; u < g->vertices; u++)
        for (uint32_t i = g->offsets[u]; i < g->offsets[u + 1]; i++)
            if (u < g->neighbors[i])
                edge_list_add(&list, number[u], number[g->neighbors[i]]);
    mem_free(number);
    return list_finish(&list, g->vertices);
}

/* A hidden colouring in classes of equal size (up to one), edges between classes only. */
struct graph *graph_planted(unsigned n, unsigned colours, unsigned edge_permille, struct prng *prng)
{
    ASSERT(n >= 1 && n <= GRAPH_VERTICES_MAX && colours >= 1 && edge_permille <= 1000);
    struct edge_list list = {0};
    uint32_t *class = mem_array(n, sizeof class[0]);
    shuffled(class, n, prng);
    for (unsigned u = 0; u < n; u++)
        for (unsigned v = u + 1; v < n; v++)
            if (class[u] % colours != class[v] % colours && prng_below(prng, 1000) < edge_permille)
                edge_list_add(&list, u, v);
    mem_free(class);
    return list_finish(&list, n);
}

/* Points of a square of a million units; an edge where they are no further apart than the radius. */
struct graph *graph_geometric(unsigned n, unsigned radius_permille, struct prng *prng)
{
    ASSERT(n >= 1 && n <= GRAPH_VERTICES_MAX && radius_permille <= 2000);
    const int64_t side = 1000000, radius = (int64_t)radius_permille * 1000;
    struct edge_list list = {0};
    int64_t *x = mem_array(n, sizeof x[0]), *y = mem_array(n, sizeof y[0]);
    for (unsigned v = 0; v < n; v++) {
        x[v] = (int64_t)prng_below(prng, (uint64_t)side);
        y[v] = (int64_t)prng_below(prng, (uint64_t)side);
    }
    for (unsigned u = 0; u < n; u++)
        for (unsigned v = u + 1; v < n; v++) {
            int64_t dx = x[u] - x[v], dy = y[u] - y[v];
            if (dx * dx + dy * dy <= radius * radius)
                edge_list_add(&list, u, v);
        }
    mem_free(x);
    mem_free(y);
    return list_finish(&list, n);
}
