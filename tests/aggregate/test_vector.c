#include "vectors.h"

#include "base/dmath.h"

/* Each rule against its definition, written down once more the slow way, and against published values. */

static struct prng prng;

static void seed(uint64_t value)
{
    tap_seed(value);
    prng_seed(&prng, value);
}

static bool near(double a, double b)
{
    double difference = a < b ? b - a : a - b;
    return difference < 1e-9;
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void column_sorted(const struct vectors *v, const bool *is_in, size_t column, double *sorted)
{
    unsigned count = 0;
    for (unsigned i = 0; i < v->set.rows; i++)
        if (is_in == NULL || is_in[i])
            sorted[count++] = at(v, i, column);
    qsort(sorted, count, sizeof sorted[0], compare);
}

static double square(const struct vectors *v, unsigned i, unsigned j)
{
    double sum = 0;
    for (size_t c = 0; c < v->set.columns; c++)
        sum += (at(v, i, c) - at(v, j, c)) * (at(v, i, c) - at(v, j, c));
    return sum;
}

/* ---- published values */

static const double NINE[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

static void published_values(void)
{
    struct vectors v = vectors_of(3, 3, NINE);
    struct vector_options o = {.rule = VECTOR_MEDIAN, .f = 1};
    if (reduces(&v, &o))
        CHECK(v.out[0] == 4 && v.out[1] == 5 && v.out[2] == 6);
    o.rule = VECTOR_TRIMMED_MEAN;
    if (reduces(&v, &o))
        CHECK(v.out[0] == 4 && v.out[1] == 5 && v.out[2] == 6);
    o = (struct vector_options){.rule = VECTOR_KRUM}; /* one neighbour, all equal: the lowest hash */
    if (reduces(&v, &o))
        CHECK(v.out[0] == 1 && v.out[1] == 2 && v.out[2] == 3);
    vectors_free(&v);
    v = vectors_of(3, 1, (const double[]){.2, .7, 1.0});
    if (reduces(&v, &o))
        CHECK(v.out[0] == .7);
    vectors_free(&v);
    v = vectors_of(3, 1, (const double[]){.2, .5, 1.0});
    o = (struct vector_options){.rule = VECTOR_MULTI_KRUM, .m = 2};
    if (reduces(&v, &o))
        CHECK(v.out[0] == (.2 + .5) / 2);
    vectors_free(&v);
}

/* ---- coordinate by coordinate */

static void means_are_weighted(void)
{
    seed(1);
    for (unsigned round = 0; round < 60; round++) {
        struct vectors v = vectors_draw(&prng, 1 + round % 12, 1 + round, 1000);
        struct vector_options o = {.rule = round % 2 ? VECTOR_WEIGHTED_MEAN : VECTOR_MEAN};
        REQUIRE(reduces(&v, &o));
        for (size_t c = 0; c < v.set.columns; c++) {
            double sum = 0, whole = 0;
            for (unsigned i = 0; i < v.set.rows; i++) {
                double weight = o.rule == VECTOR_MEAN ? 1 : v.weights[i];
                sum += weight * at(&v, i, c);
                whole += weight;
            }
            CHECK(v.out[c] == sum / whole);
        }
        vectors_free(&v);
    }
}

static void medians_and_trimmed_means_of_every_size(void)
{
    double sorted[VECTOR_ROWS_MAX];
    seed(2);
    for (unsigned n = 1; n <= VECTOR_ROWS_MAX; n += n < 40 ? 1 : 31) {
        struct vectors v = vectors_draw(&prng, n, 37, n % 3 ? 100000 : 4);
        struct vector_options o = {.rule = VECTOR_MEDIAN};
        REQUIRE(reduces(&v, &o));
        for (size_t c = 0; c < v.set.columns; c++) {
            column_sorted(&v, NULL, c, sorted);
            CHECK(v.out[c] == (n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2));
        }
        o = (struct vector_options){.rule = VECTOR_TRIMMED_MEAN, .f = (unsigned)prng_below(&prng, (n + 1) / 2)};
        REQUIRE(reduces(&v, &o));
        for (size_t c = 0; c < v.set.columns; c++) {
            double sum = 0;
            column_sorted(&v, NULL, c, sorted);
            for (unsigned i = o.f; i < n - o.f; i++)
                sum += sorted[i];
            CHECK(v.out[c] == sum / (n - 2 * o.f));
        }
        vectors_free(&v);
    }
}

/* A network that sorts every column of zeros and ones sorts (Knuth, 5.3.4, theorem Z). */
static void zeros_and_ones_of_twelve_rows(void)
{
    enum { ROWS = 12, COLUMNS = 1 << ROWS };
    struct vectors v = vectors_new(ROWS, COLUMNS);
    for (unsigned i = 0; i < ROWS; i++)
        for (unsigned c = 0; c < COLUMNS; c++)
            v.memory[i * COLUMNS + c] = c >> i & 1;
    for (unsigned f = 0; 2 * f < ROWS; f++) {
        struct vector_options o = {.rule = VECTOR_TRIMMED_MEAN, .f = f};
        REQUIRE(reduces(&v, &o));
        for (unsigned c = 0; c < COLUMNS; c++) {
            unsigned ones = 0;
            for (unsigned i = 0; i < ROWS; i++)
                ones += c >> i & 1;
            unsigned left = ones < f ? 0 : ones > ROWS - f ? ROWS - 2 * f : ones - f;
            CHECK(v.out[c] == (double)left / (ROWS - 2 * f));
        }
    }
    vectors_free(&v);
}

/* ---- Krum and those built on it */

static double krum_score(const struct vectors *v, const bool *is_left, unsigned row, unsigned neighbours)
{
    double squares[VECTOR_ROWS_MAX], sum = 0;
    unsigned count = 0;
    for (unsigned j = 0; j < v->set.rows; j++)
        if (j != row && is_left[j])
            squares[count++] = square(v, row, j);
    qsort(squares, count, sizeof squares[0], compare);
    for (unsigned k = 0; k < neighbours; k++)
        sum += squares[k];
    return sum;
}

static unsigned krum_choose(const struct vectors *v, const bool *is_left, unsigned neighbours, const bool *is_taken)
{
    unsigned best = v->set.rows;
    for (unsigned i = 0; i < v->set.rows; i++) {
        if (!is_left[i] || (is_taken != NULL && is_taken[i]))
            continue;
        if (best == v->set.rows || krum_score(v, is_left, i, neighbours) < krum_score(v, is_left, best, neighbours))
            best = i;
    }
    return best;
}

/* Values are eighths: every sum below is exact, whatever its order. */
static void multi_krum_takes_the_lowest_scores(void)
{
    seed(3);
    for (unsigned round = 0; round < 200; round++) {
        unsigned f = (unsigned)prng_below(&prng, 4), n = 2 * f + 3 + (unsigned)prng_below(&prng, 5);
        struct vectors v = vectors_draw(&prng, n, 1 + prng_below(&prng, 9), round % 2 ? 5 : 64);
        struct vector_options o = {.rule = VECTOR_MULTI_KRUM, .f = f, .m = 1 + (unsigned)prng_below(&prng, n - f)};
        bool all[VECTOR_ROWS_MAX], is_taken[VECTOR_ROWS_MAX] = {false};
        memset(all, true, sizeof all);
        for (unsigned k = 0; k < o.m; k++)
            is_taken[krum_choose(&v, all, n - f - 2, is_taken)] = true;
        if (o.m == 1)
            o.rule = VECTOR_KRUM;
        REQUIRE(reduces(&v, &o));
        for (size_t c = 0; c < v.set.columns; c++) {
            double sum = 0;
            for (unsigned i = 0; i < n; i++)
                sum += is_taken[i] ? at(&v, i, c) : 0;
            CHECK(v.out[c] == sum / o.m);
        }
        vectors_free(&v);
    }
}

/* Far from zero the inner products have no digit left for the differences. */
static void krum_does_not_mind_where_zero_is(void)
{
    seed(10);
    for (unsigned round = 0; round < 100; round++) {
        struct vectors v = vectors_draw(&prng, 9 + round % 7, 1 + prng_below(&prng, 300), 64);
        struct vector_options o = {.rule = VECTOR_KRUM, .f = 3};
        double near_zero[300];
        REQUIRE(reduces(&v, &o));
        memcpy(near_zero, v.out, v.set.columns * sizeof near_zero[0]);
        for (size_t i = 0; i < v.set.rows * v.set.columns; i++)
            v.memory[i] += 0x1p40;
        REQUIRE(reduces(&v, &o));
        for (size_t c = 0; c < v.set.columns; c++)
            CHECK(v.out[c] - 0x1p40 == near_zero[c]);
        vectors_free(&v);
    }
}

static void bulyan_averages_what_is_closest_to_the_median(void)
{
    seed(4);
    for (unsigned round = 0; round < 200; round++) {
        unsigned f = (unsigned)prng_below(&prng, 4), n = 4 * f + 3 + (unsigned)prng_below(&prng, 4);
        unsigned theta = n - 2 * f, keep = theta - 2 * f;
        struct vectors v = vectors_draw(&prng, n, 1 + prng_below(&prng, 9), round % 2 ? 5 : 64);
        struct vector_options o = {.rule = VECTOR_BULYAN, .f = f};
        bool is_left[VECTOR_ROWS_MAX], is_taken[VECTOR_ROWS_MAX] = {false};
        memset(is_left, true, sizeof is_left);
        for (unsigned k = 0; k < theta; k++) {
            unsigned left = n - k, neighbours = left >= f + 3 ? left - f - 2 : left > 1 ? 1 : 0;
            unsigned best = krum_choose(&v, is_left, neighbours, NULL);
            is_left[best] = false;
            is_taken[best] = true;
        }
        REQUIRE(reduces(&v, &o));
        for (size_t c = 0; c < v.set.columns; c++) {
            double sorted[VECTOR_ROWS_MAX], sum = 0, median;
            bool is_used[VECTOR_ROWS_MAX] = {false};
            column_sorted(&v, is_taken, c, sorted);
            median = (sorted[(theta - 1) / 2] + sorted[theta / 2]) / 2;
            for (unsigned k = 0; k < keep; k++) {
                unsigned best = theta;
                for (unsigned i = 0; i < theta; i++) {
                    double far = sorted[i] < median ? median - sorted[i] : sorted[i] - median;
                    double least = best == theta           ? 0
                                   : sorted[best] < median ? median - sorted[best]
                                                           : sorted[best] - median;
                    if (!is_used[i] && (best == theta || far < least))
                        best = i;
                }
                is_used[best] = true;
                sum += sorted[best];
            }
            CHECK(v.out[c] == sum / keep);
        }
        vectors_free(&v);
    }
}

/* ---- minimum diameter */

static double diameter(const struct vectors *v, unsigned set)
{
    double most = 0;
    for (unsigned i = 0; i < v->set.rows; i++)
        for (unsigned j = 0; j < i; j++)
            if ((set >> i & 1) && (set >> j & 1) && square(v, i, j) > most)
                most = square(v, i, j);
    return most;
}

/* Whether set a has the lower rows: the first row that only one of them has is a's. */
static bool comes_first(unsigned a, unsigned b)
{
    unsigned only = a ^ b;
    return (a & only & (~only + 1)) != 0;
}

static void mda_finds_the_least_diameter(void)
{
    seed(5);
    for (unsigned round = 0; round < 150; round++) {
        unsigned f = (unsigned)prng_below(&prng, 4), n = 2 * f + 1 + (unsigned)prng_below(&prng, 4), best = 0;
        struct vectors v = vectors_draw(&prng, n, 1 + prng_below(&prng, 4), round % 2 ? 5 : 64);
        struct vector_options o = {.rule = VECTOR_MDA, .f = f};
        for (unsigned set = 1; set < 1U << n; set++) {
            unsigned size = 0;
            for (unsigned i = 0; i < n; i++)
                size += set >> i & 1;
            if (size != n - f)
                continue;
            if (best == 0 || diameter(&v, set) < diameter(&v, best) ||
                (diameter(&v, set) == diameter(&v, best) && comes_first(set, best)))
                best = set;
        }
        REQUIRE(reduces(&v, &o));
        for (size_t c = 0; c < v.set.columns; c++) {
            double sum = 0;
            for (unsigned i = 0; i < n; i++)
                sum += best >> i & 1 ? at(&v, i, c) : 0;
            CHECK(v.out[c] == sum / (n - f));
        }
        vectors_free(&v);
    }
}

/* ---- iterations */

static void the_geometric_median_of_a_triangle(void)
{
    /* All angles below 120 degrees: the point that sees the sides under 120 degrees. Right-angled, sides 1: both
     * coordinates are (3 - sqrt 3) / 6. */
    struct vectors v = vectors_of(3, 2, (const double[]){0, 0, 1, 0, 0, 1});
    struct vector_options o = {.rule = VECTOR_GEOMETRIC_MEDIAN, .steps = 200};
    double want = (3 - dmath_sqrt(3)) / 6;
    if (reduces(&v, &o))
        CHECK(near(v.out[0], want) && near(v.out[1], want));
    vectors_free(&v);
    v = vectors_of(4, 2, (const double[]){0, 0, 2, 0, 2, 2, 0, 2}); /* where the diagonals meet */
    if (reduces(&v, &o))
        CHECK(near(v.out[0], 1) && near(v.out[1], 1));
    vectors_free(&v);
    v = vectors_of(3, 1, (const double[]){1, 5, 0x1p300}); /* on a line, the median; however far the third */
    o.steps = 0;
    if (reduces(&v, &o))
        CHECK(near(v.out[0], 5));
    vectors_free(&v);
}

static void a_step_of_weiszfeld(void)
{
    seed(6);
    for (unsigned round = 0; round < 50; round++) {
        struct vectors v = vectors_draw(&prng, 1 + round % 9, 1 + round % 7, 1000);
        struct vector_options median = {.rule = VECTOR_MEDIAN};
        struct vector_options o = {.rule = VECTOR_GEOMETRIC_MEDIAN, .steps = 1, .smoothing = .25};
        double start[8], weights[16], whole = 0;
        REQUIRE(reduces(&v, &median));
        memcpy(start, v.out, v.set.columns * sizeof start[0]);
        REQUIRE(reduces(&v, &o));
        for (unsigned i = 0; i < v.set.rows; i++) {
            double sum = 0;
            for (size_t c = 0; c < v.set.columns; c++)
                sum += (at(&v, i, c) - start[c]) * (at(&v, i, c) - start[c]);
            weights[i] = 1 / (sum > .0625 ? dmath_sqrt(sum) : .25);
            whole += weights[i];
        }
        for (size_t c = 0; c < v.set.columns; c++) {
            double sum = 0;
            for (unsigned i = 0; i < v.set.rows; i++)
                sum += weights[i] * at(&v, i, c);
            CHECK(near(v.out[c], sum / whole));
        }
        vectors_free(&v);
    }
}

static void clipping_moves_by_no_more_than_the_radius(void)
{
    /* From zero: (3, 4) is 5 away and counts as (.6, .8) * 2.5; (0, 1) is within the radius. */
    struct vectors v = vectors_of(2, 2, (const double[]){3, 4, 0, 1});
    double start[] = {0, 0};
    struct vector_options o = {.rule = VECTOR_CENTRED_CLIPPING, .radius = 2.5, .steps = 1, .start = start};
    if (reduces(&v, &o))
        CHECK(near(v.out[0], .75) && near(v.out[1], 1.5));
    o.steps = 2; /* from (.75, 1.5): differences (2.25, 2.5), too long by sqrt(11.3125), and (-.75, -.5) */
    if (reduces(&v, &o)) {
        double factor = 2.5 / dmath_sqrt(11.3125);
        CHECK(near(v.out[0], .75 + (2.25 * factor - .75) / 2) && near(v.out[1], 1.5 + (2.5 * factor - .5) / 2));
    }
    vectors_free(&v);
    v = vectors_of(5, 1, (const double[]){1, 2, 3, 4, 1e80});
    o = (struct vector_options){.rule = VECTOR_CENTRED_CLIPPING, .radius = 1, .steps = 1}; /* from the median, 3 */
    if (reduces(&v, &o))
        CHECK(near(v.out[0], 3 + (-1 - 1 + 0 + 1 + 1) / 5.0));
    vectors_free(&v);
}

/* ---- mixing */

static void nearest_neighbours_are_mixed(void)
{
    seed(7);
    for (unsigned round = 0; round < 100; round++) {
        unsigned f = (unsigned)prng_below(&prng, 4), n = 2 * f + 1 + (unsigned)prng_below(&prng, 5);
        struct vectors v = vectors_draw(&prng, n, 1 + prng_below(&prng, 5), round % 2 ? 4 : 64);
        struct vectors mixed = vectors_new(n, v.set.columns);
        struct vector_options o = {.rule = VECTOR_TRIMMED_MEAN, .f = f, .is_mixed = true};
        for (unsigned i = 0; i < n; i++) {
            bool is_near[VECTOR_ROWS_MAX] = {false};
            is_near[i] = true;
            for (unsigned k = 1; k < n - f; k++) {
                unsigned best = n;
                for (unsigned j = 0; j < n; j++)
                    if (!is_near[j] && (best == n || square(&v, i, j) < square(&v, i, best)))
                        best = j;
                is_near[best] = true;
            }
            for (size_t c = 0; c < v.set.columns; c++) {
                double sum = 0;
                for (unsigned j = 0; j < n; j++)
                    sum += is_near[j] ? at(&v, j, c) : 0;
                mixed.memory[i * v.set.columns + c] = sum / (n - f);
            }
        }
        REQUIRE(reduces(&v, &o));
        o.is_mixed = false;
        REQUIRE(reduces(&mixed, &o));
        for (size_t c = 0; c < v.set.columns; c++)
            CHECK(v.out[c] == mixed.out[c]);
        vectors_free(&v);
        vectors_free(&mixed);
    }
}

static void buckets_are_averaged(void)
{
    unsigned differ = 0;
    seed(8);
    for (unsigned round = 0; round < 50; round++) {
        unsigned n = 2 + round % 20;
        struct vectors v = vectors_draw(&prng, n, 3, 64);
        struct vector_options o = {.rule = VECTOR_MEAN, .bucket = n, .seed = round}, plain = {.rule = VECTOR_MEAN};
        double out[3];
        REQUIRE(reduces(&v, &plain));
        memcpy(out, v.out, sizeof out);
        REQUIRE(reduces(&v, &o)); /* one bucket: the mean */
        CHECK(near(v.out[0], out[0]) && near(v.out[1], out[1]) && near(v.out[2], out[2]));
        if (n % 3 == 0) { /* the mean of equal buckets is the mean */
            o.bucket = 3;
            REQUIRE(reduces(&v, &o));
            CHECK(near(v.out[0], out[0]) && near(v.out[1], out[1]) && near(v.out[2], out[2]));
        }
        o = (struct vector_options){.rule = VECTOR_MEDIAN, .bucket = 2, .seed = round};
        REQUIRE(reduces(&v, &o));
        memcpy(out, v.out, sizeof out);
        REQUIRE(reduces(&v, &o));
        CHECK(memcmp(out, v.out, sizeof out) == 0);
        o.seed++;
        REQUIRE(reduces(&v, &o));
        differ += memcmp(out, v.out, sizeof out) != 0;
        vectors_free(&v);
    }
    CHECK(differ > 20);
}

/* ---- what is refused */

static void refused(const struct vectors *v, struct vector_options o, enum err want, const char *pattern)
{
    struct diag diag = {0};
    CHECK_ERR(vector_reduce(&v->set, &o, v->out, NULL, &diag), want);
    if (!CHECK(strstr(diag.text, pattern) != NULL))
        tap_note("%s", diag.text);
}

static void too_few_rows_and_odd_options(void)
{
    struct vectors v = vectors_new(6, 2);
#define REFUSED(error, pattern, ...) refused(&v, (struct vector_options){__VA_ARGS__}, error, pattern)
    REFUSED(ERR_RANGE, "2 * f + 1 rows or more, here are 6", .rule = VECTOR_TRIMMED_MEAN, .f = 3);
    REFUSED(ERR_RANGE, "2 * f + 3", .rule = VECTOR_KRUM, .f = 2);
    REFUSED(ERR_RANGE, "4 * f + 3", .rule = VECTOR_BULYAN, .f = 1);
    REFUSED(ERR_RANGE, "f = 4294967295", .rule = VECTOR_MEDIAN, .f = UINT32_MAX);
    REFUSED(ERR_RANGE, "n - f = 5", .rule = VECTOR_MULTI_KRUM, .f = 1, .m = 6);
    REFUSED(ERR_RANGE, "with mixing", .rule = VECTOR_MEAN, .f = 3, .is_mixed = true);
    REFUSED(ERR_RANGE, "here are 3", .rule = VECTOR_TRIMMED_MEAN, .f = 2, .bucket = 2);
    REFUSED(ERR_RANGE, "radius", .rule = VECTOR_CENTRED_CLIPPING);
    REFUSED(ERR_RANGE, "radius", .rule = VECTOR_CENTRED_CLIPPING, .radius = -1);
    REFUSED(ERR_RANGE, "smoothing", .rule = VECTOR_GEOMETRIC_MEDIAN, .smoothing = -1);
    REFUSED(ERR_RANGE, "steps", .rule = VECTOR_GEOMETRIC_MEDIAN, .steps = UINT32_MAX);
    REFUSED(ERR_RANGE, "threads", .threads = VECTOR_THREADS_MAX + 1);
    REFUSED(ERR_RANGE, "mixed", .rule = VECTOR_WEIGHTED_MEAN, .bucket = 2);
    v.weights[3] = -1;
    REFUSED(ERR_RANGE, "row 3: a weight of -1", .rule = VECTOR_WEIGHTED_MEAN);
    memset(v.weights, 0, 6 * sizeof v.weights[0]);
    REFUSED(ERR_RANGE, "no row has a weight", .rule = VECTOR_WEIGHTED_MEAN);
    v.set.weights = NULL;
    REFUSED(ERR_MISSING, "needs weights", .rule = VECTOR_WEIGHTED_MEAN);
    v.set.columns = 0;
    REFUSED(ERR_RANGE, "without columns", .rule = VECTOR_MEAN);
    v.set.rows = VECTOR_ROWS_MAX + 1;
    REFUSED(ERR_RANGE, "257 rows", .rule = VECTOR_MEAN);
    vectors_free(&v);
    v = vectors_new(2 * VECTOR_MDA_F_MAX + 3, 1);
    REFUSED(ERR_LIMIT, "2^f", .rule = VECTOR_MDA, .f = VECTOR_MDA_F_MAX + 1);
    vectors_free(&v);
}

/* Every rule names the row as given, whatever its hash, and the column; out of 18,000 it looks at each. */
static void bad_values_are_named(void)
{
    static const size_t columns[] = {0, 3, 4, 257, 16383, 16384, 17999};
    double bad[] = {0x1p1023, -0x1.8p300, 0, 0};
    const uint64_t infinite = UINT64_C(0xfff) << 52, nan = infinite | 1;
    memcpy(&bad[2], &infinite, sizeof bad[2]);
    memcpy(&bad[3], &nan, sizeof bad[3]);
    seed(9);
    struct vectors v = vectors_draw(&prng, 8, 18000, 64);
    for (unsigned round = 0; round < VECTOR_RULE_COUNT * 7; round++) {
        enum vector_rule rule = (enum vector_rule)(round / 7);
        size_t column = columns[round % 7];
        double kept = v.memory[5 * 18000 + column];
        char text[64];
        v.memory[5 * 18000 + column] = bad[round % 4];
        v.weights[5] = 1;
        v.hashes[5].b[0] = (uint8_t)round;
        (void)snprintf(text, sizeof text, "row 5, column %zu: ", column);
        refused(&v, (struct vector_options){.rule = rule, .radius = 1}, ERR_RANGE, text);
        refused(&v, (struct vector_options){.rule = VECTOR_MEAN, .is_mixed = true}, ERR_RANGE, text);
        v.memory[5 * 18000 + column] = kept;
    }
    v.memory[0] = 0x1p300;
    v.memory[18000] = -0x1p300;
    for (unsigned rule = 0; rule < VECTOR_RULE_COUNT; rule++) {
        struct vector_options o = {.rule = (enum vector_rule)rule, .f = 1, .radius = 1};
        REQUIRE(reduces(&v, &o));
        CHECK(v.out[0] >= -0x1p300 && v.out[0] <= 0x1p300);
    }
    vectors_free(&v);
}

/* One of the f liars sends what is no number: the same comes out as without it and f - 1; of more than f the whole set
 * is refused. */
static void liars_without_numbers_are_dropped(void)
{
    const double zero = 0;
    seed(10);
    for (unsigned round = 0; round < 3 * VECTOR_RULE_COUNT; round++) {
        enum vector_rule rule = (enum vector_rule)(round / 3);
        struct vectors v = vectors_draw(&prng, 12, 9, 64), w = vectors_new(11, 9);
        struct vector_options o = {.rule = rule,
                                   .f = 2,
                                   .radius = 1,
                                   .bucket = round % 3 == 1 ? 2 : 1,
                                   .seed = round,
                                   .is_mixed = round % 3 == 2};
        struct vector_dropped dropped = {0};
        v.memory[4 * 9 + 7] = zero / zero;
        for (unsigned i = 0, k = 0; i < 12; i++) {
            if (i == 4)
                continue;
            memcpy(w.memory + k * 9, v.memory + i * 9, 9 * sizeof w.memory[0]);
            w.hashes[k++] = v.hashes[i];
        }
        bool needs_more = rule == VECTOR_KRUM || rule == VECTOR_MULTI_KRUM || rule == VECTOR_BULYAN;
        bool withstands =
            rule != VECTOR_WEIGHTED_MEAN && (rule != VECTOR_MEAN || o.is_mixed) && (!needs_more || o.bucket < 2);
        if (withstands) {
            REQUIRE_OK(vector_reduce(&v.set, &o, v.out, &dropped, NULL));
            CHECK(dropped.count == 1 && dropped.faults[0].row == 4 && dropped.faults[0].column == 7);
            o.f = 1;
            REQUIRE(reduces(&w, &o));
            CHECK(memcmp(v.out, w.out, 9 * sizeof v.out[0]) == 0);
            v.memory[0] = 1 / zero;
            refused(&v, o, ERR_RANGE, "is not a number from");
        }
        vectors_free(&v);
        vectors_free(&w);
    }
}

static void names_are_read_back(void)
{
    enum vector_rule rule;
    for (unsigned i = 0; i < VECTOR_RULE_COUNT; i++) {
        CHECK_OK(vector_rule_parse(bytes_of_text(vector_rule_name((enum vector_rule)i)), &rule));
        CHECK_EQ_U64(rule, i);
    }
    CHECK_ERR(vector_rule_parse(bytes_of_text("average"), &rule), ERR_UNKNOWN);
}

int main(void)
{
    TAP_RUN(names_are_read_back);
    TAP_RUN(published_values);
    TAP_RUN(means_are_weighted);
    TAP_RUN(medians_and_trimmed_means_of_every_size);
    TAP_RUN(zeros_and_ones_of_twelve_rows);
    TAP_RUN(multi_krum_takes_the_lowest_scores);
    TAP_RUN(krum_does_not_mind_where_zero_is);
    TAP_RUN(bulyan_averages_what_is_closest_to_the_median);
    TAP_RUN(mda_finds_the_least_diameter);
    TAP_RUN(the_geometric_median_of_a_triangle);
    TAP_RUN(a_step_of_weiszfeld);
    TAP_RUN(clipping_moves_by_no_more_than_the_radius);
    TAP_RUN(nearest_neighbours_are_mixed);
    TAP_RUN(buckets_are_averaged);
    TAP_RUN(too_few_rows_and_odd_options);
    TAP_RUN(bad_values_are_named);
    TAP_RUN(liars_without_numbers_are_dropped);
    return tap_done();
}
