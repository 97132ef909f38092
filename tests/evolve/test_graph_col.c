#include "evolve/graph.h"
#include "tap.h"

struct bad {
    const char *text;
    enum err want;
    const char *says; /* how the message begins */
};

static void check_bad(const struct bad *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct graph *g = NULL;
        struct diag diag = {0};
        bool ok = CHECK_ERR(graph_parse_col("x.col", bytes_of_text(cases[i].text), &g, &diag), cases[i].want);
        ok = CHECK(strncmp(diag.text, cases[i].says, strlen(cases[i].says)) == 0) && ok;
        CHECK(g == NULL);
        if (!ok)
            tap_note("case %zu: %s", i, diag.text);
    }
}

#define CHECK_BAD(cases) check_bad(cases, sizeof(cases) / sizeof(cases)[0])

static void refuses_bad_headers(void)
{
    const struct bad cases[] = {
        {"", ERR_MISSING, "x.col:0: the text ends"},
        {"c only talk\n\n", ERR_MISSING, "x.col:2: the text ends"},
        {"p edge 3 1\np edge 3 1\n", ERR_DUPLICATE, "x.col:2: a second"},
        {"c\np sat 3 1\n", ERR_SYNTAX, "x.col:2: expected \"p edge N M\""},
        {"p\n", ERR_SYNTAX, "x.col:1: expected \"p edge N M\""},
        {"p edge\n", ERR_SYNTAX, "x.col:1: expected two numbers"},
        {"p edge 3\n", ERR_SYNTAX, "x.col:1: expected two numbers"},
        {"p edge 3 1 1\n", ERR_SYNTAX, "x.col:1: expected two numbers"},
        {"p edge three 1\n", ERR_SYNTAX, "x.col:1: expected two numbers"},
        {"p edge -3 1\n", ERR_SYNTAX, "x.col:1: expected two numbers"},
        {"p edge +3 1\n", ERR_SYNTAX, "x.col:1: expected two numbers"},
        {"p edge 3.0 1\n", ERR_SYNTAX, "x.col:1: expected two numbers"},
        {"p edge 0x3 1\n", ERR_SYNTAX, "x.col:1: expected two numbers"},
        {"p edge 99999999999 1\n", ERR_SYNTAX, "x.col:1: expected two numbers"},
        {"p edge 0 0\n", ERR_LIMIT, "x.col:1: 0 vertices"},
        {"p edge 4097 1\n", ERR_LIMIT, "x.col:1: 4097 vertices"},
        {"p edge 4294967297 1\n", ERR_LIMIT, "x.col:1: 4294967297 vertices"},
    };
    CHECK_BAD(cases);
}

static void refuses_bad_edges(void)
{
    const struct bad cases[] = {
        {"e 1 2\np edge 3 1\n", ERR_MISSING, "x.col:1: an edge before"},
        {"p edge 3 1\ne\n", ERR_SYNTAX, "x.col:2: expected \"e U V\""},
        {"p edge 3 1\ne 1\n", ERR_SYNTAX, "x.col:2: expected \"e U V\""},
        {"p edge 3 1\n\ne 1 2 3\n", ERR_SYNTAX, "x.col:3: expected \"e U V\""},
        {"p edge 3 1\ne 1 b\n", ERR_SYNTAX, "x.col:2: expected \"e U V\""},
        {"p edge 3 1\ne 1 -2\n", ERR_SYNTAX, "x.col:2: expected \"e U V\""},
        {"p edge 3 1\ne 1 99999999999999999999\n", ERR_SYNTAX, "x.col:2: expected \"e U V\""},
        {"p edge 3 1\ne 0 1\n", ERR_RANGE, "x.col:2: edge 0 1"},
        {"p edge 3 1\nc\nc\ne 4 1\n", ERR_RANGE, "x.col:4: edge 4 1"},
        {"p edge 3 1\ne 1 4\n", ERR_RANGE, "x.col:2: edge 1 4"},
        {"p edge 3 1\ne 1 4294967298\n", ERR_RANGE, "x.col:2: edge 1 4294967298"},
        {"p edge 3 1\ne 2 2\n", ERR_RANGE, "x.col:2: vertex 2 joined"},
    };
    CHECK_BAD(cases);
}

static void refuses_garbage(void)
{
    const struct bad cases[] = {
        {"p edge 3 1\nn 1 2\n", ERR_SYNTAX, "x.col:2: a line starts"},
        {"hello\n", ERR_SYNTAX, "x.col:1: a line starts"},
        {"edge 1 2\n", ERR_SYNTAX, "x.col:1: a line starts"},
        {"pedge 3 1\n", ERR_SYNTAX, "x.col:1: a line starts"},
        {"p edge 3 1\ne1 2\n", ERR_SYNTAX, "x.col:2: a line starts"},
        {"\xef\xbb\xbfp edge 3 1\n", ERR_SYNTAX, "x.col:1: a line starts"},
    };
    CHECK_BAD(cases);
    struct graph *g = NULL;
    CHECK_ERR(graph_parse_col("x", bytes_of("p edge 3 1\ne 1 2\0\n", 18), &g, NULL), ERR_SYNTAX);
    CHECK_ERR(graph_load_col("/nonexistent/x.col", &g, NULL), ERR_IO);
}

/* Twice listed edges, wrong counts, no last newline, \r\n, blanks anywhere. */
static void accepts_what_files_in_the_wild_have(void)
{
    const char *const texts[] = {
        "p edge 3 2\ne 1 2\ne 2 3\n",
        "p edge 3 4\ne 1 2\ne 2 1\ne 3 2\ne 2 3\n",
        "p col 3 0\ne 1 2\ne 1 2\ne 2 3",
        "c x\r\n\r\np  edges 3   9 \r\n  e 1\t2\r\nc\r\ne 03 2 \r\n",
    };
    struct digest first = {{0}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct graph *g;
        REQUIRE_OK(graph_parse_col("x", bytes_of_text(texts[i]), &g, NULL));
        struct digest hash = graph_hash(g);
        CHECK_EQ_U64(g->edges, 2);
        if (i == 0)
            first = hash;
        CHECK(digest_equal(&hash, &first));
        graph_free(g);
    }
}

/* Any damage to a good file is an error or a sound graph, never a crash. */
static void survives_damage(void)
{
    static const char good[] = "c a file\np edge 5 4\ne 1 2\ne 2 3\ne 3 4\ne 4 5\n";
    static const char noise[] = "0123456789 \n\r\tcpe-x\0\xff";
    struct prng prng;
    tap_seed(24);
    prng_seed(&prng, 24);
    for (unsigned round = 0; round < 20000; round++) {
        char text[sizeof good];
        memcpy(text, good, sizeof good);
        size_t len = sizeof good - 1 - prng_below(&prng, 8);
        for (uint64_t hits = 1 + prng_below(&prng, 4); hits > 0; hits--)
            text[prng_below(&prng, len)] = noise[prng_below(&prng, sizeof noise - 1)];
        struct graph *g = NULL;
        struct diag diag = {0};
        if (graph_parse_col("x", bytes_of(text, len), &g, &diag) == ERR_OK)
            CHECK(g->vertices >= 1 && g->offsets[g->vertices] == 2 * g->edges);
        else
            CHECK(g == NULL && diag.text[0] == 'x');
        graph_free(g);
    }
}

int main(void)
{
    TAP_RUN(refuses_bad_headers);
    TAP_RUN(refuses_bad_edges);
    TAP_RUN(refuses_garbage);
    TAP_RUN(accepts_what_files_in_the_wild_have);
    TAP_RUN(survives_damage);
    return tap_done();
}
