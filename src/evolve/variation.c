#include "evolve/variation.h"

#include "base/dmath.h"
#include "genome/schema.h"
#include "genome/unit.h"

/* Marsaglia's polar method (1964). */
double variation_normal(struct prng *prng)
{
    double u, v, square;
    do {
        u = 2.0 * prng_unit(prng) - 1.0;
        v = 2.0 * prng_unit(prng) - 1.0;
        square = u * u + v * v;
    } while (square >= 1.0 || square <= 0.0);
    return u * dmath_sqrt(-2.0 * dmath_log(square) / square);
}

static void integer_step(const struct gene_spec *spec, double width, struct prng *prng, struct gene_value *value)
{
    int64_t lo, hi;
    struct gene_value out = gene_at(spec, gene_unit(spec, value) + variation_normal(prng) * width);
    bool goes_up = prng_below(prng, 2) == 1;
    gene_integer_bounds(spec, &lo, &hi);
    if (lo == hi)
        return;
    if (out.integer == value->integer) /* a step that rounding swallowed */
        out.integer += value->integer == lo || (goes_up && value->integer < hi) ? 1 : -1;
    *value = out;
}

void variation_step(const struct gene_spec *spec, double width, struct prng *prng, struct gene_value *value)
{
    int64_t choices = (int64_t)spec->choice_count;
    switch (spec->type) {
    case GENE_CONTINUOUS:
        *value = gene_at(spec, gene_unit(spec, value) + variation_normal(prng) * width);
        break;
    case GENE_DISCRETE:
    case GENE_ORDINAL:
        integer_step(spec, width, prng, value);
        break;
    case GENE_CATEGORICAL:
        if (choices > 1)
            value->integer = (value->integer + 1 + (int64_t)prng_below(prng, (uint64_t)choices - 1)) % choices;
        break;
    case GENE_TOGGLE:
        value->integer = 1 - value->integer;
        break;
    }
}

/* Any gene that matters in this genome; any at all when none does. */
static unsigned active_draw(const struct genome_schema *schema, const struct genome *genome, struct prng *prng)
{
    struct gene_set active = genome_active(schema, genome);
    unsigned places[GENOME_GENES_MAX], count = 0;
    for (unsigned i = 0; i < schema->count; i++)
        if (gene_set_has(active, i))
            places[count++] = i;
    return count > 0 ? places[prng_below(prng, count)] : (unsigned)prng_below(prng, schema->count);
}

void variation_mutate(const struct genome_schema *schema, double width, struct prng *prng, struct genome *genome)
{
    unsigned sure = active_draw(schema, genome, prng);
    for (unsigned i = 0; i < schema->count; i++)
        if (prng_below(prng, 4) == 0 || i == sure)
            variation_step(&schema->genes[i], width, prng, &genome->values[i]);
    genome_project(schema, genome);
}

void variation_cross(const struct genome_schema *schema, struct prng *prng, const struct genome *a,
                     const struct genome *b, struct genome *out)
{
    struct genome genome = {.count = schema->count};
    for (unsigned i = 0; i < schema->count; i++)
        genome.values[i] = prng_below(prng, 2) == 0 ? a->values[i] : b->values[i];
    genome_project(schema, &genome); /* the halves may not go together */
    *out = genome;
}
