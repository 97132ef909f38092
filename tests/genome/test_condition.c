#include "genome/condition.h"
#include "genome/schema.h"
#include "sample.h"
#include "tap.h"

#include "base/text.h"

/* x is 4, n is 3, level is mid, kind is b; hidden is inactive. */
enum { X, N, LEVEL, KIND, HIDDEN };

static struct genome_schema schema_of_five(void)
{
    struct genome_schema s = {
        .count = 5,
        .word_count = 5,
        .words = {"low", "mid", "high", "a", "b"},
        .genes =
            {{.name = "x", .type = GENE_CONTINUOUS, .lo = -8, .hi = 8, .default_real = 4},
             {.name = "n", .type = GENE_DISCRETE, .ilo = -3, .ihi = 9, .default_integer = 3},
             {.name = "level", .type = GENE_ORDINAL, .choice_count = 3, .default_integer = 1},
             {.name = "kind", .type = GENE_CATEGORICAL, .choice_first = 3, .choice_count = 2, .default_integer = 1},
             {.name = "hidden", .type = GENE_DISCRETE, .ilo = 0, .ihi = 1}},
    };
    s.genes[HIDDEN].condition = SAMPLE_CONDITION(&s, OP(EQ), GENE(KIND), CHOICE(0));
    return s;
}

static bool holds(struct genome_schema *s, struct condition c)
{
    struct genome genome;
    if (!CHECK_OK(condition_check(s, c, NULL)))
        return false;
    genome_default(s, &genome);
    return condition_holds(s, c, &genome, condition_active(s, &genome));
}

static void compares(void)
{
    struct genome_schema s = schema_of_five();
    CHECK(holds(&s, SAMPLE_CONDITION(&s, OP(EQ), GENE(X), NUMBER(4))));
    CHECK(!holds(&s, SAMPLE_CONDITION(&s, OP(NE), GENE(X), NUMBER(4))));
    CHECK(holds(&s, SAMPLE_CONDITION(&s, OP(LT), GENE(N), GENE(X))));
    CHECK(!holds(&s, SAMPLE_CONDITION(&s, OP(LT), GENE(X), NUMBER(4))));
    CHECK(holds(&s, SAMPLE_CONDITION(&s, OP(LE), GENE(X), NUMBER(4))));
    CHECK(!holds(&s, SAMPLE_CONDITION(&s, OP(GT), GENE(X), NUMBER(4))));
    CHECK(holds(&s, SAMPLE_CONDITION(&s, OP(GE), GENE(LEVEL), CHOICE(1))));
    CHECK(!holds(&s, SAMPLE_CONDITION(&s, OP(GE), GENE(LEVEL), CHOICE(2))));
    CHECK(holds(&s, SAMPLE_CONDITION(&s, IN(2), GENE(KIND), CHOICE(0), CHOICE(1))));
    CHECK(holds(&s, SAMPLE_CONDITION(&s, IN(3), GENE(N), NUMBER(1), NUMBER(2), NUMBER(3))));
    CHECK(!holds(&s, SAMPLE_CONDITION(&s, IN(2), GENE(N), NUMBER(1), NUMBER(2))));
}

static bool equals(enum condition_op op, double a, double b, double want)
{
    struct genome_schema s = schema_of_five();
    if (condition_op_arity(op) == 2)
        return holds(&s, SAMPLE_CONDITION(&s, OP(EQ), {.op = (uint16_t)op}, NUMBER(a), NUMBER(b), NUMBER(want)));
    return holds(&s, SAMPLE_CONDITION(&s, OP(EQ), {.op = (uint16_t)op}, NUMBER(a), NUMBER(want)));
}

static void calculates(void)
{
    CHECK(equals(CONDITION_ADD, 1.5, 2, 3.5) && equals(CONDITION_SUBTRACT, 1.5, 2, -0.5));
    CHECK(equals(CONDITION_MULTIPLY, 1.5, 2, 3) && equals(CONDITION_DIVIDE, 3, 2, 1.5));
    CHECK(equals(CONDITION_MODULO, 7, 3, 1) && equals(CONDITION_MODULO, -7, 3, 2) &&
          equals(CONDITION_MODULO, 7, -3, -2));
    CHECK(equals(CONDITION_MIN, 1, 2, 1) && equals(CONDITION_MAX, 1, 2, 2) && equals(CONDITION_NEGATE, 1, 0, -1));
    CHECK(equals(CONDITION_ABS, -2, 0, 2) && equals(CONDITION_FLOOR, -1.5, 0, -2) && equals(CONDITION_FLOOR, 3, 0, 3));
    CHECK(equals(CONDITION_CEILING, -1.5, 0, -1) && equals(CONDITION_CEILING, 1.5, 0, 2));
    CHECK(equals(CONDITION_ROUND, 0.5, 0, 0) && equals(CONDITION_ROUND, 1.5, 0, 2) &&
          equals(CONDITION_ROUND, -0.5, 0, 0));
    CHECK(equals(CONDITION_ROUND, -1.4, 0, -1) && equals(CONDITION_ROUND, -2.5, 0, -2));
    CHECK(equals(CONDITION_TRUNC, -1.5, 0, -1) && equals(CONDITION_TRUNC, 1e300, 0, 1e300));
    CHECK(equals(CONDITION_POWER, 3, 4, 81) && equals(CONDITION_POWER, -2, 3, -8) &&
          equals(CONDITION_POWER, 2, -2, 0.25));
    CHECK(equals(CONDITION_POWER, 9, 0.5, 3) && equals(CONDITION_POWER, 0, 0, 1) && equals(CONDITION_POWER, 0, 1.5, 0));
    CHECK(equals(CONDITION_SQRT, 9, 0, 3) && equals(CONDITION_EXP, 0, 0, 1) && equals(CONDITION_LOG, 1, 0, 0));
    CHECK(!equals(CONDITION_SQRT, -1, 0, 0) && !equals(CONDITION_LOG, -1, 0, 0) &&
          !equals(CONDITION_POWER, -2, 0.5, 0));
    CHECK(equals(CONDITION_EXP, -1e9, 0, 0) && !equals(CONDITION_LOG, 0, 0, 0) && !equals(CONDITION_EXP, 1e9, 0, 0));
}

static void decides(void)
{
    struct genome_schema s = schema_of_five();
    const struct condition_item none[] = {OP(UNKNOWN), OP(DIVIDE), NUMBER(0), NUMBER(0)};
    CHECK(holds(&s, SAMPLE_CONDITION(&s, OP(TRUE))) && !holds(&s, SAMPLE_CONDITION(&s, OP(FALSE))));
    CHECK(holds(&s, SAMPLE_CONDITION(&s, OP(UNKNOWN), GENE(HIDDEN))));
    CHECK(holds(&s, SAMPLE_CONDITION(&s, OP(UNKNOWN), OP(ADD), GENE(HIDDEN), NUMBER(1))));
    CHECK(holds(&s, sample_condition(&s, 4, none)));
    CHECK(holds(&s, SAMPLE_CONDITION(&s, OP(NOT), OP(UNKNOWN), GENE(KIND))));
    CHECK(holds(&s, SAMPLE_CONDITION(&s, OP(EQ), OP(IF), OP(GT), GENE(X), NUMBER(1), NUMBER(7), NUMBER(8), NUMBER(7))));
    CHECK(holds(&s, SAMPLE_CONDITION(&s, OP(EQ), OP(IF), OP(LT), GENE(X), NUMBER(1), NUMBER(7), NUMBER(8), NUMBER(8))));
    CHECK(holds(&s, SAMPLE_CONDITION(&s, OP(IF), OP(LT), GENE(X), NUMBER(1), OP(FALSE), OP(TRUE))));
    CHECK(!holds(&s, SAMPLE_CONDITION(&s, OP(IF), OP(GE), GENE(HIDDEN), NUMBER(0), OP(TRUE), OP(TRUE))));
    CHECK(holds(&s, SAMPLE_CONDITION(&s, OP(NE), GENE(LEVEL), GENE(KIND))));
    CHECK(!holds(&s, SAMPLE_CONDITION(&s, OP(EQ), GENE(LEVEL), GENE(KIND)))); /* both are their second choice */
    CHECK(holds(&s, SAMPLE_CONDITION(&s, OP(EQ), GENE(LEVEL), GENE(LEVEL))));
}

/* The operands of and, or: no, yes, unknown (of the inactive gene). */
static struct condition_item truth[3][3] = {
    {OP(EQ), GENE(X), NUMBER(5)}, {OP(EQ), GENE(X), NUMBER(4)}, {OP(EQ), GENE(HIDDEN), NUMBER(0)}};

/* 0 no, 1 yes, 2 neither it nor its opposite holds. */
static unsigned truth_of(const struct condition_item *items, unsigned count)
{
    struct genome_schema s = schema_of_five();
    struct condition_item not [16] = {OP(NOT)};
    memcpy(not +1, items, count * sizeof items[0]);
    if (holds(&s, sample_condition(&s, count, items)))
        return 1;
    return holds(&s, sample_condition(&s, count + 1, not )) ? 0 : 2;
}

static void what_is_inactive_is_unknown(void)
{
    const unsigned and[3][3] = {{0, 0, 0}, {0, 1, 2}, {0, 2, 2}}, or [3][3] = {{0, 1, 2}, {1, 1, 1}, {2, 1, 2}};
    const unsigned xor [3][3] = {{0, 1, 2}, {1, 0, 2}, {2, 2, 2}};
    for (unsigned i = 0; i < 3; i++) {
        CHECK_EQ_U64(truth_of(truth[i], 3), i);
        for (unsigned k = 0; k < 3; k++) {
            struct condition_item items[7] = {OP(AND)};
            memcpy(items + 1, truth[i], sizeof truth[i]);
            memcpy(items + 4, truth[k], sizeof truth[k]);
            CHECK_EQ_U64(truth_of(items, 7), and[i][k]);
            items[0].op = CONDITION_OR;
            CHECK_EQ_U64(truth_of(items, 7), or [i][k]);
            items[0].op = CONDITION_XOR;
            CHECK_EQ_U64(truth_of(items, 7), xor[i][k]);
        }
    }
    const struct condition_item none[] = {OP(NE), OP(DIVIDE), NUMBER(0), NUMBER(0), NUMBER(1)};
    CHECK_EQ_U64(truth_of(none, 5), 2);
}

static void activity_runs_down(void)
{
    struct genome_schema s = sample_conditional();
    struct genome g;
    CHECK_OK(genome_schema_check(&s, NULL));
    genome_default(&s, &g);
    CHECK_EQ_U64(genome_active(&s, &g).bits[0],
                 1U << SAMPLE_RATE | 1U << SAMPLE_SHIFT | 1U << SAMPLE_LEVEL | 1U << SAMPLE_FLAG);
    g.values[SAMPLE_KIND].integer = 1; /* of no effect while the level is low */
    g.values[SAMPLE_DEPTH].integer = 8;
    CHECK((genome_active(&s, &g).bits[0] & (1U << SAMPLE_DEPTH | 1U << SAMPLE_BATCH)) == 0);
    g.values[SAMPLE_LEVEL].integer = 1;
    CHECK_EQ_U64(genome_active(&s, &g).bits[0], 0x7f);
    g.values[SAMPLE_DEPTH].integer = 6;
    CHECK_EQ_U64(genome_active(&s, &g).bits[0], 0x7f & ~(1U << SAMPLE_BATCH));
    g.values[SAMPLE_LEVEL].integer = 2;
    CHECK_EQ_U64(genome_active(&s, &g).bits[0], 0x7f);
}

/* The conditional sample with another condition for the flag. */
#define REFUSED(want, pattern, ...)                                                                                    \
    do {                                                                                                               \
        static struct genome_schema s;                                                                                 \
        s = *sample_kept(sample_conditional);                                                                          \
        struct diag diag = {0};                                                                                        \
        s.genes[SAMPLE_FLAG].condition = SAMPLE_CONDITION(&s, __VA_ARGS__);                                            \
        CHECK_ERR(genome_schema_check(&s, &diag), want);                                                               \
        if (!CHECK(strstr(diag.text, pattern) != NULL))                                                                \
            tap_note("it says: %s", diag.text);                                                                        \
    } while (0)

static void refuses_what_is_no_expression(void)
{
    REFUSED(ERR_TRUNCATED, "ends early", OP(NOT));
    REFUSED(ERR_TRUNCATED, "ends early", OP(EQ), GENE(SAMPLE_RATE));
    REFUSED(ERR_SYNTAX, "after its end", OP(EQ), GENE(SAMPLE_RATE), NUMBER(1), NUMBER(1));
    REFUSED(ERR_UNKNOWN, "no operator", {.op = CONDITION_OP_COUNT});
    REFUSED(ERR_TYPE, "a number stands", GENE(SAMPLE_RATE));
    REFUSED(ERR_TYPE, "true or false stands", OP(EQ), OP(NOT), NUMBER(1), NUMBER(1));
    REFUSED(ERR_TYPE, "own choices", OP(EQ), GENE(SAMPLE_KIND), NUMBER(1));
    REFUSED(ERR_TYPE, "nothing in common", OP(EQ), GENE(SAMPLE_KIND), GENE(SAMPLE_FLAG));
    REFUSED(ERR_TYPE, "== and != only", OP(LT), GENE(SAMPLE_LEVEL), GENE(SAMPLE_KIND));
    REFUSED(ERR_TYPE, "== and != only", IN(2), GENE(SAMPLE_KIND), GENE(SAMPLE_LEVEL), CHOICE(1));
    REFUSED(ERR_TYPE, "a number stands", OP(IF), OP(TRUE), NUMBER(1), NUMBER(1));
    REFUSED(ERR_TYPE, "true or false stands", OP(EQ), OP(IF), OP(TRUE), NUMBER(1), OP(TRUE), NUMBER(1));
    REFUSED(ERR_TYPE, "true or false stands", OP(UNKNOWN), OP(TRUE));
    REFUSED(ERR_RANGE, "no choice 2", OP(EQ), GENE(SAMPLE_KIND), CHOICE(2));
    REFUSED(ERR_TYPE, "has no order", OP(LT), GENE(SAMPLE_KIND), CHOICE(1));
    REFUSED(ERR_TYPE, "a choice stands", OP(EQ), GENE(SAMPLE_RATE), CHOICE(1));
    REFUSED(ERR_TYPE, "is no number", OP(EQ), OP(ADD), GENE(SAMPLE_LEVEL), NUMBER(1), NUMBER(1));
    REFUSED(ERR_RANGE, "no gene 7", OP(EQ), GENE(7), NUMBER(1));
    REFUSED(ERR_RANGE, "too large", OP(EQ), GENE(SAMPLE_RATE), NUMBER(1e301));
    REFUSED(ERR_RANGE, "a number is none", OP(EQ), GENE(SAMPLE_RATE), NUMBER(-0.0));
    REFUSED(ERR_CANONICAL, "of one it is", IN(1), GENE(SAMPLE_RATE), NUMBER(1));
    REFUSED(ERR_STATE, "depends on itself", OP(EQ), GENE(SAMPLE_FLAG), CHOICE(1));
}

static void refuses_a_cycle_and_a_forbidden_default(void)
{
    struct genome_schema s = sample_conditional();
    struct diag diag = {0};
    s.genes[SAMPLE_LEVEL].condition = SAMPLE_CONDITION(&s, OP(LT), GENE(SAMPLE_BATCH), NUMBER(4));
    CHECK_ERR(genome_schema_check(&s, &diag), ERR_STATE);
    CHECK_EQ_TEXT(diag.text, "gene depth: its condition depends on itself");
    s = sample_conditional();
    s.forbidden[2] = SAMPLE_CONDITION(&s, OP(EQ), GENE(SAMPLE_FLAG), CHOICE(1));
    s.forbidden_count = 3;
    CHECK_ERR(genome_schema_check(&s, &diag), ERR_RANGE);
    CHECK_EQ_TEXT(diag.text, "forbidden combination 3 forbids the defaults");
    s = sample_conditional();
    s.forbidden_count = GENOME_FORBIDDEN_MAX + 1;
    CHECK_ERR(genome_schema_check(&s, &diag), ERR_LIMIT);
}

/* Signed and hashed: these bytes may not change. */
static void has_pinned_bytes(void)
{
    struct genome_schema s = schema_of_five();
    struct buf bytes = {0}, hex = {0};
    s.count = 2;
    s.item_count = 0;
    s.genes[X].condition = SAMPLE_CONDITION(&s, IN(2), GENE(N), NUMBER(1), NUMBER(2.5));
    s.forbidden[0] = SAMPLE_CONDITION(&s, OP(GT), GENE(X), OP(NEGATE), GENE(N));
    s.forbidden_count = 1;
    genome_schema_encode(&s, &bytes);
    hex_encode(bytes_of_buf(&bytes), &hex);
    CHECK_EQ_TEXT(buf_text(&hex),
                  "a46567656e6573828661786a636f6e74696e756f7573f4f9c800f94800f9440086616e686469736372657465f4"
                  "2209036776657273696f6e0269666f7262696464656e8184613e00666e6567617465016a636f6e64697469"
                  "6f6e738182008562696e0201f93c00f94100");
    buf_free(&bytes);
    buf_free(&hex);
}

static void has_one_encoding(void)
{
    struct genome_schema s = sample_conditional(), back;
    struct buf bytes = {0}, again = {0};
    unsigned accepted = 0;
    genome_schema_encode(&s, &bytes);
    REQUIRE_OK(genome_schema_decode(bytes_of_buf(&bytes), &back));
    genome_schema_encode(&back, &again);
    CHECK_EQ_BYTES(bytes_of_buf(&again), bytes_of_buf(&bytes));
    for (size_t i = 0; i < bytes.len; i++) {
        CHECK(genome_schema_decode(bytes_of(bytes.data, i), &back) != ERR_OK);
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes.data[i] ^= (uint8_t)(1u << bit);
            if (genome_schema_decode(bytes_of_buf(&bytes), &back) == ERR_OK) {
                buf_clear(&again);
                genome_schema_encode(&back, &again);
                CHECK_EQ_BYTES(bytes_of_buf(&again), bytes_of_buf(&bytes));
                accepted++;
            }
            bytes.data[i] ^= (uint8_t)(1u << bit);
        }
    }
    CHECK(accepted > 0);
    buf_free(&bytes);
    buf_free(&again);
}

static enum err decoded(const struct genome_schema *schema, const struct genome *genome)
{
    struct buf bytes = {0};
    struct genome back;
    genome_encode(schema, genome, &bytes);
    enum err err = genome_decode(schema, bytes_of_buf(&bytes), &back);
    buf_free(&bytes);
    return err;
}

static void a_genome_is_canonical_and_allowed(void)
{
    struct genome_schema s = sample_conditional();
    struct genome g;
    genome_default(&s, &g);
    CHECK_OK(decoded(&s, &g));
    g.values[SAMPLE_DEPTH].integer = 5; /* matters only for kind b */
    CHECK_ERR(decoded(&s, &g), ERR_CANONICAL);
    genome_default(&s, &g);
    g.values[SAMPLE_LEVEL].integer = 2; /* kind a becomes active, and the flag is set */
    CHECK_ERR(decoded(&s, &g), ERR_RANGE);
    CHECK_EQ_I64(genome_forbidden(&s, &g), 0);
    genome_project(&s, &g); /* flag and kind have their defaults already, so the level gives way */
    CHECK_OK(decoded(&s, &g));
    CHECK(g.values[SAMPLE_LEVEL].integer == 0 && g.values[SAMPLE_FLAG].integer == 1);
}

/* Whatever the values: projected they decode, and projected again they stay. */
static void repairs_anything(void)
{
    struct genome_schema s = sample_conditional();
    struct prng prng;
    unsigned forbidden = 0, inactive = 0;
    tap_seed(21);
    prng_seed(&prng, 21);
    for (unsigned i = 0; i < 3000; i++) {
        struct genome g = {.count = s.count}, again;
        for (unsigned k = 0; k < s.count; k++)
            g.values[k] = s.genes[k].type == GENE_CONTINUOUS
                              ? (struct gene_value){.real = (double)prng_below(&prng, 30) - 15}
                              : (struct gene_value){.integer = (int64_t)prng_below(&prng, 30) - 15};
        genome_project(&s, &g);
        CHECK_OK(decoded(&s, &g));
        again = g;
        genome_project(&s, &again);
        CHECK(sample_equal(&again, &g));
        genome_random(&s, &prng, &g);
        CHECK_OK(decoded(&s, &g));
        forbidden += g.values[SAMPLE_FLAG].integer == 0;
        inactive += !gene_set_has(genome_active(&s, &g), SAMPLE_DEPTH);
    }
    CHECK(forbidden > 500 && inactive > 500 && inactive < 2900);
}

int main(void)
{
    TAP_RUN(compares);
    TAP_RUN(calculates);
    TAP_RUN(decides);
    TAP_RUN(what_is_inactive_is_unknown);
    TAP_RUN(activity_runs_down);
    TAP_RUN(refuses_what_is_no_expression);
    TAP_RUN(refuses_a_cycle_and_a_forbidden_default);
    TAP_RUN(has_pinned_bytes);
    TAP_RUN(has_one_encoding);
    TAP_RUN(a_genome_is_canonical_and_allowed);
    TAP_RUN(repairs_anything);
    return tap_done();
}
