#include "evolve/sequential.h"

struct sequential {
    const struct graph *g;
    unsigned colours, used;
    uint16_t *around;     /* vertices x colours: coloured neighbours that have the colour */
    uint32_t *saturation; /* distinct colours around a vertex */
    bool *is_coloured;
    uint32_t *colour;
};

static uint32_t degree(const struct graph *g, uint32_t v)
{
    return g->offsets[v + 1] - g->offsets[v];
}

static void sequential_init(struct sequential *s, const struct graph *g, unsigned colours, uint32_t *colour)
{
    ASSERT(colours >= 1 && colours <= UINT16_MAX);
    *s = (struct sequential){.g = g, .colours = colours, .colour = colour};
    s->around = mem_array((size_t)g->vertices * colours, sizeof s->around[0]);
    s->saturation = mem_array(g->vertices, sizeof s->saturation[0]);
    s->is_coloured = mem_array(g->vertices, sizeof s->is_coloured[0]);
}

static void sequential_fini(struct sequential *s)
{
    mem_free(s->around);
    mem_free(s->saturation);
    mem_free(s->is_coloured);
}

static void vertex_colour(struct sequential *s, uint32_t v)
{
    const uint16_t *row = s->around + (size_t)v * s->colours;
    uint32_t best = 0;
    for (uint32_t c = 1; c < s->colours && row[best] > 0; c++)
        if (row[c] < row[best])
            best = c;
    s->colour[v] = best;
    s->is_coloured[v] = true;
    if (best + 1 > s->used)
        s->used = best + 1;
    for (uint32_t i = s->g->offsets[v]; i < s->g->offsets[v + 1]; i++) {
        uint32_t u = s->g->neighbors[i];
        if (s->around[(size_t)u * s->colours + best]++ == 0)
            s->saturation[u]++;
    }
}

static bool stands_before(const struct sequential *s, uint32_t a, uint32_t b)
{
    if (s->saturation[a] != s->saturation[b])
        return s->saturation[a] > s->saturation[b];
    return degree(s->g, a) > degree(s->g, b);
}

unsigned sequential_dsatur(const struct graph *g, unsigned colours, uint32_t *colour)
{
    struct sequential s;
    sequential_init(&s, g, colours, colour);
    for (uint32_t done = 0; done < g->vertices; done++) {
        uint32_t best = UINT32_MAX;
        for (uint32_t v = 0; v < g->vertices; v++)
            if (!s.is_coloured[v] && (best == UINT32_MAX || stands_before(&s, v, best)))
                best = v;
        vertex_colour(&s, best);
    }
    sequential_fini(&s);
    return s.used;
}

/* order[]: vertices by falling degree, a counting sort that keeps the lower vertex first. */
static void order_by_degree(const struct graph *g, uint32_t *order)
{
    uint32_t *at = mem_array((size_t)g->vertices + 1, sizeof at[0]);
    for (uint32_t v = 0; v < g->vertices; v++)
        at[g->vertices - degree(g, v)]++; /* slot 1 has degree n-1; slot 0 stays empty */
    for (uint32_t i = 0; i < g->vertices; i++)
        at[i + 1] += at[i];
    for (uint32_t v = 0; v < g->vertices; v++)
        order[at[g->vertices - degree(g, v) - 1]++] = v;
    mem_free(at);
}

unsigned sequential_by_degree(const struct graph *g, unsigned colours, uint32_t *colour)
{
    struct sequential s;
    uint32_t *order = mem_array(g->vertices, sizeof order[0]);
    order_by_degree(g, order);
    sequential_init(&s, g, colours, colour);
    for (uint32_t i = 0; i < g->vertices; i++)
        vertex_colour(&s, order[i]);
    sequential_fini(&s);
    mem_free(order);
    return s.used;
}

/* From every vertex: go through the others by falling degree and keep those that
 * know all kept so far. */
unsigned sequential_clique(const struct graph *g)
{
    uint32_t *order = mem_array(g->vertices, sizeof order[0]);
    uint32_t *known = mem_array(g->vertices, sizeof known[0]);
    uint32_t best = 1;
    order_by_degree(g, order);
    for (uint32_t start = 0; start < g->vertices; start++) {
        uint32_t size = 1;
        for (uint32_t v = 0; v < g->vertices; v++)
            known[v] = 0;
        for (uint32_t i = g->offsets[start]; i < g->offsets[start + 1]; i++)
            known[g->neighbors[i]] = 1;
        for (uint32_t i = 0; i < g->vertices; i++) {
            uint32_t v = order[i];
            if (known[v] != size)
                continue;
            size++;
            for (uint32_t j = g->offsets[v]; j < g->offsets[v + 1]; j++)
                known[g->neighbors[j]]++;
        }
        if (size > best)
            best = size;
    }
    mem_free(known);
    mem_free(order);
    return best;
}
