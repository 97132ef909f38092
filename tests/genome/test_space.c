#include "genome/space.h"
#include "genome/schema.h"
#include "tap.h"

#include "base/file.h"
#include "genome/condition_text.h"

/* Search spaces as files: what imports, what comes of it, and what is wrong with the others. */

static struct space space, back;

static const char *const files[] = {"acotsp.txt", "every_construct.txt", "paramils.pcs",
                                    "smac.pcs",   "smac_new.pcs",        "every_construct.json"};

static bool load(const char *file)
{
    char path[128];
    struct diag diag = {0};
    snprintf(path, sizeof path, "tests/genome/spaces/%s", file);
    if (CHECK_OK(space_load(space_format_of(file), tap_source(path), &space, &diag)))
        return true;
    tap_note("%s", diag.text);
    return false;
}

static bool same_text(enum space_format format, const struct space *a, const struct space *b)
{
    struct buf x = {0}, y = {0};
    bool same = CHECK_OK(space_print(format, a, &x, NULL)) && CHECK_OK(space_print(format, b, &y, NULL)) &&
                CHECK_EQ_TEXT(buf_text(&x), buf_text(&y));
    buf_free(&x);
    buf_free(&y);
    return same;
}

/* Printed in this format and read again. False when the format has no words for it. */
static bool round_trip(enum space_format format)
{
    struct buf text = {0};
    struct diag diag = {0};
    bool can = space_print(format, &space, &text, &diag) == ERR_OK;
    if (can && !CHECK_OK(space_parse(format, "again", bytes_of_buf(&text), &back, &diag)))
        tap_note("%s", diag.text);
    CHECK(can || diag.text[0] != '\0');
    buf_free(&text);
    return can;
}

static void its_own_format_gives_the_same_space(void)
{
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        REQUIRE(load(files[i]));
        enum space_format format = space_format_of(files[i]);
        CHECK(round_trip(format) || (format == SPACE_PCS && round_trip(SPACE_PCS_NEW)));
        CHECK(same_text(SPACE_JSON, &space, &back)); /* JSON has everything */
        struct digest a = genome_schema_hash(&space.schema), b = genome_schema_hash(&back.schema);
        CHECK(digest_equal(&a, &b));
    }
}

static void every_space_passes_through_json(void)
{
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        REQUIRE(load(files[i]));
        CHECK(round_trip(SPACE_JSON));
        CHECK(same_text(SPACE_JSON, &space, &back));
    }
}

static void formats_pass_through_each_other(void)
{
    REQUIRE(load("acotsp.txt"));
    CHECK(round_trip(SPACE_PCS_NEW));
    struct digest a = genome_schema_hash(&space.schema), b = genome_schema_hash(&back.schema);
    CHECK(digest_equal(&a, &b));
    CHECK(!round_trip(SPACE_PCS)); /* elitistants > ants */
    REQUIRE(load("smac.pcs"));
    CHECK(round_trip(SPACE_PCS) && round_trip(SPACE_PCS_NEW) && round_trip(SPACE_IRACE));
    REQUIRE(load("paramils.pcs"));
    CHECK(round_trip(SPACE_PCS) && !round_trip(SPACE_IRACE)); /* :odd@name-1 */
    REQUIRE(load("every_construct.json"));
    CHECK(!round_trip(SPACE_PCS) && !round_trip(SPACE_PCS_NEW)); /* "adam w" */
}

static const struct gene_spec *gene(const char *name)
{
    int i = gene_find(&space.schema, bytes_of_text(name));
    ASSERT(i >= 0);
    return &space.schema.genes[i];
}

static void irace_means_what_it_says(void)
{
    struct genome g;
    REQUIRE(load("acotsp.txt"));
    CHECK_EQ_U64(space.schema.count, 11);
    CHECK_EQ_U64(space.digits, 4);
    CHECK_EQ_TEXT(space.switches[2], "--alpha ");
    CHECK(gene("ants")->log_scale && gene("ants")->ilo == 5 && gene("ants")->default_integer == 22);
    CHECK(gene("rasrank")->ihi == 10 && gene("elitistants")->ihi == 100); /* the widest that the bound can be */
    genome_default(&space.schema, &g);
    CHECK_EQ_U64(genome_active(&space.schema, &g).bits[0], 0x3f);
    g.values[0].integer = 2; /* eas */
    CHECK_EQ_U64(genome_active(&space.schema, &g).bits[0], 0x3f | 1U << 8);
    CHECK_EQ_I64(genome_forbidden(&space.schema, &g), 1); /* 50 elitists of 22 ants */
    g.values[8].integer = 22;
    CHECK_EQ_I64(genome_forbidden(&space.schema, &g), -1);
    g.values[2].real = g.values[3].real = 0;
    CHECK_EQ_I64(genome_forbidden(&space.schema, &g), 2);
}

static void pcs_means_what_it_says(void)
{
    struct genome g;
    REQUIRE(load("smac_new.pcs"));
    CHECK(gene("beta")->log_scale && gene("beta")->default_real == 0.001);
    CHECK(gene("level")->type == GENE_ORDINAL && gene("level")->default_integer == 1);
    genome_default(&space.schema, &g);
    CHECK_EQ_U64(genome_active(&space.schema, &g).bits[0], 0x3ff);
    g.values[4].integer = 2; /* mode alpha: only what does not depend on it */
    CHECK_EQ_U64(genome_active(&space.schema, &g).bits[0], 0x3ff & ~(1U << 3 | 1U << 6 | 1U << 7 | 1U << 8));
    REQUIRE(load("smac.pcs"));
    CHECK(gene("cache")->type == GENE_DISCRETE && gene("cache")->log_scale);
    genome_default(&space.schema, &g);
    CHECK(gene_set_has(genome_active(&space.schema, &g), 4));
    g.values[2].integer = 11; /* both lines must hold */
    CHECK(!gene_set_has(genome_active(&space.schema, &g), 4));
}

/* Draws of every space are genomes of it. */
static void draws_are_genomes(void)
{
    tap_seed(31);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        struct prng prng;
        prng_seed(&prng, 31);
        REQUIRE(load(files[i]));
        for (unsigned k = 0; k < 200; k++) {
            struct genome g, again;
            struct buf bytes = {0};
            genome_random(&space.schema, &prng, &g);
            genome_encode(&space.schema, &g, &bytes);
            CHECK_OK(genome_decode(&space.schema, bytes_of_buf(&bytes), &again));
            buf_free(&bytes);
        }
    }
}

/* As many genes as there can be, each active only if the one before it is x. */
static void chain_of(unsigned count, struct buf *text)
{
    for (unsigned i = 0; i < count; i++)
        buf_printf(text, "g%u {x, y} [x]\n", i);
    for (unsigned i = 1; i < count; i++)
        buf_printf(text, "g%u | g%u in {x}\n", i, i - 1);
}

static void there_is_room_for_many_genes(void)
{
    struct buf text = {0}, bytes = {0};
    struct genome g, again;
    struct diag diag = {0};
    chain_of(GENOME_GENES_MAX, &text);
    REQUIRE_OK(space_parse(SPACE_PCS, "f", bytes_of_buf(&text), &space, &diag));
    genome_default(&space.schema, &g);
    for (unsigned i = 0; i < GENOME_GENES_MAX; i++)
        CHECK(gene_set_has(genome_active(&space.schema, &g), i));
    g.values[70].integer = g.values[90].integer = 1;
    for (unsigned i = 0; i < GENOME_GENES_MAX; i++)
        CHECK(gene_set_has(genome_active(&space.schema, &g), i) == (i <= 70));
    genome_project(&space.schema, &g);
    CHECK(g.values[70].integer == 1 && g.values[90].integer == 0);
    genome_encode(&space.schema, &g, &bytes);
    CHECK_OK(genome_decode(&space.schema, bytes_of_buf(&bytes), &again));
    CHECK(round_trip(SPACE_PCS) && round_trip(SPACE_IRACE) && round_trip(SPACE_JSON));
    buf_clear(&text);
    chain_of(GENOME_GENES_MAX + 1, &text);
    CHECK_ERR(space_parse(SPACE_PCS, "f", bytes_of_buf(&text), &space, &diag), ERR_LIMIT);
    CHECK_EQ_TEXT(diag.text, "f:513:1: more than 512 parameters");
    buf_clear(&text);
    buf_add_text(&text, "a {0");
    for (unsigned i = 1; i <= GENOME_CHOICES_MAX; i++)
        buf_printf(&text, ", %u", i);
    CHECK_ERR(space_parse(SPACE_PCS, "f", bytes_of_buf(&text), &space, &diag), ERR_LIMIT);
    CHECK_EQ_TEXT(diag.text, "f:1:1174: more than 256 choices of a, or 2048 of all");
    buf_free(&text);
    buf_free(&bytes);
}

/* Names and choices of 255 bytes pass through every format; one byte more is refused by name. */
static void there_is_room_for_long_words(void)
{
    char longest[GENOME_NAME_MAX + 2] = "";
    struct buf text = {0};
    struct diag diag = {0};
    memset(longest, 'n', GENOME_NAME_MAX);
    buf_printf(&text, "%s {%s, b} [b]\nk [0, 1] [0.5]\nk | %s in {%s}\n", longest, longest, longest, longest);
    REQUIRE_OK(space_parse(SPACE_PCS, "f", bytes_of_buf(&text), &space, &diag));
    CHECK_EQ_U64(strlen(gene(longest)->name), 255);
    CHECK(round_trip(SPACE_PCS) && round_trip(SPACE_PCS_NEW) && round_trip(SPACE_JSON));
    CHECK(same_text(SPACE_JSON, &space, &back));
    CHECK(round_trip(SPACE_IRACE));
    longest[GENOME_NAME_MAX] = 'n';
    buf_clear(&text);
    buf_printf(&text, "%s {a, b} [b]\n", longest);
    CHECK_ERR(space_parse(SPACE_PCS, "f", bytes_of_buf(&text), &space, &diag), ERR_SYNTAX);
    buf_clear(&text);
    buf_printf(&text, "a {%s, b} [b]\n", longest);
    CHECK_ERR(space_parse(SPACE_PCS, "f", bytes_of_buf(&text), &space, &diag), ERR_SYNTAX);
    CHECK(strstr(diag.text, "f:1:4: the choice \"nnn") == diag.text);
    CHECK(strstr(diag.text, "is longer than 255") != NULL);
    buf_free(&text);
}

static void prints_values(void)
{
    enum { REAL, INTEGER, CHOICE, TOGGLE };
    static struct space some = {
        .schema = {.count = 4,
                   .word_count = 2,
                   .words = {"a", "b c"},
                   .genes = {{.type = GENE_CONTINUOUS, .lo = -1, .hi = 1e20},
                             {.type = GENE_DISCRETE},
                             {.type = GENE_ORDINAL, .choice_count = 2},
                             {.type = GENE_TOGGLE}}},
    };
    struct buf out = {0};
    space_value_print(&some, REAL, &(struct gene_value){.real = 0.1}, &out);
    buf_add_byte(&out, ' ');
    some.digits = 4;
    space_value_print(&some, REAL, &(struct gene_value){.real = -2.0 / 3}, &out);
    buf_add_byte(&out, ' ');
    space_value_print(&some, REAL, &(struct gene_value){.real = 1e20}, &out);
    buf_add_byte(&out, ' ');
    space_value_print(&some, INTEGER, &(struct gene_value){.integer = -7}, &out);
    buf_add_byte(&out, ' ');
    space_value_print(&some, CHOICE, &(struct gene_value){.integer = 1}, &out);
    buf_add_byte(&out, ' ');
    space_value_print(&some, TOGGLE, &(struct gene_value){.integer = 1}, &out);
    CHECK_EQ_TEXT(buf_text(&out), "0.1 -0.6667 100000000000000000000 -7 b c 1");
    buf_clear(&out);
    some.schema.genes[REAL].lo = 0.00001; /* no rounded number lies below it, nor above 0.00004 */
    some.schema.genes[REAL].hi = 0.00004;
    space_value_print(&some, REAL, &(struct gene_value){.real = 0.00002}, &out);
    buf_add_byte(&out, ' ');
    some.schema.genes[REAL].hi = 0.99999;
    space_value_print(&some, REAL, &(struct gene_value){.real = 0.99996}, &out);
    buf_add_byte(&out, ' ');
    space_value_print(&some, REAL, &(struct gene_value){.real = 0.0006}, &out);
    CHECK_EQ_TEXT(buf_text(&out), "0.00001 0.99999 0.0006");
    buf_free(&out);
}

/* ---- what is wrong */

struct wrong {
    const char *text, *says;
};

static void all_are_refused(enum space_format format, const struct wrong *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct diag diag = {0};
        CHECK(space_parse(format, "f", bytes_of_text(cases[i].text), &space, &diag) != ERR_OK);
        CHECK_EQ_TEXT(diag.text, cases[i].says);
    }
}

#define ALL_ARE_REFUSED(format, cases) all_are_refused(format, cases, sizeof(cases) / sizeof(cases)[0])

static void malformed_irace(void)
{
    static const struct wrong cases[] = {
        {"", "f:1:1: there is no parameter"},
        {"# nothing\n", "f:2:1: there is no parameter"},
        {"a\n", "f:1:2: expected the switch in quotes (\"\" for none), found the end of the line"},
        {"a --a r (0, 1)\n", "f:1:3: expected the switch in quotes (\"\" for none), found \"--a\""},
        {"a \"--a r (0, 1)\n", "f:1:3: this quote is not closed in its line"},
        {"a \"\" x (0, 1)\n", "f:1:6: expected a type (r, i, c or o), found \"x\""},
        {"a \"\" r,lin (0, 1)\n", "f:1:8: expected log behind the comma, found \"lin\""},
        {"a \"\" c,log (x, y)\n", "f:1:8: only r and i have a log scale"},
        {"a \"\" r 0, 1\n", "f:1:8: expected ( to open the domain, found \"0\""},
        {"a \"\" r (0 1)\n", "f:1:12: expected , between the two bounds, found \")\""},
        {"a \"\" r (0, 1, 2)\n", "f:1:13: expected ) behind the two bounds, found \",\""},
        {"a \"\" r (0, 1\n", "f:1:12: this domain is not closed in its line"},
        {"a \"\" r (, 1)\n", "f:1:9: expected a bound, found \",\""},
        {"a \"\" r (2, 1)\n", "f:1:8: a: the lower bound lies above the upper one"},
        {"a \"\" i (0.5, 1)\n", "f:1:8: a: the bounds of an integer are whole numbers of at most 2^53"},
        {"a \"\" r,log (0, 1)\n", "f:1:12: a: a log scale needs a lower bound above 0"},
        {"a \"\" r (0, 1e400)\n", "f:1:12: 1e400 is too large"},
        {"a \"\" c (x, y\n", "f:1:13: expected ) or a comma after a choice, found the end of the line"},
        {"a \"\" c ()\n", "f:1:9: expected a choice, found \")\""},
        {"a \"\" c (x, x)\n", "f:1:12: a has the choice \"x\" twice"},
        {"a \"\" c (x, ab\tc)\n", "f:1:12: the choice \"ab?c\" is longer than 255, or not of printable ASCII"},
        {"a \"\" r (0, 1) extra\n", "f:1:15: expected the end of the line, found \"extra\""},
        {"a \"\" r (0, 1)\n\na \"\" i (0, 1)\n", "f:3:1: there is a parameter a already"},
        {"1e5 \"\" r (0, 1)\n", "f:1:1: \"1e5\" is no name: that is no number, begins with no - and has 1 to 255 of "
                                "letters, digits and _ . : @ -"},
        {"a-b \"\" r (0, 1)\n", "f:1:2: expected the switch in quotes (\"\" for none), found \"-b\""},
    };
    ALL_ARE_REFUSED(SPACE_IRACE, cases);
}

static void malformed_irace_expressions(void)
{
    static const struct wrong cases[] = {
        {"a \"\" r (0, 1) |\n", "f:1:16: expected a condition behind |, found the end of the line"},
        {"a \"\" r (0, 1) | b == 1\n", "f:1:17: there is no parameter b (a choice stands in quotes)"},
        {"a \"\" r (0, 1)\nb \"\" r (0, 1) | a = 1\n", "f:2:19: two values compare with =="},
        {"a \"\" r (0, 1)\nb \"\" r (0, 1) | a\n", "f:2:17: expected a comparison, something that is true or false"},
        {"a \"\" r (0, 1)\nb \"\" r (0, 1) | a > \"x\"\n",
         "f:2:21: \"x\" is no number, and stands opposite to no parameter with choices"},
        {"a \"\" r (0, 1)\nb \"\" r (0, 1) | (a > 0.5\n",
         "f:2:25: expected ) to close the group, found the end of the line"},
        {"a \"\" r (0, 1)\nb \"\" r (0, 1) | a > 0.5)\n", "f:2:24: expected the end of the line, found \")\""},
        {"a \"\" r (0, 1)\nb \"\" r (0, 1) | a > 0.5 & & a < 1\n",
         "f:2:27: expected a number, a parameter or a choice, found \"&\""},
        {"a \"\" r (0, 1)\nb \"\" r (0, 1) | sin(a) > 1\n",
         "f:2:17: there is no function sin; there are min, max, abs, floor, ceiling, round, trunc, sqrt, exp, log, "
         "as.numeric, as.integer, is.na, xor, all, any, ifelse"},
        {"a \"\" o (low, mid, high)\nb \"\" r (0, 1) | a >= \"mid\"\n",
         "f:2:22: R compares the choices of a as texts, in another order than their own: name those that are meant "
         "(%in% c(...))"},
        {"a \"\" c (5, 10)\nb \"\" r (0, 1) | a > 5\n",
         "f:2:21: R compares the choices of a as texts, in another order than their own: name those that are meant "
         "(%in% c(...))"},
        {"a \"\" c (x, y)\nb \"\" r (0, 1) | a %in% (\"x\", \"y\")\n", "f:2:24: a list of values begins with c("},
        {"a \"\" r (0, 1)\nb \"\" r (0, 1) | a + 1 %in% c(2)\n",
         "f:2:17: %in% binds tighter than this: its left side stands in parentheses"},
        {"a \"\" i (0, 9)\nb \"\" r (0, 1) | a %in% 1:1e9\n", "f:2:24: a sequence has at most 4096 values"},
        {"a \"\" c (x, y)\nb \"\" r (0, 1) | as.numeric(a) > 1\n", "f:2:28: the choice \"x\" of a is no number"},
        {"a \"\" c (x, y)\nb \"\" r (0, 1) | a == \"\\n\"\n",
         "f:2:24: a backslash stands before a quote or another backslash only"},
        {"a \"\" c (x, y)\nc \"\" c (x, y)\nb \"\" r (0, 1) | a > c\n",
         "f:3:21: a and c have no common order: only == and != compare them"},
        {"a \"\" r (0, 1)\nb \"\" r (0, 1) | 0 < a < 1\n",
         "f:2:23: a comparison has two sides: join two comparisons with &"},
        {"a \"\" c (x, y)\nb \"\" r (0, 1) | a == z\n", "f:2:22: there is no parameter z (a choice stands in quotes)"},
        {"a \"\" c (x, y)\nb \"\" r (0, 1) | a == \"z\"\n", "f:2:22: a has no choice \"z\"; it has x, y"},
        {"a \"\" c (x, y)\nb \"\" r (0, 1) | a > \"x\"\n", "f:2:17: a has no order: only ==, != and in compare it"},
        {"a \"\" c (x, y)\nb \"\" r (0, 1) | a + 1 > 0\n", "f:2:17: a has choices and is no number"},
        {"a \"\" c (x, y)\nb \"\" r (0, 1) | a %in% c(\"x\" \"y\")\n",
         "f:2:30: expected ) or a comma after a value, found \"\"y\"\""},
        {"a \"\" c (x, y)\nb \"\" r (0, 1) | a %in% c(\"x\", \"x\")\n", "f:2:31: this value stands twice"},
        {"a \"\" c (x, y)\nb \"\" r (0, 1) | a %in% c(\"x\"\n",
         "f:2:29: expected ) or a comma after a value, found the end of the line"},
        {"a \"\" c (1, y)\nb \"\" c (x, y) | a == 1 + 1\n", "f:2:24: expected the end of the line, found \"+\""},
        {"a \"\" c (1, y)\nb \"\" c (x, y) | a == -(1)\n",
         "f:2:22: a compares with its own choices only, and with == and != with others"},
        {"a \"\" r (0, 1) | b > 0\nb \"\" r (0, 1) | a > 0\n",
         "f:1:16: this condition leads back to its own parameter"},
        {"a \"\" r (0, \"b\")\n", "f:1:13: there is no parameter b (a choice stands in quotes)"},
        {"a \"\" r (0, \"a\")\n", "f:1:8: the bounds of a depend on themselves"},
        {"a \"\" r (0, b)\nb \"\" r (0, a)\n", "f:1:8: the bounds of a depend on themselves"},
        {"a \"\" r (0, \"1 / b\")\nb \"\" r (0, 1)\n", "f:1:13: this bound may divide by zero or grow too large"},
        {"a \"\" r (0, \"b b\")\nb \"\" r (0, 1)\n", "f:1:15: expected the end of the bound, found \"b\"\""},
        {"a \"\" r (0, 1)\n[forbiden]\na > 0.5\n", "f:2:1: expected [forbidden] or [global], found \"[forbiden\""},
        {"a \"\" r (0, 1)\n[forbidden]\na + 1\n", "f:3:1: expected a comparison, something that is true or false"},
        {"a \"\" r (0, 1)\n[forbidden]\na >= 0\n", "f:3:1: this leaves nothing: no default was found outside of it"},
        {"a \"\" r (0, 1)\n[global]\ndigit = 4\n",
         "f:3:1: expected digits, the only setting that is known, found \"digit\""},
        {"a \"\" r (0, 1)\n[global]\ndigits = 99\n", "f:3:10: digits is a whole number of 1 to 15"},
        {"a \"\" r (0, 1)\n[forbidden]\n((((((((((((((((((((((((((((((((((a > 0))))))))))))))))))))))))))))))))))\n",
         "f:3:33: nested more than 32 deep"},
    };
    ALL_ARE_REFUSED(SPACE_IRACE, cases);
}

static void malformed_pcs(void)
{
    static const struct wrong cases[] = {
        {"\n\n", "f:3:1: there is no parameter"},
        {"a\n", "f:1:2: expected {choices}, [range], or a type (categorical, ordinal, integer, real), found the end of "
                "the line"},
        {"a {x, y}\n", "f:1:9: expected [ to open the default, found the end of the line"},
        {"a {x, y} [z]\n", "f:1:11: the default \"z\" is no choice of a"},
        {"a {x, y [x]\n", "f:1:9: expected } or a comma after a choice, found \"[x\""},
        {"a {x, , y} [x]\n", "f:1:7: expected a choice, found \",\""},
        {"a {x, x} [x]\n", "f:1:7: a has the choice \"x\" twice"},
        {"a {x y} [x]\n", "f:1:6: expected } or a comma after a choice, found \"y\""},
        {"a [0, 1]\n", "f:1:9: expected [ to open the default, found the end of the line"},
        {"a [0, 1] [2]\n", "f:1:11: the default of a lies outside of its range"},
        {"a [0 1] [0]\n", "f:1:6: expected , between the two bounds, found \"1\""},
        {"a [1, 0] [1]\n", "f:1:3: a: the lower bound lies above the upper one"},
        {"a [0, 1] [0]l\n", "f:1:3: a: a log scale needs a lower bound above 0"},
        {"a [0, 1] [0]x\n", "f:1:13: behind the default stands i (integer), l (log scale), both, or nothing"},
        {"a [0, 1] [0]ii\n", "f:1:13: behind the default stands i (integer), l (log scale), both, or nothing"},
        {"a [0, 1.5] [0]i\n", "f:1:3: a: the bounds of an integer are whole numbers of at most 2^53"},
        {"a [0, 2] [0.5]i\n", "f:1:11: the default of a is no whole number"},
        {"a [0, x] [0]\n", "f:1:7: expected a number, found \"x\""},
        {"a float [0, 1] [0]\n",
         "f:1:3: expected {choices}, [range], or a type (categorical, ordinal, integer, real), found \"float\""},
        {"a real {x, y} [x]\n", "f:1:8: expected [ to open the range, found \"{x\""},
        {"a ordinal [0, 1] [0]\n", "f:1:11: expected { to open the choices, found \"[0\""},
        {"a real [0, 1] [0] logarithmic\n", "f:1:19: expected log or the end of the line, found \"logarithmic\""},
        {"a {x, y} [x] i\n", "f:1:14: expected the end of the line, found \"i\""},
        {"a {x, y} [x]\na {x, y} [x]\n", "f:2:1: there is a parameter a already"},
        {"a {x, y} [x]\nb | a in {x}\n", "f:2:1: there is no parameter b"},
        {"a {x, y} [x]\na | b in {x}\n", "f:2:5: there is no parameter b"},
        {"a {x, y} [x]\nb {x, y} [x]\nb | a in {z}\n", "f:3:11: a has no choice \"z\"; it has x, y"},
        {"a {x, y} [x]\nb {x, y} [x]\nb | a in x\n", "f:3:10: expected { after in, found \"x\""},
        {"a {x, y} [x]\nb {x, y} [x]\nb | a in {x\n",
         "f:3:12: expected } or a comma after a value, found the end of the line"},
        {"a {x, y} [x]\nb {x, y} [x]\nb | a\n", "f:3:5: expected a comparison, something that is true or false"},
        {"a {x, y} [x]\nb {x, y} [x]\nb | a == x c\n", "f:3:12: expected the end of the line, found \"c\""},
        {"a {x, y} [x]\nb {x, y} [x]\nb | a < y\n", "f:3:5: a has no order: only ==, != and in compare it"},
        {"a {x, y} [x]\nb {x, y} [x]\na | b == x\nb | a == x\n",
         "f:3:1: this condition leads back to its own parameter"},
        {"a {x, y} [x]\n{a=z}\n", "f:2:4: a has no choice \"z\"; it has x, y"},
        {"a {x, y} [x]\n{b=x}\n", "f:2:2: there is no parameter b"},
        {"a {x, y} [x]\n{a=y\n", "f:2:5: expected } to close the forbidden combination, found the end of the line"},
        {"a {x, y} [x]\n{}\n", "f:2:2: expected a number, a parameter or a choice, found \"}\""},
        {"a {x, y} [x]\n{a=x}\n", "f:2:1: this forbids the defaults"},
        {"a {x, y} [x]\n| a\n", "f:2:1: expected the name of a parameter or {, found \"|\""},
        {"Conditionals: a\n", "f:1:15: expected the end of the line, found \"a\""},
    };
    ALL_ARE_REFUSED(SPACE_PCS, cases);
}

#define GENES(genes) "{\"genes\": [" genes "]}"
#define A "{\"name\": \"a\", \"type\": \"continuous\", \"low\": 0, \"high\": 1}"
#define B "{\"name\": \"b\", \"type\": \"categorical\", \"choices\": [\"x\", \"y\"]}"

static void malformed_json(void)
{
    static const struct wrong cases[] = {
        {"", "f:1:1: unexpected token near end of file"},
        {"[]", "f:1:1: expected an object"},
        {"{}", "f:1:1: the key \"genes\" is missing"},
        {GENES(""), "f:1:11: /genes: expected 1 to 512 genes, found 0"},
        {"{\"genes\": [" A "], \"forbiden\": []}",
         "f:1:83: /forbiden: unknown key; did you mean \"forbidden\"? known here: genes, forbidden, digits"},
        {GENES("{\"type\": \"toggle\"}"), "f:1:12: /genes/0: the key \"name\" is missing"},
        {GENES("{\"name\": \"a b\", \"type\": \"toggle\"}"),
         "f:1:21: /genes/0/name: \"a b\" is no name: that is no number, begins with no - and has 1 to 255 of letters, "
         "digits and _ . : @ -"},
        {GENES("{\"name\": \"a\", \"type\": \"bool\"}"), "f:1:34: /genes/0/type: \"bool\" is not known here; expected "
                                                         "one of: continuous, discrete, ordinal, categorical, toggle"},
        {GENES(A ", " A), "f:1:79: /genes/1/name: there is a parameter a already"},
        {GENES("{\"name\": \"a\", \"type\": \"discrete\", \"low\": 0, \"high\": 1.5}"),
         "f:1:53: /genes/0/low: a: the bounds of an integer are whole numbers of at most 2^53"},
        {GENES("{\"name\": \"a\", \"type\": \"discrete\", \"low\": 0}"),
         "f:1:12: /genes/0: the key \"high\" is missing"},
        {GENES("{\"name\": \"a\", \"type\": \"discrete\", \"low\": 0, \"high\": 1, \"choices\": []}"),
         "f:1:78: /genes/0/choices: unknown key; known here: name, type, low, high, log, default, condition, switch"},
        {GENES("{\"name\": \"a\", \"type\": \"discrete\", \"low\": 0, \"high\": 1, \"log\": true}"),
         "f:1:53: /genes/0/low: a: a log scale needs a lower bound above 0"},
        {GENES("{\"name\": \"a\", \"type\": \"discrete\", \"low\": 0, \"high\": 9, \"default\": 0.5}"),
         "f:1:78: /genes/0/default: expected a whole number"},
        {GENES("{\"name\": \"a\", \"type\": \"continuous\", \"low\": 0, \"high\": 9, \"default\": 10}"),
         "f:1:80: /genes/0/default: 10 is outside 0..9"},
        {GENES("{\"name\": \"a\", \"type\": \"ordinal\", \"choices\": []}"),
         "f:1:56: /genes/0/choices: expected 1 to 256 choices"},
        {GENES("{\"name\": \"a\", \"type\": \"ordinal\", \"choices\": [1]}"),
         "f:1:57: /genes/0/choices/0: expected a text"},
        {GENES("{\"name\": \"a\", \"type\": \"ordinal\", \"choices\": [\"x\", \"x\"]}"),
         "f:1:62: /genes/0/choices/1: a has the choice \"x\" twice"},
        {GENES("{\"name\": \"a\", \"type\": \"ordinal\", \"choices\": [\"x\"], \"default\": \"y\"}"),
         "f:1:74: /genes/0/default: \"y\" is no choice of a"},
        {GENES("{\"name\": \"a\", \"type\": \"toggle\", \"default\": 1}"),
         "f:1:55: /genes/0/default: expected true or false, found an integer"},
        {GENES("{\"name\": \"a\", \"type\": \"toggle\", \"condition\": true}"),
         "f:1:57: /genes/0/condition: expected an expression, a text"},
        {GENES(B ",\n{\"name\": \"a\", \"type\": \"toggle\", \"condition\": \"b == z\"}"),
         "f:2:46: /genes/1/condition: character 6: b has no choice \"z\"; it has x, y"},
        {GENES(B ",\n{\"name\": \"a\", \"type\": \"toggle\", \"condition\": \"b == x,\"}"),
         "f:2:46: /genes/1/condition: character 7: expected the end of the line, found \",\""},
        {GENES("{\"name\": \"a\", \"type\": \"toggle\", \"condition\": \"a == true\"}"),
         "f:1:57: /genes/0/condition: this condition leads back to its own parameter"},
        {"{\"genes\": [" A "], \"forbidden\": [\"a <\"]}",
         "f:1:85: /forbidden/0: character 4: expected a number, a parameter or a choice, found the end of the line"},
        {"{\"genes\": [" A "], \"forbidden\": [\"a < 2\"]}", "f:1:85: /forbidden/0: this forbids the defaults"},
        {"{\"genes\": [" A "], \"digits\": 0}", "f:1:81: /digits: 0 is outside 1..15"},
    };
    ALL_ARE_REFUSED(SPACE_JSON, cases);
}

int main(void)
{
    TAP_RUN(its_own_format_gives_the_same_space);
    TAP_RUN(every_space_passes_through_json);
    TAP_RUN(formats_pass_through_each_other);
    TAP_RUN(irace_means_what_it_says);
    TAP_RUN(pcs_means_what_it_says);
    TAP_RUN(draws_are_genomes);
    TAP_RUN(there_is_room_for_many_genes);
    TAP_RUN(there_is_room_for_long_words);
    TAP_RUN(prints_values);
    TAP_RUN(malformed_irace);
    TAP_RUN(malformed_irace_expressions);
    TAP_RUN(malformed_pcs);
    TAP_RUN(malformed_json);
    return tap_done();
}
