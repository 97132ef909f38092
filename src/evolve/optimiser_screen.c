#include "evolve/optimiser.h"
#include "evolve/search.h"
#include "evolve/surrogate.h"

/* Of many children that cost nothing, the most promising one is tried: a surrogate of what was tried so far screens
 * them (as in sequential model-based configuration, Hutter et al. 2011). Children come as in optimiser_steady.c. The
 * first quarter of the budget is random, so that there is something to learn from. */

enum { SCREENED = 24 };

static void learn(struct surrogate *model, const struct search *s, const struct tried *t)
{
    double instances = s->job->instance_count;
    double weight = t->is_known ? 1 : (double)t->runs / instances;
    surrogate_add(model, &t->genome, (double)search_estimate(s, t) / 1e6 / instances, weight);
}

static void most_promising(struct search *s, const struct surrogate *model, struct genome *out)
{
    double best = 0;
    for (unsigned i = 0; i < SCREENED; i++) {
        struct genome child;
        search_child(s, &child);
        double promise = surrogate_promise(model, &child);
        if (i > 0 && promise >= best)
            continue;
        best = promise;
        *out = child;
    }
}

void optimiser_screen(struct search *s)
{
    struct surrogate *model = mem_alloc(sizeof *model);
    uint64_t randoms_until = s->runs_left - s->runs_left / 4;
    model->schema = s->job->schema;
    for (unsigned i = 0; i < s->count; i++)
        learn(model, s, &s->pool[i]);
    while (!search_over(s)) {
        struct genome genome;
        struct tried tried;
        if (s->runs_left > randoms_until)
            genome_random(s->job->schema, &s->prng, &genome);
        else
            most_promising(s, model, &genome);
        (void)search_try(s, &genome, true, &tried);
        learn(model, s, &tried);
    }
    mem_free(model);
}
