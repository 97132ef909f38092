#include "experiment/liars.h"

#include <stdio.h>

#include "experiment/experiment.h"

/* What do f liars among 3f + 1 sites change? Twice: in whole federations in which they lie from the first epoch on, and
 * in one decision, with everything else as it was when all were honest. */

static const struct cast casts[] = {{4, 1}, {7, 2}};
enum { CASTS = sizeof casts / sizeof casts[0], HELD_OUT = 192, HELD_OUT_SLICE = 4 };

static const char *const families[JUDGE_FAMILIES] = {"random", "planted", "queen", "geometric"};

static const struct trial_plan full_plan = {
    .epochs = 4,
    .instances = 8,
    .evaluations = 12,
    .limit = 1000,
    .migrants = 2,
    .archive = 4,
    .rule = RANK_TRIMMED,
    .more = "",
};
static const struct trial_plan slice_plan = {
    .epochs = 2,
    .instances = 1,
    .evaluations = 4,
    .limit = 300,
    .migrants = 2,
    .archive = 2,
    .rule = RANK_TRIMMED,
    .more = "",
};

struct campaign {
    const struct trial_plan *plan;
    unsigned held_out;
    struct decisions *decisions[CASTS];
    struct federations *federations[CASTS];
};

const char *liars_family(unsigned site)
{
    return families[site % JUDGE_FAMILIES];
}

bool liars_lies(const struct cast *cast, unsigned turn, unsigned site)
{
    return (site + cast->sites - turn % cast->sites) % cast->sites < cast->liars;
}

void verdicts_fini(struct verdicts *v)
{
    mem_free(v->items);
}

static const struct verdict *judged(struct verdicts *v, const struct genome *genome)
{
    struct digest hash = genome_hash(workload_schema(), genome);

    for (unsigned i = 0; i < v->count; i++)
        if (digest_equal(&v->items[i].hash, &hash))
            return &v->items[i];
    if (v->count == v->room) {
        v->room = v->room > 0 ? 2 * v->room : 64;
        v->items = mem_resize(v->items, v->room, sizeof v->items[0]);
    }
    struct verdict *new = &v->items[v->count++];
    new->hash = hash;
    for (unsigned half = 0; half < 2; half++)
        for (unsigned f = 0; f < JUDGE_FAMILIES; f++)
            new->halves[half][f] = judge_half(v->judge, genome, f, half);
    return new;
}

double liars_cost(const struct round *r, unsigned turn, const struct genome *genome, unsigned half)
{
    const struct verdict *v = judged(r->verdicts, genome);
    double sum = 0;

    for (unsigned i = 0; i < r->cast->sites; i++) {
        const double *a = v->halves[half % 2], *b = v->halves[half == 2 ? 1 : half];

        if (!liars_lies(r->cast, turn, i))
            sum += (a[i % JUDGE_FAMILIES] + b[i % JUDGE_FAMILIES]) / 2;
    }
    return sum / (r->cast->sites - r->cast->liars);
}

static enum err run_cast(const struct campaign *c, unsigned cast, const struct round *round, struct diag *diag)
{
    struct federation_state undecided;
    enum err err = federations_run(c->federations[cast], round, &undecided, diag);

    if (err != ERR_OK)
        return err;
    decisions_note(c->decisions[cast], round, &undecided);
    state_free(&undecided);
    return ERR_OK;
}

static enum err run_seed(void *context, unsigned at, struct diag *diag)
{
    const struct campaign *c = context;
    struct judge judge;
    struct verdicts verdicts = {.judge = &judge};
    struct cache *cache;
    enum err err = judge_init(&judge, families, c->held_out, c->plan->limit, at + 1, diag);

    if (err != ERR_OK)
        return err;
    cache = cache_new();
    for (unsigned cast = 0; cast < CASTS && err == ERR_OK; cast++) {
        struct round round = {&casts[cast], c->plan, &verdicts, cache, at + 1, at};

        err = run_cast(c, cast, &round, diag);
    }
    cache_free(cache);
    verdicts_fini(&verdicts);
    judge_fini(&judge);
    return err;
}

static void print(const struct campaign *c, unsigned seeds)
{
    const struct trial_plan *p = c->plan;

    printf("%u seed%s; %u private instances a site; %u epochs of %u evaluations; runs of at most %u iterations; %u "
           "held-out instances of each family\n",
           seeds, seeds == 1 ? "" : "s", p->instances, (unsigned)p->epochs, p->evaluations, (unsigned)p->limit,
           c->held_out);
    for (unsigned i = 0; i < CASTS; i++) {
        printf("\n%u sites, %u liar%s\n", casts[i].sites, casts[i].liars, casts[i].liars == 1 ? "" : "s");
        federations_print(c->federations[i], c->plan->rule, seeds);
        decisions_print(c->decisions[i], seeds);
    }
}

static enum err run(const struct experiment_options *options, struct diag *diag)
{
    struct campaign c = {.plan = options->slice ? &slice_plan : &full_plan,
                         .held_out = options->slice ? HELD_OUT_SLICE : HELD_OUT};

    for (unsigned i = 0; i < CASTS; i++) {
        c.decisions[i] = decisions_new();
        c.federations[i] = federations_new();
    }
    enum err err = experiment_each(options, "liars", run_seed, &c, diag);
    if (err == ERR_OK)
        print(&c, options->seeds);
    for (unsigned i = 0; i < CASTS; i++) {
        decisions_free(c.decisions[i]);
        federations_free(c.federations[i]);
    }
    return err;
}

const struct experiment experiment_liars = {"liars", "what do f liars among 3f + 1 sites change?", 40, run};
