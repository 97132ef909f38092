#include "evolve/optimiser.h"
#include "evolve/search.h"
#include "evolve/variation.h"

/* (mu + 1): one child after another from the best genomes so far, after a quarter of the budget of random ones. */

enum { PARENTS_MAX = 8 };

/* The better of two draws. */
static const struct genome *parent_draw(struct search *s)
{
    uint64_t parents = s->count < PARENTS_MAX ? s->count : PARENTS_MAX;
    uint64_t a = prng_below(&s->prng, parents), b = prng_below(&s->prng, parents);
    return &s->pool[a < b ? a : b].genome;
}

static void child_draw(struct search *s, struct genome *out)
{
    const struct genome_schema *schema = s->job->schema;
    if (prng_below(&s->prng, 8) == 0) {
        genome_random(schema, &s->prng, out);
        return;
    }
    *out = *parent_draw(s);
    if (prng_below(&s->prng, 2) == 0) {
        struct genome other = *parent_draw(s), first = *out;
        variation_cross(schema, &s->prng, &first, &other, out);
    }
    variation_mutate(schema, &s->prng, out);
}

void optimiser_steady(struct search *s)
{
    struct genome genome;
    uint64_t randoms_until = s->runs_left - s->runs_left / 4;
    while (!search_over(s)) {
        if (s->runs_left > randoms_until)
            genome_random(s->job->schema, &s->prng, &genome);
        else
            child_draw(s, &genome);
        (void)search_try(s, &genome, NULL);
    }
}
