#include "evolve/graph.h"
#include "tap.h"

static bool is_adjacent(const struct graph *g, uint32_t u, uint32_t v)
{
    for (uint32_t i = g->offsets[u]; i < g->offsets[u + 1]; i++)
        if (g->neighbors[i] == v)
            return true;
    return false;
}

/* Sorted, without loops and repetitions, the same seen from both ends. */
static bool is_sound(const struct graph *g)
{
    if (g->offsets[0] != 0 || g->offsets[g->vertices] != 2 * g->edges)
        return false;
    for (uint32_t u = 0; u < g->vertices; u++)
        for (uint32_t i = g->offsets[u]; i < g->offsets[u + 1]; i++) {
            uint32_t v = g->neighbors[i];
            if (v == u || v >= g->vertices || (i > g->offsets[u] && v <= g->neighbors[i - 1]) || !is_adjacent(g, v, u))
                return false;
        }
    return true;
}

/* Can the vertices from v on be coloured, the ones before being so? */
static bool can_colour(const struct graph *g, unsigned colours, uint32_t *colour, uint32_t v, unsigned used)
{
    if (v == g->vertices)
        return true;
    for (uint32_t c = 0; c < colours && c <= used; c++) {
        bool is_free = true;
        for (uint32_t i = g->offsets[v]; i < g->offsets[v + 1] && g->neighbors[i] < v; i++)
            is_free = is_free && colour[g->neighbors[i]] != c;
        colour[v] = c;
        if (is_free && can_colour(g, colours, colour, v + 1, c == used ? used + 1 : used))
            return true;
    }
    return false;
}

static unsigned chromatic_number(const struct graph *g)
{
    uint32_t colour[128];
    for (unsigned k = 1;; k++)
        if (can_colour(g, k, colour, 0, 0)) {
            CHECK(graph_is_proper(g, colour));
            return k;
        }
}

/* Takes g. */
static void check_family(struct graph *g, uint32_t vertices, uint32_t edges, unsigned chi)
{
    CHECK(is_sound(g));
    CHECK_EQ_U64(g->vertices, vertices);
    CHECK_EQ_U64(g->edges, edges);
    if (chi > 0)
        CHECK_EQ_U64(chromatic_number(g), chi);
    graph_free(g);
}

static void exact_families_have_their_numbers(void)
{
    check_family(graph_queen(5, 5), 25, 160, 5);
    check_family(graph_queen(6, 6), 36, 290, 7);
    check_family(graph_queen(8, 12), 96, 1368, 0);
    check_family(graph_queen(1, 1), 1, 0, 1);
    check_family(graph_mycielski(2), 5, 5, 3);
    check_family(graph_mycielski(3), 11, 20, 4);
    check_family(graph_mycielski(4), 23, 71, 5);
    check_family(graph_mycielski(7), 191, 2360, 0);
    check_family(graph_insertions(1, 2), 7, 7, 3); /* an odd cycle */
    check_family(graph_insertions(1, 3), 22, 42, 4);
    check_family(graph_insertions(1, 4), 67, 232, 0);
    check_family(graph_insertions(2, 3), 37, 72, 0);
    check_family(graph_insertions(3, 3), 56, 110, 0);
    check_family(graph_full_insertions(1, 3), 30, 100, 4);
    check_family(graph_full_insertions(2, 3), 52, 201, 0);
    check_family(graph_full_insertions(1, 4), 93, 593, 0);
    check_family(graph_rook(4), 16, 48, 4);
    check_family(graph_rook(5), 25, 100, 5);
}

static void check_file(const char *name, struct graph *g)
{
    char relative[64];
    struct graph *file = NULL;
    struct diag diag = {0};
    snprintf(relative, sizeof relative, "dimacs/%s.col", name);
    const char *path = tap_shared(relative);
    if (path == NULL) {
        tap_skip("no shared files");
    } else if (CHECK_OK(graph_load_col(path, &file, &diag))) {
        struct digest a = graph_hash(g), b = graph_hash(file);
        if (!CHECK(digest_equal(&a, &b)))
            tap_note("%s differs", name);
        CHECK(is_sound(file));
        graph_free(file);
    }
    graph_free(g);
}

static void exact_families_equal_the_public_files(void)
{
    check_file("queen8_8", graph_queen(8, 8));
    check_file("queen11_11", graph_queen(11, 11));
    check_file("myciel5", graph_mycielski(5));
    check_file("myciel6", graph_mycielski(6));
}

static void other_public_files_load(void)
{
    const struct {
        const char *name;
        uint32_t vertices, edges;
    } files[] = {{"DSJC125.1", 125, 736}, {"DSJC125.5", 125, 3891}, {"DSJC125.9", 125, 6961}, {"le450_15a", 450, 8168}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char relative[64];
        struct graph *g;
        snprintf(relative, sizeof relative, "dimacs/%s.col", files[i].name);
        const char *path = tap_shared(relative);
        if (path == NULL)
            SKIP("no shared files");
        REQUIRE_OK(graph_load_col(path, &g, NULL));
        check_family(g, files[i].vertices, files[i].edges, 0);
    }
}

static void random_families_are_sound(void)
{
    struct prng prng;
    tap_seed(21);
    prng_seed(&prng, 21);
    for (unsigned i = 0; i < 50; i++) {
        unsigned n = 1 + (unsigned)prng_below(&prng, 60), permille = (unsigned)prng_below(&prng, 1001);
        struct graph *graphs[] = {graph_random(n, permille, &prng), graph_planted(n, 4, permille, &prng),
                                  graph_geometric(n, permille, &prng)};
        for (size_t k = 0; k < 3; k++) {
            CHECK(is_sound(graphs[k]));
            graph_free(graphs[k]);
        }
    }
    check_family(graph_random(10, 0, &prng), 10, 0, 1);
    check_family(graph_random(10, 1000, &prng), 10, 45, 10);
    check_family(graph_planted(12, 3, 1000, &prng), 12, 48, 3);
    check_family(graph_geometric(10, 2000, &prng), 10, 45, 10);
}

/* What instances, and therefore claims in the log, are named after. */
static void random_families_are_pinned(void)
{
    static const char *const want[] = {"5986bc64776dfd13d1ad7929646ad8059e3be55308e0fe70d210a3f3252a1b28",
                                       "ca8fcf61d0e3952e777dd942b146431e33d874474e1cb9fef8ae392948603ee9",
                                       "a99a34670fbf5e439a9e1955156d283e666fb9165dad53807e4c22cb632a3f58",
                                       "ad37c6608b1135af996624a22567854cece09bdefe8362b793469f7f3d6d03bb"};
    struct prng prng;
    prng_seed(&prng, 22);
    struct graph *queen = graph_queen(5, 5);
    struct graph *graphs[] = {graph_random(40, 500, &prng), graph_planted(40, 5, 400, &prng),
                              graph_geometric(40, 300, &prng), graph_renumber(queen, &prng)};
    for (size_t i = 0; i < 4; i++) {
        char hex[2 * DIGEST_SIZE + 1];
        struct digest hash = graph_hash(graphs[i]);
        digest_hex(&hash, hex);
        CHECK_EQ_TEXT(hex, want[i]);
        graph_free(graphs[i]);
    }
    graph_free(queen);
}

static void renumbering_keeps_the_graph(void)
{
    struct prng prng;
    prng_seed(&prng, 23);
    struct graph *g = graph_mycielski(4), *other = graph_renumber(g, &prng);
    struct digest a = graph_hash(g), b = graph_hash(other);
    CHECK(!digest_equal(&a, &b));
    check_family(other, g->vertices, g->edges, 0);
    graph_free(g);
}

static void proper_means_every_edge(void)
{
    const uint32_t good[5] = {0, 1, 0, 1, 2}, bad[5] = {0, 1, 0, 1, 1};
    struct graph *g = graph_mycielski(2); /* the cycle 0-1-2-4-3 */
    CHECK(graph_is_proper(g, good));
    CHECK(!graph_is_proper(g, bad));
    graph_free(g);
}

int main(void)
{
    TAP_RUN(exact_families_have_their_numbers);
    TAP_RUN(exact_families_equal_the_public_files);
    TAP_RUN(other_public_files_load);
    TAP_RUN(random_families_are_sound);
    TAP_RUN(random_families_are_pinned);
    TAP_RUN(renumbering_keeps_the_graph);
    TAP_RUN(proper_means_every_edge);
    return tap_done();
}
