#include "evolve/optimiser.h"
#include "evolve/search.h"
#include "evolve/surrogate.h"

/* Of many children that cost nothing, the most promising one is tried: a surrogate of what was tried so far screens
 * them (as in sequential model-based configuration, Hutter et al. 2011). Children come as in optimiser_steady.c. The
 * first quarter of the budget is random, so that there is something to learn from. */

enum { SCREENED = 24 };
_Static_assert((int)SURROGATE_OPEN_MAX >= (int)SEARCH_LANES_MAX, "each lane may have a genome that is tried");

static void learn(struct surrogate *model, const struct search *s, const struct tried *t)
{
    double instances = s->job->instance_count;
    double weight = t->is_known ? 1 : (double)t->runs / instances;
    surrogate_add(model, &t->genome, (double)search_estimate(s, t) / 1e6 / instances, weight);
}

/* What was tried would only be answered alike; where all are, one of them it is. */
static void most_promising(struct search *s, const struct surrogate *model, struct genome *out)
{
    double best = 0;
    bool found = false;
    for (unsigned i = 0; i < SCREENED; i++) {
        struct genome child;
        search_child(s, &child);
        double promise = surrogate_promise(model, &child);
        if (i == 0)
            *out = child;
        if ((found && promise >= best) || surrogate_has(model, &child))
            continue;
        found = true;
        best = promise;
        *out = child;
    }
}

struct screen {
    uint64_t randoms_until; /* runs_left */
    struct surrogate model;
};

static bool next(void *context, struct search *s, struct tried *out)
{
    struct screen *screen = context;
    out->is_new = true;
    if (s->runs_left > screen->randoms_until)
        genome_random(s->job->schema, &s->prng, &out->genome);
    else
        most_promising(s, &screen->model, &out->genome);
    out->tag = surrogate_open(&screen->model, &out->genome);
    return true;
}

static void done(void *context, struct search *s, const struct tried *t, bool is_whole)
{
    struct screen *screen = context;
    (void)is_whole;
    surrogate_close(&screen->model, t->tag);
    learn(&screen->model, s, t);
}

void optimiser_screen(struct search *s)
{
    struct screen *screen = mem_alloc(sizeof *screen);
    screen->randoms_until = s->runs_left - s->runs_left / 4;
    screen->model.schema = s->job->schema;
    for (unsigned i = 0; i < s->count; i++)
        learn(&screen->model, s, &s->pool[i]);
    search_stream(s, &(struct search_source){next, done, screen});
    mem_free(screen);
}
