#include "evolve/optimiser.h"
#include "evolve/search.h"

/* (mu + 1): one child after another from the best genomes so far, after a quarter of the budget of random ones. */

static bool next(void *context, struct search *s, struct tried *out)
{
    const uint64_t *randoms_until = context;
    out->is_new = true;
    if (s->runs_left > *randoms_until)
        genome_random(s->job->schema, &s->prng, &out->genome);
    else
        search_child(s, &out->genome);
    return true;
}

void optimiser_steady(struct search *s)
{
    uint64_t randoms_until = s->runs_left - s->runs_left / 4;
    search_stream(s, &(struct search_source){.next = next, .context = &randoms_until});
}
