#include "evolve/optimiser.h"
#include "evolve/search.h"
#include "genome/unit.h"

/* Differential evolution (Storn and Price 1997) for mixed genes: numbers and ordinals on the unit interval,
 * current-to-best/1 with binomial crossover; a category comes from the best or one of the two others where numbers
 * would move. One against one: a child that is as good replaces its parent. */

enum { POPULATION = 8 };
static const double crossover = 0.8;

struct parents {
    const struct genome *target, *best, *a, *b;
    double f;
};

static void gene_child(const struct gene_spec *spec, unsigned i, const struct parents *p, struct prng *prng,
                       struct gene_value *out)
{
    double x = gene_unit(spec, &p->target->values[i]), best = gene_unit(spec, &p->best->values[i]);
    double a = gene_unit(spec, &p->a->values[i]), b = gene_unit(spec, &p->b->values[i]);
    if (spec->type != GENE_CATEGORICAL && spec->type != GENE_TOGGLE)
        *out = gene_at(spec, x + p->f * (best - x) + p->f * (a - b));
    else if (prng_unit(prng) < p->f)
        *out = prng_below(prng, 2) == 0 ? p->best->values[i] : p->a->values[i];
}

static void child_make(struct search *s, const struct tried *population, unsigned target, struct genome *out)
{
    const struct genome_schema *schema = s->job->schema;
    unsigned a = (unsigned)prng_below(&s->prng, POPULATION), b = (unsigned)prng_below(&s->prng, POPULATION - 1);
    struct parents p = {
        .target = &population[target].genome,
        .best = &s->pool[0].genome,
        .a = &population[a].genome,
        .b = &population[b + (b >= a)].genome,
        .f = 0.4 + 0.5 * prng_unit(&s->prng), /* dithered: a small population else loses its differences */
    };
    struct genome child = *p.target;
    unsigned sure = (unsigned)prng_below(&s->prng, schema->count);
    for (unsigned i = 0; i < schema->count; i++)
        if (i == sure || prng_unit(&s->prng) < crossover)
            gene_child(&schema->genes[i], i, &p, &s->prng, &child.values[i]);
    genome_project(schema, &child);
    *out = child;
}

/* The best of the pool, then random ones, of which the hopeless have the worst merit there is. */
static void population_fill(struct search *s, struct tried *population)
{
    unsigned count = s->count < POPULATION - 2 ? s->count : POPULATION - 2;
    for (unsigned i = 0; i < count; i++)
        population[i] = s->pool[i];
    for (; count < POPULATION; count++) {
        struct genome genome;
        genome_random(s->job->schema, &s->prng, &genome);
        if (search_over(s) || !search_try(s, &genome, true, &population[count]))
            population[count] = (struct tried){.genome = genome, .merit = UINT64_MAX};
    }
}

void optimiser_de(struct search *s)
{
    struct tried *population = mem_array(POPULATION, sizeof population[0]);
    population_fill(s, population);
    for (unsigned target = 0; !search_over(s); target = (target + 1) % POPULATION) {
        struct genome child;
        struct tried tried;
        child_make(s, population, target, &child);
        if (search_try(s, &child, true, &tried) && tried.merit <= population[target].merit)
            population[target] = tried;
    }
    mem_free(population);
}
