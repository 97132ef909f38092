#include "evolve/optimiser.h"
#include "evolve/search.h"
#include "evolve/variation.h"
#include "genome/unit.h"

#include "base/dmath.h"

/* Mixed-integer evolution strategy (Li et al. 2013), (mu, lambda) with self-adaptation: every individual carries its
 * own step width for numbers and its own chance that a category changes, and both are inherited and varied. */

enum { MU = 3, LAMBDA = 9 };

struct individual {
    struct genome genome;
    double width;  /* of numbers, in units of their range */
    double chance; /* of categories and toggles */
    uint64_t merit;
};

static double held(double x, double lo, double hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

/* Genes from either, widths and chances in the middle. */
static void recombine(struct search *s, const struct individual *parents, struct individual *out)
{
    const struct individual *a = &parents[prng_below(&s->prng, MU)], *b = &parents[prng_below(&s->prng, MU)];
    variation_cross(s->job->schema, &s->prng, &a->genome, &b->genome, &out->genome);
    out->width = (a->width + b->width) / 2;
    out->chance = (a->chance + b->chance) / 2;
}

static void mutate(struct search *s, struct individual *x)
{
    const struct genome_schema *schema = s->job->schema;
    double tau = 1.0 / dmath_sqrt(2.0 * (double)schema->count), least = 1.0 / (3.0 * (double)schema->count);
    bool moved = false;
    x->width = held(x->width * dmath_exp(tau * variation_normal(&s->prng)), 0.01, 0.5);
    x->chance = 1.0 / (1.0 + (1.0 - x->chance) / x->chance * dmath_exp(-tau * variation_normal(&s->prng)));
    x->chance = held(x->chance, least, 0.5);
    for (unsigned i = 0; i < schema->count; i++) {
        const struct gene_spec *spec = &schema->genes[i];
        bool is_number = spec->type != GENE_CATEGORICAL && spec->type != GENE_TOGGLE;
        struct gene_value before = x->genome.values[i], *value = &x->genome.values[i];
        if (is_number)
            *value = gene_at(spec, gene_unit(spec, value) + x->width * variation_normal(&s->prng));
        else if (prng_unit(&s->prng) < x->chance)
            variation_step(spec, x->width, &s->prng, value);
        moved = moved || before.integer != value->integer || spec->type == GENE_CONTINUOUS;
    }
    if (!moved) /* of whole numbers all may stay where they are */
        variation_mutate(schema, x->width, &s->prng, &x->genome);
    genome_project(schema, &x->genome);
}

/* Among the best mu so far, best first. */
static void select_into(struct individual *best, unsigned *count, const struct individual *x)
{
    unsigned at = *count < MU ? (*count)++ : MU;
    if (at == MU && x->merit >= best[MU - 1].merit)
        return;
    for (at = at < MU ? at : MU - 1; at > 0 && x->merit < best[at - 1].merit; at--)
        best[at] = best[at - 1];
    best[at] = *x;
}

static void parents_fill(struct search *s, struct individual *parents)
{
    for (unsigned i = 0; i < MU; i++) {
        parents[i] = (struct individual){.width = 0.2, .chance = 0.3, .merit = UINT64_MAX};
        if (i < s->count)
            parents[i].genome = s->pool[i].genome;
        else
            genome_random(s->job->schema, &s->prng, &parents[i].genome);
    }
}

static bool random_next(void *context, struct search *s, struct tried *out)
{
    const uint64_t *until = context;
    if (s->runs_left <= *until)
        return false;
    genome_random(s->job->schema, &s->prng, &out->genome);
    out->is_new = true;
    return true;
}

struct generation {
    struct individual parents[MU], best[MU], children[LAMBDA];
    unsigned count, begun; /* of the best; of the children */
};

static bool child_next(void *context, struct search *s, struct tried *out)
{
    struct generation *g = context;
    if (g->begun == LAMBDA)
        return false;
    struct individual *child = &g->children[g->begun];
    recombine(s, g->parents, child);
    mutate(s, child);
    out->genome = child->genome;
    out->is_new = true;
    out->tag = g->begun++;
    return true;
}

static void child_done(void *context, struct search *s, const struct tried *t, bool is_whole)
{
    struct generation *g = context;
    (void)s;
    if (!is_whole)
        return;
    g->children[t->tag].merit = t->merit;
    select_into(g->best, &g->count, &g->children[t->tag]);
}

static void generation_try(struct search *s, struct generation *g)
{
    g->begun = g->count = 0;
    search_stream(s, &(struct search_source){child_next, child_done, g});
    for (unsigned i = 0; i < g->count; i++) /* where fewer than mu went the whole way, the best parents stay */
        select_into(g->parents, &(unsigned){MU}, &g->best[i]);
    for (unsigned i = 0; g->count == MU && i < MU; i++)
        g->parents[i] = g->best[i];
}

void optimiser_mies(struct search *s)
{
    struct generation *g = mem_alloc(sizeof *g);
    uint64_t until = s->runs_left - s->runs_left / 4;
    search_stream(s, &(struct search_source){.next = random_next, .context = &until});
    parents_fill(s, g->parents);
    while (!search_over(s))
        generation_try(s, g);
    mem_free(g);
}
