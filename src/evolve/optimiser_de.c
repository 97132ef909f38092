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

struct population {
    struct tried members[POPULATION];
    unsigned filled; /* the best of the pool; the others are random */
    unsigned target;
};

static bool random_next(void *context, struct search *s, struct tried *out)
{
    struct population *p = context;
    if (p->filled == POPULATION)
        return false;
    genome_random(s->job->schema, &s->prng, &out->genome);
    out->is_new = true;
    out->tag = p->filled++;
    p->members[out->tag].genome = out->genome;
    return true;
}

static bool child_next(void *context, struct search *s, struct tried *out)
{
    struct population *p = context;
    child_make(s, p->members, p->target, &out->genome);
    out->is_new = true;
    out->tag = p->target;
    p->target = (p->target + 1) % POPULATION;
    return true;
}

/* A random one that is hopeless keeps the worst merit there is. */
static void compare(void *context, struct search *s, const struct tried *t, bool is_whole)
{
    struct population *p = context;
    (void)s;
    if (is_whole && t->merit <= p->members[t->tag].merit)
        p->members[t->tag] = *t;
}

void optimiser_de(struct search *s)
{
    struct population *p = mem_alloc(sizeof *p);
    for (; p->filled < s->count && p->filled < POPULATION - 2; p->filled++)
        p->members[p->filled] = s->pool[p->filled];
    for (unsigned i = p->filled; i < POPULATION; i++)
        p->members[i].merit = UINT64_MAX;
    search_stream(s, &(struct search_source){random_next, compare, p});
    search_stream(s, &(struct search_source){child_next, compare, p});
    mem_free(p);
}
