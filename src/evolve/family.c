#include "evolve/family.h"

#include <string.h>

#include "evolve/sequential.h"

/* An exact family has one graph for each size: the vertices are renumbered, so
 * that every site has instances (and thereby runs) of its own. */
static struct graph *renumbered(struct graph *g, struct prng *prng)
{
    struct graph *out = graph_renumber(g, prng);
    graph_free(g);
    return out;
}

/* The chromatic number is known to be 9 for side 8 and at least the side for all. */
static struct drawing draw_queen(unsigned size, struct prng *prng)
{
    return (struct drawing){renumbered(graph_queen(size, size), prng), 0, size == 8 ? 9 : size};
}

static struct drawing draw_mycielski(unsigned size, struct prng *prng)
{
    return (struct drawing){renumbered(graph_mycielski(size), prng), size + 1, size + 1};
}

static struct drawing draw_insertions(unsigned size, struct prng *prng)
{
    unsigned k = 1 + (unsigned)prng_below(prng, 3);
    return (struct drawing){renumbered(graph_insertions(k, size), prng), size + 1, size + 1};
}

static struct drawing draw_full_insertions(unsigned size, struct prng *prng)
{
    unsigned k = 1 + (unsigned)prng_below(prng, 3);
    return (struct drawing){renumbered(graph_full_insertions(k, size), prng), size + k, size + k};
}

static struct drawing draw_rook(unsigned size, struct prng *prng)
{
    return (struct drawing){renumbered(graph_rook(size), prng), size, size};
}

static struct drawing draw_random(unsigned size, struct prng *prng)
{
    struct graph *g = graph_random(size, 500, prng);
    return (struct drawing){g, 0, sequential_clique(g)};
}

/* About four neighbours in each other class: where the hidden colouring is still
 * what a search finds, and hard to find. */
static struct drawing draw_planted(unsigned size, struct prng *prng)
{
    unsigned colours = 5 + (unsigned)prng_below(prng, 6), permille = 4000 * colours / size;
    return (struct drawing){graph_planted(size, colours, permille < 900 ? permille : 900, prng), colours, 1};
}

static struct drawing draw_geometric(unsigned size, struct prng *prng)
{
    struct graph *g = graph_geometric(size, 250 + (unsigned)prng_below(prng, 151), prng);
    return (struct drawing){g, 0, sequential_clique(g)};
}

static const struct family families[] = {
    {"queen", 4, 32, 7, 9, draw_queen},
    {"mycielski", 2, 10, 4, 6, draw_mycielski},
    {"insertions", 2, 5, 3, 4, draw_insertions},
    {"full_insertions", 2, 5, 3, 4, draw_full_insertions},
    {"rook", 2, 32, 8, 12, draw_rook},
    {"random", 4, 2000, 80, 120, draw_random},
    {"planted", 10, 2000, 70, 110, draw_planted},
    {"geometric", 4, 2000, 70, 110, draw_geometric},
};

const struct family *family_find(const char *name)
{
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
        if (strcmp(families[i].name, name) == 0)
            return &families[i];
    return NULL;
}

const char *family_names(void)
{
    return "queen, mycielski, insertions, full_insertions, rook, random, planted, geometric";
}
