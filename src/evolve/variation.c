#include "evolve/variation.h"

#include "base/dmath.h"

/* A bell of sorts around 0, within -1..1: most steps are small, some are not. */
static double step_draw(struct prng *prng)
{
    return (prng_unit(prng) + prng_unit(prng) + prng_unit(prng)) * (2.0 / 3.0) - 1.0;
}

/* A step of up to 3/4 of the range from x, on the gene's scale; the ends hold it. */
static double real_step(double x, double lo, double hi, bool log_scale, struct prng *prng)
{
    const double reach = 0.75;
    if (!log_scale)
        x += step_draw(prng) * reach * (hi - lo);
    else
        x = dmath_exp(dmath_log(x) + step_draw(prng) * reach * (dmath_log(hi) - dmath_log(lo)));
    return x < lo ? lo : x > hi ? hi : x;
}

static int64_t discrete_step(const struct gene_spec *spec, int64_t value, struct prng *prng)
{
    double x = real_step((double)value, (double)spec->ilo, (double)spec->ihi, spec->log_scale, prng);
    int64_t out = (int64_t)(x < 0 ? x - 0.5 : x + 0.5);
    if (out != value)
        return out;
    bool goes_up = prng_below(prng, 2) == 1; /* a step that rounding swallowed */
    if (value == spec->ilo || (goes_up && value < spec->ihi))
        return value + 1;
    return value - 1;
}

static void gene_mutate(const struct gene_spec *spec, struct gene_value *value, struct prng *prng)
{
    int64_t choices = (int64_t)spec->choice_count;
    switch (spec->type) {
    case GENE_CONTINUOUS:
        value->real = real_step(value->real, spec->lo, spec->hi, spec->log_scale, prng);
        break;
    case GENE_DISCRETE:
        if (spec->ihi > spec->ilo)
            value->integer = discrete_step(spec, value->integer, prng);
        break;
    case GENE_ORDINAL:
        if (choices > 1) {
            bool goes_up = prng_below(prng, 2) == 1;
            value->integer += value->integer == 0 || (goes_up && value->integer < choices - 1) ? 1 : -1;
        }
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

void variation_mutate(const struct genome_schema *schema, struct prng *prng, struct genome *genome)
{
    unsigned sure = active_draw(schema, genome, prng);
    genome->seed = prng_next(prng);
    for (unsigned i = 0; i < schema->count; i++)
        if (prng_below(prng, 4) == 0 || i == sure)
            gene_mutate(&schema->genes[i], &genome->values[i], prng);
    genome_project(schema, genome);
}

void variation_cross(const struct genome_schema *schema, struct prng *prng, const struct genome *a,
                     const struct genome *b, struct genome *out)
{
    struct genome genome = {.seed = prng_next(prng), .count = schema->count};
    for (unsigned i = 0; i < schema->count; i++)
        genome.values[i] = prng_below(prng, 2) == 0 ? a->values[i] : b->values[i];
    genome_project(schema, &genome); /* the halves may not go together */
    *out = genome;
}
