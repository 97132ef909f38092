#include "genome/unit.h"
#include "tap.h"

#include "genome/sample.h"
#include "genome/schema.h"

static void values_go_there_and_back(void)
{
    struct genome_schema schema = sample_schema();
    struct prng prng;
    tap_seed(61);
    prng_seed(&prng, 61);
    for (unsigned k = 0; k < 2000; k++) {
        struct genome genome;
        genome_random(&schema, &prng, &genome);
        for (unsigned i = 0; i < schema.count; i++) {
            const struct gene_spec *spec = &schema.genes[i];
            double u = gene_unit(spec, &genome.values[i]);
            struct gene_value back = gene_at(spec, u);
            CHECK(u >= 0 && u <= 1);
            double apart = spec->type == GENE_CONTINUOUS ? back.real - genome.values[i].real : 0;
            CHECK(apart < 1e-9 && apart > -1e-9);
            if (spec->type != GENE_CONTINUOUS)
                CHECK_EQ_I64(back.integer, genome.values[i].integer);
        }
    }
}

static void the_ends_hold(void)
{
    struct genome_schema schema = sample_schema();
    for (unsigned i = 0; i < schema.count; i++) {
        const struct gene_spec *spec = &schema.genes[i];
        struct gene_value low = gene_at(spec, -3), high = gene_at(spec, 7);
        int64_t lo, hi;
        if (spec->type == GENE_CONTINUOUS) {
            CHECK(low.real >= spec->lo && low.real < spec->lo + 1e-9);
            CHECK(high.real <= spec->hi && high.real > spec->hi - 1e-9);
            continue;
        }
        gene_integer_bounds(spec, &lo, &hi);
        CHECK_EQ_I64(low.integer, lo);
        CHECK_EQ_I64(high.integer, hi);
    }
}

/* As far as 2^53 on either side; and a gene with one value. */
static void wide_and_narrow_ranges(void)
{
    struct gene_spec wide = {.name = "w", .type = GENE_DISCRETE, .ilo = -GENE_INTEGER_MAX, .ihi = GENE_INTEGER_MAX};
    struct gene_spec one = {.name = "o", .type = GENE_DISCRETE, .ilo = 5, .ihi = 5};
    struct gene_spec point = {.name = "p", .type = GENE_CONTINUOUS, .lo = 2, .hi = 2};
    struct gene_value value = {.integer = 5};
    CHECK_EQ_I64(gene_at(&wide, 0).integer, -GENE_INTEGER_MAX);
    CHECK_EQ_I64(gene_at(&wide, 1).integer, GENE_INTEGER_MAX);
    CHECK_EQ_I64(gene_at(&wide, 0.5).integer, 0);
    CHECK_EQ_I64(gene_at(&one, 0.9).integer, 5);
    CHECK(gene_unit(&one, &value) <= 1);
    value = (struct gene_value){.real = 2};
    CHECK(gene_unit(&point, &value) <= 0);
    CHECK(gene_at(&point, 0.7).real <= 2 && gene_at(&point, 0.7).real >= 2);
}

static void halves_are_halves(void)
{
    struct genome_schema schema = sample_schema();
    struct prng prng;
    unsigned flags = 0, kinds[3] = {0};
    tap_seed(62);
    prng_seed(&prng, 62);
    for (unsigned k = 0; k < 6000; k++) {
        flags += gene_at(&schema.genes[SAMPLE_FLAG], prng_unit(&prng)).integer == 1;
        kinds[gene_at(&schema.genes[SAMPLE_LEVEL], prng_unit(&prng)).integer]++;
    }
    CHECK(flags > 2800 && flags < 3200);
    for (unsigned i = 0; i < 3; i++)
        CHECK(kinds[i] > 1850 && kinds[i] < 2150);
}

int main(void)
{
    TAP_RUN(values_go_there_and_back);
    TAP_RUN(the_ends_hold);
    TAP_RUN(wide_and_narrow_ranges);
    TAP_RUN(halves_are_halves);
    return tap_done();
}
