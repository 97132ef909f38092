#include "evolve/optimiser.h"
#include "evolve/search.h"

/* (mu + 1): one child after another from the best genomes so far, after a quarter of the budget of random ones. */

void optimiser_steady(struct search *s)
{
    uint64_t randoms_until = s->runs_left - s->runs_left / 4;
    while (!search_over(s)) {
        struct genome genome;
        struct tried tried;
        if (s->runs_left > randoms_until)
            genome_random(s->job->schema, &s->prng, &genome);
        else
            search_child(s, &genome);
        (void)search_try(s, &genome, true, &tried);
    }
}
