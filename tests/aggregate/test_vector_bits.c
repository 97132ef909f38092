#include "vectors.h"

#include "attack.h"

/* What must never show in a bit of the result, and what liars can do to it. */

enum { COLUMNS = 2 * 16384 + 777 /* three tasks, the last one with a broken block */ };

static struct prng prng;

static void seed(uint64_t value)
{
    tap_seed(value);
    prng_seed(&prng, value);
}

static struct vector_options options_of(unsigned rule, unsigned mixing)
{
    return (struct vector_options){.rule = (enum vector_rule)rule,
                                   .f = 2,
                                   .steps = 2,
                                   .radius = 3,
                                   .is_mixed = mixing & 1 && rule != VECTOR_WEIGHTED_MEAN,
                                   .bucket =
                                       mixing & 2 && rule != VECTOR_WEIGHTED_MEAN && rule != VECTOR_BULYAN ? 2 : 0,
                                   .seed = 7};
}

/* Values over many binary places, so that every other order of summation would show. */
static struct vectors draw(unsigned rows, size_t columns)
{
    struct vectors v = vectors_new(rows, columns);
    for (size_t i = 0; i < rows * columns; i++) {
        double scale = (double)(UINT64_C(1) << prng_below(&prng, 40));
        v.memory[i] = (prng_unit(&prng) - .5) * scale;
    }
    for (unsigned i = 0; i < rows; i++)
        v.weights[i] = 1 + (double)prng_below(&prng, 1000) / 7;
    return v;
}

static void shuffle(struct vectors *v)
{
    for (unsigned i = v->set.rows; i-- > 1;) {
        unsigned to = (unsigned)prng_below(&prng, i + 1);
        const double *row = v->rows[i];
        double weight = v->weights[i];
        struct digest hash = v->hashes[i];
        v->rows[i] = v->rows[to];
        v->rows[to] = row;
        v->weights[i] = v->weights[to];
        v->weights[to] = weight;
        v->hashes[i] = v->hashes[to];
        v->hashes[to] = hash;
    }
}

static void same_as(struct vectors *v, const struct vector_options *o, const double *want)
{
    memset(v->out, 0xff, v->set.columns * sizeof v->out[0]);
    if (reduces(v, o) && !CHECK(memcmp(v->out, want, v->set.columns * sizeof want[0]) == 0))
        tap_note("%s, %u threads%s", vector_rule_name(o->rule), o->threads, o->is_plain ? ", plain" : "");
}

static void order_threads_and_instructions_never_show(void)
{
    seed(11);
    struct vectors v = draw(17, COLUMNS);
    double *want = mem_array(COLUMNS, sizeof want[0]);
    for (unsigned rule = 0; rule < VECTOR_RULE_COUNT; rule++) {
        for (unsigned mixing = 0; mixing < 4; mixing += 3) {
            struct vector_options o = options_of(rule, mixing);
            REQUIRE(reduces(&v, &o));
            memcpy(want, v.out, COLUMNS * sizeof want[0]);
            o.threads = 2 + rule % 4;
            shuffle(&v);
            same_as(&v, &o, want);
            o.is_plain = true;
            o.threads = 0;
            same_as(&v, &o, want);
        }
    }
    mem_free(want);
    vectors_free(&v);
}

static void what_came_twice_counts_once(void)
{
    enum { ROWS = 17, TWICE = 5 };
    seed(12);
    struct vectors v = draw(ROWS + TWICE, 300);
    double want[300];
    for (unsigned i = ROWS; i < ROWS + TWICE; i++) {
        v.rows[i] = v.rows[i - ROWS + 2];
        v.hashes[i] = v.hashes[i - ROWS + 2];
        v.weights[i] = v.weights[i - ROWS + 2];
    }
    for (unsigned rule = 0; rule < VECTOR_RULE_COUNT; rule++) {
        struct vectors copy = v;
        struct vector_options o = options_of(rule, rule % 4);
        v.set.rows = ROWS;
        REQUIRE(reduces(&v, &o));
        memcpy(want, v.out, sizeof want);
        v.set.rows = ROWS + TWICE;
        same_as(&v, &o, want);
        v = copy;
    }
    v.set.rows = ROWS + TWICE;
    shuffle(&v);
    for (unsigned rule = 0; rule < VECTOR_RULE_COUNT; rule++) {
        struct vector_options o = options_of(rule, 0);
        REQUIRE(reduces(&v, &o));
        memcpy(want, v.out, sizeof want);
        shuffle(&v);
        same_as(&v, &o, want);
    }
    vectors_free(&v);
}

/* Pinned: the same on every processor, compiler and level of optimisation. */
static void the_bits_are_these(void)
{
    static const char *const want[VECTOR_RULE_COUNT][2] = {
        [VECTOR_MEAN] = {"7de893972a8777dd", "a08b4eb1765a307a"},
        [VECTOR_WEIGHTED_MEAN] = {"a1fb08dcb6572669", "a1fb08dcb6572669"},
        [VECTOR_MEDIAN] = {"e8d4581a6a2c6211", "370225a2de53b5ed"},
        [VECTOR_TRIMMED_MEAN] = {"3dd1734ba3ee73f0", "370225a2de53b5ed"},
        [VECTOR_KRUM] = {"88b921f22ad1a4ee", "370225a2de53b5ed"},
        [VECTOR_MULTI_KRUM] = {"f09377189bb68dd3", "1863e3ea66eaf6bc"},
        [VECTOR_GEOMETRIC_MEDIAN] = {"1ec936fdbc3df147", "881cb0d7227f2dea"},
        [VECTOR_CENTRED_CLIPPING] = {"6d5e9d07337ed76e", "1fba5aaff5639e6f"},
        [VECTOR_BULYAN] = {"59a2b33ddde2c5fc", "4f4d3fde636af01f"},
        [VECTOR_MDA] = {"f09377189bb68dd3", "1863e3ea66eaf6bc"},
    };
    seed(13);
    struct vectors v = draw(15, COLUMNS);
    for (unsigned rule = 0; rule < VECTOR_RULE_COUNT; rule++) {
        for (unsigned k = 0; k < 2; k++) {
            struct vector_options o = options_of(rule, 3 * k);
            struct digest_context c;
            char hex[2 * DIGEST_SIZE + 1];
            REQUIRE(reduces(&v, &o));
            digest_init(&c);
            for (size_t i = 0; i < COLUMNS; i++) {
                uint8_t bytes[8];
                uint64_t bits;
                memcpy(&bits, &v.out[i], sizeof bits);
                be64_put(bytes, bits);
                digest_add(&c, bytes, sizeof bytes);
            }
            struct digest d = digest_final(&c);
            digest_hex(&d, hex);
            hex[16] = 0;
            if (!CHECK_EQ_TEXT(hex, want[rule][k]))
                tap_note("%s: %s", vector_rule_name(o.rule), hex);
        }
    }
    vectors_free(&v);
}

/* ---- attacks */

static void published_attacks(void)
{
    struct vectors v = vectors_of(3, 3, (const double[]){1, 2, 3, 4, 5, 6, 7, 8, 9});
    static const double want[][3] = {{-4, -5, -6}, {-8, -10, -12}, {8.5, 9.5, 10.5}, {1, 2, 3}};
    static const double strength[] = {0, 2, 1.5, 0};
    for (unsigned i = 0; i < ATTACK_COUNT; i++) {
        enum vector_attack attack;
        CHECK_OK(vector_attack_parse(bytes_of_text(vector_attack_name((enum vector_attack)i)), &attack));
        CHECK_EQ_U64(attack, i);
        REQUIRE_OK(vector_attack(&v.set, attack, strength[i], v.out, NULL));
        CHECK(memcmp(v.out, want[i], sizeof want[i]) == 0);
    }
    enum vector_attack attack;
    CHECK_ERR(vector_attack_parse(bytes_of_text("alie2"), &attack), ERR_UNKNOWN);
    vectors_free(&v);
}

/* The square of the distance from the mean of the honest rows. */
static double error(const struct vectors *v, const double *mean)
{
    double sum = 0;
    for (size_t c = 0; c < v->set.columns; c++)
        sum += (v->out[c] - mean[c]) * (v->out[c] - mean[c]);
    return sum;
}

/* Every robust rule under every attack stays as near to the honest mean as honest rows are; and one row far
 * away, which carries the mean off, does nothing to them. */
static void liars_do_not_carry_the_result_off(void)
{
    enum { ROWS = 23, LIARS = 5, WIDTH = 50 };
    seed(14);
    struct vectors v = vectors_new(ROWS, WIDTH);
    double mean[WIDTH];
    for (unsigned i = 0; i < ROWS * WIDTH; i++)
        v.memory[i] = 1 + prng_unit(&prng) - .5;
    struct vector_set honest = v.set;
    honest.rows -= LIARS;
    honest.values += LIARS;
    honest.hashes += LIARS;
    const struct vector_options plain = {.rule = VECTOR_MEAN};
    REQUIRE_OK(vector_reduce(&honest, &plain, mean, NULL, NULL));
    double spread = WIDTH / 12.0; /* the variance of an honest row */
    for (unsigned attack = 0; attack <= ATTACK_COUNT; attack++) {
        for (unsigned i = 0; i < LIARS; i++) {
            double *row = v.memory + i * WIDTH;
            if (attack < ATTACK_COUNT)
                REQUIRE_OK(vector_attack(&honest, (enum vector_attack)attack, 1.5, row, NULL));
            for (unsigned c = 0; c < WIDTH && attack == ATTACK_COUNT; c++)
                row[c] = i % 2 ? 1e80 : -1e90;
        }
        for (unsigned rule = VECTOR_MEDIAN; rule < VECTOR_RULE_COUNT; rule++) {
            for (unsigned mixed = 0; mixed < 2; mixed++) {
                struct vector_options o = {
                    .rule = (enum vector_rule)rule, .f = LIARS, .radius = 2, .is_mixed = mixed == 1};
                REQUIRE(reduces(&v, &o));
                if (!CHECK(error(&v, mean) < spread * 1.5))
                    tap_note("%s%s, attack %u: %g of %g", vector_rule_name(o.rule), mixed ? " mixed" : "", attack,
                             error(&v, mean), spread);
            }
        }
    }
    REQUIRE(reduces(&v, &plain));
    CHECK(error(&v, mean) > 1e100);
    vectors_free(&v);
}

int main(void)
{
    TAP_RUN(order_threads_and_instructions_never_show);
    TAP_RUN(what_came_twice_counts_once);
    TAP_RUN(the_bits_are_these);
    TAP_RUN(published_attacks);
    TAP_RUN(liars_do_not_carry_the_result_off);
    return tap_done();
}
