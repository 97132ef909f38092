#include "evolve/tabucol.h"
#include "tap.h"

static struct tabucol_params usual(void)
{
    return (struct tabucol_params){
        .tenure_alpha = 0.6,
        .tenure_random = 10,
        .scope = TABUCOL_ALL,
        .aspiration = true,
        .stagnation = 100,
        .perturbation = 0.2,
    };
}

static uint64_t steps_of(const struct graph *g, unsigned colours, const struct tabucol_params *params, uint64_t seed)
{
    struct prng prng;
    bool solved;
    prng_seed(&prng, seed);
    return tabucol_run(g, colours, params, &prng, 5000, &solved, NULL);
}

static struct tabucol_params drawn(struct prng *prng)
{
    return (struct tabucol_params){
        .tenure_base = (uint32_t)prng_below(prng, 40),
        .tenure_alpha = 2 * prng_unit(prng),
        .tenure_random = 1 + (uint32_t)prng_below(prng, 64),
        .start = (enum tabucol_start)prng_below(prng, 3),
        .scope = (enum tabucol_scope)prng_below(prng, 4),
        .aspiration = prng_below(prng, 2) == 1,
        .stagnation = 1 + (uint32_t)prng_below(prng, 300),
        .perturbation = prng_unit(prng),
    };
}

/* The counts kept by increments are right if what ends a run is a proper colouring. */
static void what_it_finds_is_proper(void)
{
    struct prng prng;
    uint32_t colour[64];
    unsigned found = 0;
    tap_seed(41);
    prng_seed(&prng, 41);
    for (unsigned i = 0; i < 300; i++) {
        struct tabucol_params params = drawn(&prng);
        struct graph *g = graph_random(1 + (unsigned)prng_below(&prng, 60), 500, &prng);
        unsigned colours = 2 + (unsigned)prng_below(&prng, 14);
        bool solved = false;
        memset(colour, 0xff, sizeof colour);
        uint64_t steps = tabucol_run(g, colours, &params, &prng, 1500, &solved, colour);
        CHECK(steps <= 1500 && (solved || steps == 1500));
        if (solved)
            CHECK(graph_is_proper(g, colour));
        for (uint32_t v = 0; v < g->vertices; v++)
            CHECK(solved ? colour[v] < colours : colour[v] == UINT32_MAX);
        found += solved;
        graph_free(g);
    }
    CHECK(found > 100 && found < 300);
}

static void the_same_stream_gives_the_same_steps(void)
{
    struct graph *g = graph_queen(7, 7);
    struct tabucol_params params = usual();
    for (uint64_t seed = 0; seed < 10; seed++)
        CHECK_EQ_U64(steps_of(g, 8, &params, seed), steps_of(g, 8, &params, seed));
    graph_free(g);
}

/* The same on every compiler and architecture: claims in the log are run again. */
static void steps_are_pinned(void)
{
    static const uint64_t want[3] = {668, 1236, 3082};
    struct graph *g = graph_queen(8, 8);
    for (unsigned start = 0; start < 3; start++) {
        struct tabucol_params params = usual();
        params.start = (enum tabucol_start)start;
        params.scope = start == 1 ? TABUCOL_HALF : TABUCOL_ALL;
        CHECK_EQ_U64(steps_of(g, 9, &params, 5 + start), want[start]);
    }
    graph_free(g);
}

static bool has_effect(const struct graph *g, const struct tabucol_params *a, const struct tabucol_params *b)
{
    for (uint64_t seed = 0; seed < 20; seed++)
        if (steps_of(g, 9, a, seed) != steps_of(g, 9, b, seed))
            return true;
    return false;
}

static void every_parameter_has_an_effect(void)
{
    struct graph *g = graph_queen(8, 8);
    const struct tabucol_params a = usual();
#define CHECK_EFFECT(field, value)                                                                                     \
    do {                                                                                                               \
        struct tabucol_params b = a;                                                                                   \
        b.field = value;                                                                                               \
        CHECK(has_effect(g, &a, &b));                                                                                  \
    } while (0)
    CHECK_EFFECT(tenure_base, 5);
    CHECK_EFFECT(tenure_alpha, 0.3);
    CHECK_EFFECT(tenure_random, 3);
    CHECK_EFFECT(start, TABUCOL_BY_DEGREE);
    CHECK_EFFECT(start, TABUCOL_DSATUR);
    CHECK_EFFECT(scope, TABUCOL_ONE);
    CHECK_EFFECT(scope, TABUCOL_FEW);
    CHECK_EFFECT(scope, TABUCOL_HALF);
    CHECK_EFFECT(aspiration, false);
    CHECK_EFFECT(stagnation, 50);
    CHECK_EFFECT(perturbation, 0.5);
    CHECK_EFFECT(perturbation, 0);
    graph_free(g);
}

static void a_sequential_start_is_charged(void)
{
    struct graph *g = graph_mycielski(5); /* DSATUR colours it with the fewest: nothing is left to do */
    struct tabucol_params params = usual();
    struct prng prng;
    bool solved;
    params.start = TABUCOL_DSATUR;
    CHECK_EQ_U64(steps_of(g, 6, &params, 1), 47);
    prng_seed(&prng, 1);
    CHECK_EQ_U64(tabucol_run(g, 6, &params, &prng, 46, &solved, NULL), 46);
    CHECK(!solved);
    graph_free(g);
}

static void the_smallest_cases_end(void)
{
    struct prng prng;
    struct tabucol_params params = usual();
    bool solved;
    prng_seed(&prng, 42);
    struct graph *single = graph_queen(1, 1), *cycle = graph_mycielski(2);
    CHECK_EQ_U64(tabucol_run(single, 1, &params, &prng, 10, &solved, NULL), 0);
    CHECK(solved);
    CHECK_EQ_U64(tabucol_run(cycle, 1, &params, &prng, 10, &solved, NULL), 10);
    CHECK(!solved);
    CHECK_EQ_U64(tabucol_run(cycle, 2, &params, &prng, 1000, &solved, NULL), 1000);
    CHECK(!solved);
    (void)tabucol_run(cycle, 3, &params, &prng, 1000, &solved, NULL);
    CHECK(solved);
    params.tenure_alpha = 1e30; /* everything is forbidden: moves are drawn */
    (void)tabucol_run(cycle, 2, &params, &prng, 1000, &solved, NULL);
    CHECK(!solved);
    graph_free(single);
    graph_free(cycle);
}

int main(void)
{
    TAP_RUN(what_it_finds_is_proper);
    TAP_RUN(the_same_stream_gives_the_same_steps);
    TAP_RUN(steps_are_pinned);
    TAP_RUN(every_parameter_has_an_effect);
    TAP_RUN(a_sequential_start_is_charged);
    TAP_RUN(the_smallest_cases_end);
    return tap_done();
}
