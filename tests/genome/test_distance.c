#include "genome/distance.h"
#include "sample.h"
#include "tap.h"

static struct genome_schema schema;

static void counts_each_type_on_its_scale(void)
{
    struct genome a, b;
    schema = sample_schema();
    genome_default(&schema, &a);
    b = a;
    CHECK_EQ_U64(genome_distance(&schema, &a, &b), 0);
    b.values[SAMPLE_RATE].real = 0.01; /* half of four decades from 1 */
    CHECK_EQ_U64(genome_distance(&schema, &a, &b), 500000 / 7 + 1);
    b = a;
    b.values[SAMPLE_SHIFT].real = -0.25; /* a quarter of -1..1 */
    CHECK_EQ_U64(genome_distance(&schema, &a, &b), 250000 / 7);
    b = a;
    b.values[SAMPLE_DEPTH].integer = 7; /* 3 of 15 */
    CHECK_EQ_U64(genome_distance(&schema, &a, &b), 200000 / 7);
    b = a;
    b.values[SAMPLE_BATCH].integer = 64; /* 3 of 6 doublings */
    CHECK_EQ_U64(genome_distance(&schema, &a, &b), 500000 / 7 + 1);
    b = a;
    b.values[SAMPLE_LEVEL].integer = 1;
    CHECK_EQ_U64(genome_distance(&schema, &a, &b), 500000 / 7 + 1);
    b = a;
    b.values[SAMPLE_KIND].integer = 1;
    b.values[SAMPLE_FLAG].integer = 0;
    CHECK_EQ_U64(genome_distance(&schema, &a, &b), 2000000 / 7);
}

static void what_is_active_in_one_only_counts_whole(void)
{
    struct genome a, b;
    schema = sample_conditional();
    genome_default(&schema, &a); /* rate, shift, level and flag are active */
    b = a;
    b.values[SAMPLE_DEPTH].integer = 9; /* of no effect */
    CHECK_EQ_U64(genome_distance(&schema, &a, &b), 0);
    b.values[SAMPLE_LEVEL].integer = 1; /* kind too, and is a, so depth is not; half a range of levels */
    CHECK_EQ_U64(genome_distance(&schema, &a, &b), 1500000 / 5);
}

static void is_a_semimetric(void)
{
    struct prng prng;
    schema = sample_conditional();
    tap_seed(41);
    prng_seed(&prng, 41);
    for (unsigned i = 0; i < 500; i++) {
        struct genome a, b;
        genome_random(&schema, &prng, &a);
        genome_random(&schema, &prng, &b);
        uint32_t d = genome_distance(&schema, &a, &b);
        CHECK(d <= GENOME_DISTANCE_MAX && d == genome_distance(&schema, &b, &a));
        CHECK_EQ_U64(genome_distance(&schema, &a, &a), 0);
    }
    schema = (struct genome_schema){.count = 1, .genes = {{.name = "x", .type = GENE_CONTINUOUS, .lo = 3, .hi = 3}}};
    struct genome one;
    genome_random(&schema, &prng, &one);
    CHECK_EQ_U64(genome_distance(&schema, &one, &one), 0); /* a range of one point */
}

int main(void)
{
    TAP_RUN(counts_each_type_on_its_scale);
    TAP_RUN(what_is_active_in_one_only_counts_whole);
    TAP_RUN(is_a_semimetric);
    return tap_done();
}
