#include "evolve/sequential.h"
#include "tap.h"

static void enough_colours_make_it_proper(void)
{
    struct prng prng;
    uint32_t colour[64];
    tap_seed(31);
    prng_seed(&prng, 31);
    for (unsigned i = 0; i < 300; i++) {
        unsigned n = 1 + (unsigned)prng_below(&prng, 60);
        struct graph *g = graph_random(n, (unsigned)prng_below(&prng, 1001), &prng);
        unsigned clique = sequential_clique(g);
        unsigned dsatur = sequential_dsatur(g, n, colour);
        CHECK(graph_is_proper(g, colour));
        CHECK(clique >= 1 && clique <= dsatur && dsatur <= n);
        unsigned by_degree = sequential_by_degree(g, n, colour);
        CHECK(graph_is_proper(g, colour));
        CHECK(clique <= by_degree && by_degree <= n);
        graph_free(g);
    }
}

/* Brelaz 1979: exact on bipartite graphs. */
static void dsatur_is_exact_on_bipartite_graphs(void)
{
    struct prng prng;
    uint32_t colour[40];
    tap_seed(32);
    prng_seed(&prng, 32);
    for (unsigned i = 0; i < 100; i++) {
        struct graph *g = graph_planted(40, 2, 50 + (unsigned)prng_below(&prng, 900), &prng);
        CHECK(g->edges == 0 || sequential_dsatur(g, 40, colour) == 2);
        graph_free(g);
    }
}

static void too_few_colours_stay_in_range(void)
{
    struct graph *g = graph_queen(6, 6);
    uint32_t colour[36];
    CHECK_EQ_U64(sequential_dsatur(g, 4, colour), 4);
    CHECK(!graph_is_proper(g, colour));
    for (unsigned v = 0; v < 36; v++)
        CHECK(colour[v] < 4);
    CHECK_EQ_U64(sequential_by_degree(g, 1, colour), 1);
    graph_free(g);
}

static void cliques_are_found(void)
{
    struct prng prng;
    prng_seed(&prng, 33);
    struct graph *complete = graph_random(12, 1000, &prng), *empty = graph_random(12, 0, &prng);
    struct graph *queen = graph_queen(7, 7), *triangle_free = graph_mycielski(5);
    CHECK_EQ_U64(sequential_clique(complete), 12);
    CHECK_EQ_U64(sequential_clique(empty), 1);
    CHECK_EQ_U64(sequential_clique(queen), 7);
    CHECK_EQ_U64(sequential_clique(triangle_free), 2);
    graph_free(complete);
    graph_free(empty);
    graph_free(queen);
    graph_free(triangle_free);
}

int main(void)
{
    TAP_RUN(enough_colours_make_it_proper);
    TAP_RUN(dsatur_is_exact_on_bipartite_graphs);
    TAP_RUN(too_few_colours_stay_in_range);
    TAP_RUN(cliques_are_found);
    return tap_done();
}
