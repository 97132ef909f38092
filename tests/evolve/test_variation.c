#include "evolve/variation.h"
#include "tap.h"

#include "genome/sample.h"

static bool differs(const struct gene_value *a, const struct gene_value *b)
{
    return a->real < b->real || a->real > b->real || a->integer != b->integer;
}

static void mutation_changes_something_within_the_schema(void)
{
    struct genome_schema schema = sample_schema();
    struct prng prng;
    unsigned changed[7] = {0}, still = 0;
    tap_seed(51);
    prng_seed(&prng, 51);
    for (unsigned i = 0; i < 5000; i++) {
        struct genome before, after;
        unsigned changes = 0;
        genome_random(&schema, &prng, &before);
        after = before;
        variation_mutate(&schema, 0.25, &prng, &after);
        CHECK(sample_fits(&schema, &after));

        for (unsigned g = 0; g < schema.count; g++) {
            bool change = differs(&before.values[g], &after.values[g]);
            changed[g] += change;
            changes += change;
        }
        still += changes == 0; /* only where a real gene was held by its end */
    }
    CHECK(still < 100);
    for (unsigned g = 0; g < schema.count; g++)
        CHECK(changed[g] > 1400 && changed[g] < 2200); /* 1/4, and one for sure: 5000 * (1/4 + 3/4 * 1/7) */
}

static void mutation_reaches_every_value(void)
{
    struct genome_schema schema = sample_schema();
    struct genome genome;
    struct prng prng;
    unsigned depths[16] = {0}, batches[65] = {0}, levels[3] = {0};
    tap_seed(52);
    prng_seed(&prng, 52);
    genome_default(&schema, &genome);
    for (unsigned i = 0; i < 20000; i++) {
        variation_mutate(&schema, 0.25, &prng, &genome);
        depths[genome.values[SAMPLE_DEPTH].integer + 3]++;
        batches[genome.values[SAMPLE_BATCH].integer]++;
        levels[genome.values[SAMPLE_LEVEL].integer]++;
    }
    for (unsigned i = 0; i < 16; i++)
        CHECK(depths[i] > 0);
    for (unsigned i = 1; i < 65; i++)
        CHECK(batches[i] > 0);
    CHECK(levels[0] > 0 && levels[1] > 0 && levels[2] > 0);
}

static void fixed_genes_stay(void)
{
    struct genome_schema schema = {
        .count = 4,
        .word_count = 1,
        .words = {"x"},
        .genes = {{.name = "c", .type = GENE_CONTINUOUS, .lo = 2, .hi = 2, .default_real = 2},
                  {.name = "d", .type = GENE_DISCRETE, .ilo = 3, .ihi = 3, .default_integer = 3},
                  {.name = "o", .type = GENE_ORDINAL, .choice_count = 1},
                  {.name = "k", .type = GENE_CATEGORICAL, .choice_count = 1}},
    };
    struct genome genome;
    struct prng prng;
    prng_seed(&prng, 53);
    genome_default(&schema, &genome);
    for (unsigned i = 0; i < 100; i++)
        variation_mutate(&schema, 0.25, &prng, &genome);
    CHECK(genome.values[0].real >= 2 && genome.values[0].real <= 2);
    CHECK_EQ_I64(genome.values[1].integer, 3);
    CHECK_EQ_I64(genome.values[2].integer + genome.values[3].integer, 0);
}

static void crossing_takes_each_gene_from_a_parent(void)
{
    struct genome_schema schema = sample_schema();
    struct prng prng;
    unsigned from_a = 0, from_b = 0;
    tap_seed(54);
    prng_seed(&prng, 54);
    for (unsigned i = 0; i < 1000; i++) {
        struct genome a, b, child;
        genome_random(&schema, &prng, &a);
        genome_random(&schema, &prng, &b);
        variation_cross(&schema, &prng, &a, &b, &child);
        CHECK(sample_fits(&schema, &child));
        for (unsigned g = 0; g < schema.count; g++) {
            bool not_a = differs(&child.values[g], &a.values[g]), not_b = differs(&child.values[g], &b.values[g]);
            CHECK(!not_a || !not_b);
            from_a += not_b;
            from_b += not_a;
        }
    }
    CHECK(from_a > 2000 && from_b > 2000);
}

/* Genes that do not matter are no target, and what comes of any two parents is a genome. */
static void conditions_are_kept(void)
{
    struct genome_schema schema = sample_conditional();
    struct prng prng;
    unsigned still = 0;
    tap_seed(54);
    prng_seed(&prng, 54);
    for (unsigned i = 0; i < 5000; i++) {
        struct genome a, b, child;
        bool change = false;
        genome_random(&schema, &prng, &a);
        genome_random(&schema, &prng, &b);
        variation_cross(&schema, &prng, &a, &b, &child);
        CHECK(sample_fits(&schema, &child) && genome_forbidden(&schema, &child) < 0);
        child = a;
        variation_mutate(&schema, 0.25, &prng, &child);
        CHECK(sample_fits(&schema, &child) && genome_forbidden(&schema, &child) < 0);
        for (unsigned g = 0; g < schema.count; g++)
            change = change || differs(&a.values[g], &child.values[g]);
        still += !change; /* an end held it, or what was forbidden was taken back */
    }
    CHECK(still < 250);
}

int main(void)
{
    TAP_RUN(mutation_changes_something_within_the_schema);
    TAP_RUN(mutation_reaches_every_value);
    TAP_RUN(fixed_genes_stay);
    TAP_RUN(crossing_takes_each_gene_from_a_parent);
    TAP_RUN(conditions_are_kept);
    return tap_done();
}
