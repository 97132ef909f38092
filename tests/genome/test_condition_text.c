#include "genome/condition_text.h"
#include "genome/schema.h"
#include "tap.h"

/* Expressions as text: what is read prints as itself, or as what it means. */

static struct genome_schema fresh(void)
{
    return (struct genome_schema){
        .count = 5,
        .word_count = 8,
        .words = {"1", "2", "4", "a", "b", "x", "TRUE", "it's \"x\""},
        .genes = {{.name = "x", .type = GENE_CONTINUOUS, .lo = -8, .hi = 8, .default_real = 4},
                  {.name = "n", .type = GENE_DISCRETE, .ilo = -3, .ihi = 9, .default_integer = 3},
                  {.name = "level", .type = GENE_ORDINAL, .choice_count = 3},
                  {.name = "kind", .type = GENE_CATEGORICAL, .choice_first = 3, .choice_count = 5},
                  {.name = "flag", .type = GENE_TOGGLE}},
    };
}

static struct genome_schema schema;

static void reads_as(enum condition_style style, const char *text, const char *want)
{
    struct diag diag = {0};
    struct scan scan = {.name = text, .text = bytes_of_text(text), .diag = &diag};
    struct buf out = {0};
    struct condition c;
    schema = fresh();
    if (!CHECK(condition_parse(&scan, style, &schema, &c))) {
        tap_note("%s", diag.text);
        return;
    }
    CHECK_EQ_U64(scan.pos, strlen(text));
    CHECK_OK(condition_check(&schema, c, NULL));
    CHECK_OK(condition_print(&schema, c, style, &out, NULL));
    CHECK_EQ_TEXT(buf_text(&out), want);
    buf_free(&out);
}

/* The same in the style in which an expression says all that it means. */
static void means(enum condition_style style, const char *text, const char *want)
{
    struct diag diag = {0};
    struct scan scan = {.name = text, .text = bytes_of_text(text), .diag = &diag};
    struct buf out = {0};
    struct condition c;
    schema = fresh();
    REQUIRE(condition_parse(&scan, style, &schema, &c));
    CHECK_OK(condition_print(&schema, c, CONDITION_JSON, &out, NULL));
    CHECK_EQ_TEXT(buf_text(&out), want);
    buf_free(&out);
}

static void itself(enum condition_style style, const char *text)
{
    reads_as(style, text, text);
}

static void in_the_style_of_r(void)
{
    itself(CONDITION_R, "x > 1 & n < 2 | kind == \"a\"");
    itself(CONDITION_R, "x > 1 & (n < 2 | kind == \"a\")");
    itself(CONDITION_R, "x > 1 & (n < 2 & kind == \"a\")");
    itself(CONDITION_R, "!(x > 1) & !(!(n == 2))");
    itself(CONDITION_R, "kind %in% c(\"a\", \"x\") | level >= \"2\"");
    itself(CONDITION_R, "n %in% c(1, -2, 3)");
    itself(CONDITION_R, "x - (n - 1) > x - n - 1");
    itself(CONDITION_R, "x * (n + 1) / 2 / (3 / x) <= 0.5");
    itself(CONDITION_R, "x - -5 == -(x) + -(-5)");
    reads_as(CONDITION_R, "n %% 2 != 1e20", "n %% 2 != 100000000000000000000");
    itself(CONDITION_R, "n %% 2 != 1e+21");
    reads_as(CONDITION_R, " ( x>1 )&&n<2||x<0 ", "x > 1 & n < 2 | x < 0");
    reads_as(CONDITION_R, "!x > 1", "!(x > 1)");
    reads_as(CONDITION_R, "\"2\" < level", "level > \"2\"");
    reads_as(CONDITION_R, "2.0 >= level", "level <= \"2\"");
    reads_as(CONDITION_R, "level %in% 04", "level == \"4\"");
    reads_as(CONDITION_R, "kind %in% c('b')", "kind == \"b\"");
    reads_as(CONDITION_R, "min(x) < max(1,n,2)", "x < max(max(1, n), 2)");
    reads_as(CONDITION_R, "+5 < x+1", "5 < x + 1");
    reads_as(CONDITION_R, "x-1>-.5e1", "x - 1 > -5");
    reads_as(CONDITION_R, "flag == 1", "flag == \"1\"");
    reads_as(CONDITION_R, "-0 < x", "0 < x");
    reads_as(CONDITION_R, "-2^2 < x ** -1", "-(2 ^ 2) < x ^ (-1)");
    reads_as(CONDITION_R, "2^3^x > - - 1", "2 ^ (3 ^ x) > -(-(1))");
    reads_as(CONDITION_R, "x * n %% 2 > -x %% 2", "x * (n %% 2) > -(x) %% 2");
    reads_as(CONDITION_R, "x * 2 %/% n == 1", "x * floor(2 / n) == 1");
    reads_as(CONDITION_R, "n %in% c(3:1, 1:2, 9)", "n %in% c(3, 2, 1, 9)");
    reads_as(CONDITION_R, "level %in% 1:3", "level %in% c(\"1\", \"2\")");
    reads_as(CONDITION_R, "kind %in% (\"a\")", "kind == \"a\"");
    reads_as(CONDITION_R, "kind %in% c()", "kind != kind");
    reads_as(CONDITION_R, "n == \"3\"", "n == 3");
    itself(CONDITION_R, "TRUE & !FALSE | is.na(kind) & is.na(x + 1)");
    itself(CONDITION_R, "xor(x > 1, !(kind %in% c(\"a\", \"x\")))");
    itself(CONDITION_R, "ifelse(x > 1, n, 2) > 1 | ifelse(x > 1, n > 1, kind == \"a\")");
    itself(CONDITION_R, "sqrt(abs(x)) < exp(1) & log(n) > 0");
    reads_as(CONDITION_R, "any(x > 1, all(n > 1, x < 2))", "x > 1 | n > 1 & x < 2");
    reads_as(CONDITION_R, "kind == T | T", "kind == \"TRUE\" | TRUE");
    reads_as(CONDITION_R, "kind != kind | kind == 'it\\'s \\\"x\\\"'", "kind != kind | kind == \"it's \\\"x\\\"\"");
    /* what R does not know is in no list; in the other styles it stays unknown */
    reads_as(CONDITION_R, "!kind %in% c(\"a\", \"b\")", "!(kind %in% c(\"a\", \"b\"))");
    means(CONDITION_R, "!kind %in% c(\"a\", \"b\")", "!(!is.na(kind) & kind %in% c(\"a\", \"b\"))");
    means(CONDITION_R, "kind %in% c(\"a\", \"b\")", "kind %in% c(\"a\", \"b\")");
}

static void in_the_style_of_pcs(void)
{
    itself(CONDITION_PCS, "kind == x && kind in {a, b} || n != 3");
    itself(CONDITION_PCS, "level in {1, 4} && flag == 0");
    itself(CONDITION_PCS, "n % 2 == 1");
    reads_as(CONDITION_PCS, "kind in{x}&&x>1", "kind == x && x > 1");
    reads_as(CONDITION_PCS, "a == kind", "kind == a");
    reads_as(CONDITION_PCS, "flag == true", "flag == 1");
    reads_as(CONDITION_JSON, "flag == 1 & kind == \"x\" && kind in {a}",
             "flag == true & kind == \"x\" & kind == \"a\"");
    reads_as(CONDITION_JSON, "kind == level && kind != (level)", "kind == (level) & kind != (level)");
    reads_as(CONDITION_PCS, "kind == 'a' || kind in {\"a\", b}", "kind == a || kind in {a, b}");
}

static bool for_pcs; /* which has no words for all of it */

/* A random expression in prefix order; `want_truth` or a number. */
static void grow(struct prng *prng, unsigned depth, bool want_truth)
{
    struct condition_item item = {0};
    if (want_truth && (depth == 0 || prng_below(prng, 3) == 0)) {
        item.op = (uint16_t)(CONDITION_EQ + prng_below(prng, 6));
        ASSERT(condition_append(&schema, item));
        if (prng_below(prng, 2) == 0) {
            ASSERT(condition_append(&schema, (struct condition_item){.op = CONDITION_GENE, .index = 2}));
            ASSERT(condition_append(
                &schema, (struct condition_item){.op = CONDITION_CHOICE, .index = (uint16_t)prng_below(prng, 3)}));
            return;
        }
        grow(prng, depth > 0 ? depth - 1 : 0, false);
        grow(prng, depth > 0 ? depth - 1 : 0, false);
    } else if (want_truth) {
        item.op = (uint16_t)(CONDITION_NOT + prng_below(prng, for_pcs ? 3 : CONDITION_EQ - CONDITION_NOT));
        ASSERT(condition_append(&schema, item));
        for (unsigned i = 0; i < condition_op_arity(item.op); i++)
            grow(prng, depth - 1, item.op != CONDITION_UNKNOWN);
    } else if (depth == 0 || prng_below(prng, 3) == 0) {
        bool is_gene = prng_below(prng, 2) == 0;
        item.op = is_gene ? CONDITION_GENE : CONDITION_NUMBER;
        item.index = is_gene ? (uint16_t)prng_below(prng, 2) : 0;
        item.number = is_gene ? 0 : (prng_unit(prng) - 0.5) * 100;
        ASSERT(condition_append(&schema, item));
    } else {
        item.op = (uint16_t)(CONDITION_ADD + prng_below(prng, CONDITION_OP_COUNT - for_pcs - CONDITION_ADD));
        ASSERT(condition_append(&schema, item));
        for (unsigned i = 0; i < condition_op_arity(item.op); i++)
            grow(prng, depth - 1, item.op == CONDITION_IF && i == 0);
    }
}

/* What is printed reads back as the same items, in every style. */
static void any_expression_survives(void)
{
    struct prng prng;
    tap_seed(51);
    prng_seed(&prng, 51);
    for (unsigned i = 0; i < 3000; i++) {
        enum condition_style style = (enum condition_style)prng_below(&prng, 3);
        struct diag diag = {0};
        struct buf text = {0};
        struct condition c, back;
        schema = fresh();
        for_pcs = style == CONDITION_PCS;
        grow(&prng, 1 + (unsigned)prng_below(&prng, 4), true);
        c = (struct condition){0, (uint16_t)schema.item_count};
        REQUIRE_OK(condition_check(&schema, c, &diag));
        REQUIRE_OK(condition_print(&schema, c, style, &text, &diag));
        struct scan scan = {.name = buf_text(&text), .text = bytes_of_buf(&text), .diag = &diag};
        if (!CHECK(condition_parse(&scan, style, &schema, &back)))
            tap_note("%s", diag.text);
        bool same = back.count == c.count;
        for (unsigned k = 0; same && k < c.count; k++) {
            const struct condition_item *x = &schema.items[k], *y = &schema.items[back.first + k];
            same = x->op == y->op && x->index == y->index && x->number == y->number;
        }
        if (!CHECK(same))
            tap_note("%s", buf_text(&text));
        buf_free(&text);
    }
}

static void ranges_hold(void)
{
    struct prng prng;
    tap_seed(52);
    prng_seed(&prng, 52);
    const struct gene_set everything = {{0x1f}};
    unsigned bounded = 0;
    for (unsigned i = 0; i < 3000; i++) {
        double lo, hi;
        schema = fresh();
        for_pcs = false;
        grow(&prng, 3, false);
        struct condition c = {0, (uint16_t)schema.item_count};
        if (!condition_range(&schema, c, &lo, &hi))
            continue;
        bounded++;
        /* not below lo nor above hi; it may be unknown */
        ASSERT(condition_insert(&schema, 0, (struct condition_item){.op = CONDITION_LT}));
        ASSERT(condition_append(&schema, (struct condition_item){.op = CONDITION_NUMBER, .number = lo}));
        struct condition at_least = {0, (uint16_t)schema.item_count};
        for (unsigned k = 0; k < 20; k++) {
            struct genome g;
            genome_random(&schema, &prng, &g);
            schema.items[0].op = CONDITION_LT;
            schema.items[at_least.count - 1].number = lo;
            CHECK(!condition_holds(&schema, at_least, &g, everything));
            schema.items[0].op = CONDITION_GT;
            schema.items[at_least.count - 1].number = hi;
            CHECK(!condition_holds(&schema, at_least, &g, everything));
        }
    }
    CHECK(bounded > 1500);
}

int main(void)
{
    TAP_RUN(in_the_style_of_r);
    TAP_RUN(in_the_style_of_pcs);
    TAP_RUN(any_expression_survives);
    TAP_RUN(ranges_hold);
    return tap_done();
}
