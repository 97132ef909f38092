#include <stdio.h>
#include <string.h>

#include "base/dmath.h"
#include "experiment/experiment.h"
#include "experiment/judge.h"
#include "experiment/picks.h"
#include "experiment/rows.h"
#include "experiment/statistics.h"
#include "experiment/trial.h"

/* Is a federation worth it? Four sites tune with the same budget: each alone, all in a federation, or one that has
 * everybody's private work (which nobody would give away: the bound). All of them are rehearsals of the product; a site
 * alone is a federation of one. */

enum { SITES = 4 };

struct setting {
    const char *name;
    const char *families[SITES];
};

static const struct setting settings[] = {
    {"heterogeneous", {"random", "planted", "queen", "geometric"}},
    {"homogeneous", {"random", "random", "random", "random"}},
};
enum { SETTINGS = sizeof settings / sizeof settings[0] };

static const struct trial_plan full_plan = {
    .epochs = 4,
    .instances = 4,
    .evaluations = 12,
    .limit = 6000,
    .migrants = 4,
    .archive = 8,
    .rule = RANK_TRIMMED,
    .more = "",
};
static const struct trial_plan slice_plan = {
    .epochs = 2,
    .instances = 2,
    .evaluations = 4,
    .limit = 1000,
    .migrants = 2,
    .archive = 2,
    .rule = RANK_TRIMMED,
    .more = "",
};
enum { HELD_OUT = 20, HELD_OUT_SLICE = 4 };

/* Who tunes. */
enum way { ALONE, ALONE_LONGER, FEDERATED, ARCHIVE_PICK, OWN_PICK, POOLED, WAYS };
static const char *const way_names[WAYS] = {
    "alone", "alone, all the work", "federated", "federated, archive alone", "federated, own pick", "pooled"};

/* Logs of costs relative to the default genome's; one for each seed. */
struct outcome {
    double own[WAYS][SAMPLE_MAX];        /* mean over the sites, each on its own family */
    double everywhere[WAYS][SAMPLE_MAX]; /* mean over the sites' genomes, each on all families */
    uint64_t evaluations[WAYS];          /* of all seeds and sites */
};

struct round {
    const struct setting *setting;
    const struct trial_plan *plan;
    const struct judge *judge;
    uint64_t seed;
    unsigned at; /* among the outcome's seeds */
    struct outcome *out;
};

static struct trial trial_of(const struct round *r)
{
    struct trial t = {.plan = r->plan, .seed = r->seed, .sites = SITES};

    for (unsigned i = 0; i < SITES; i++) {
        t.numbers[i] = i;
        t.families[i] = r->setting->families[i];
    }
    return t;
}

static void note_site(const struct round *r, enum way way, unsigned site, const struct genome *genome)
{
    for (unsigned f = 0; f < SITES; f++) {
        double cost = judge_family(r->judge, genome, f);

        r->out->own[way][r->at] += f == site ? cost / SITES : 0;
        r->out->everywhere[way][r->at] += cost / SITES / SITES;
    }
}

static void note_shared(const struct round *r, enum way way, const struct genome *genome)
{
    r->out->own[way][r->at] = r->out->everywhere[way][r->at] = judge_everywhere(r->judge, genome);
}

static enum err run_alone(const struct round *r, enum way way, const struct trial_plan *plan, struct diag *diag)
{
    for (unsigned i = 0; i < SITES; i++) {
        struct trial t = {.plan = plan, .seed = r->seed, .sites = 1, .numbers = {i}};
        struct trial_result result;

        t.families[0] = r->setting->families[i];
        enum err err = trial_run(&t, &result, diag);
        if (err != ERR_OK)
            return err;
        note_site(r, way, i, &result.genome);
        r->out->evaluations[way] += result.evaluations;
    }
    return ERR_OK;
}

/* What the sites take for themselves. */
static enum err run_picks(const struct round *r, const struct trial *t, const struct trial_result *result,
                          struct diag *diag)
{
    static const enum way ways[] = {[PICKS_ARCHIVE] = ARCHIVE_PICK, [PICKS_OWN] = OWN_PICK};
    enum err err = ERR_OK;

    for (unsigned p = 0; p < PICKS_COUNT; p++) {
        r->out->evaluations[ways[p]] += result->evaluations;
        for (unsigned i = 0; i < SITES && err == ERR_OK; i++) {
            struct genome genome;

            err = picks_take(t, i, result, (enum picks)p, &genome, &r->out->evaluations[ways[p]], diag);
            if (err == ERR_OK)
                note_site(r, ways[p], i, &genome);
        }
    }
    return err;
}

static enum err run_federated(const struct round *r, struct diag *diag, uint64_t *evaluations)
{
    struct trial t = trial_of(r);
    struct trial_result result;

    t.offers = mem_array(SITES, sizeof t.offers[0]);
    enum err err = trial_run(&t, &result, diag);
    if (err == ERR_OK) {
        note_shared(r, FEDERATED, &result.genome);
        *evaluations = result.evaluations;
        r->out->evaluations[FEDERATED] += result.evaluations;
        err = run_picks(r, &t, &result, diag);
    }
    mem_free(t.offers);
    return err;
}

/* One site with the instances of all. */
static enum err run_pooled(const struct round *r, struct diag *diag)
{
    struct trial all = trial_of(r), t = all;
    struct workload pooled = {0}, parts[SITES] = {0};
    struct trial_result result;
    enum err err = ERR_OK;

    for (unsigned i = 0; i < SITES && err == ERR_OK; i++) {
        err = trial_workload(&all, i, &parts[i], diag);
        pooled.instances = mem_resize(pooled.instances, pooled.count + parts[i].count, sizeof pooled.instances[0]);
        for (unsigned k = 0; k < parts[i].count; k++)
            pooled.instances[pooled.count++] = parts[i].instances[k];
    }
    t.sites = 1;
    t.pooled = &pooled;
    if (err == ERR_OK)
        err = trial_run(&t, &result, diag);
    if (err == ERR_OK) {
        note_shared(r, POOLED, &result.genome);
        r->out->evaluations[POOLED] += result.evaluations * SITES;
    }
    for (unsigned i = 0; i < SITES; i++)
        workload_fini(&parts[i]);
    mem_free(pooled.instances); /* what they are was the parts' own */
    return err;
}

static enum err run_seed(const struct round *r, struct diag *diag)
{
    struct trial_plan longer = *r->plan;
    uint64_t alone, federated = 0;
    enum err err = run_alone(r, ALONE, r->plan, diag);

    alone = r->out->evaluations[ALONE] / (r->at + 1);
    if (err == ERR_OK)
        err = run_federated(r, diag, &federated);
    if (federated > alone)
        longer.evaluations += (unsigned)((federated - alone) / (SITES * r->plan->epochs));
    if (err == ERR_OK)
        err = run_alone(r, ALONE_LONGER, &longer, diag);
    return err == ERR_OK ? run_pooled(r, diag) : err;
}

static void print_setting(const struct setting *s, const struct outcome *o, unsigned seeds)
{
    printf("\n%s: sites with", s->name);
    for (unsigned i = 0; i < SITES; i++)
        printf("%s %s", i > 0 ? "," : "", s->families[i]);
    printf("\n\n| everywhere: cost, default genome = 1 | geometric mean | lower quartile | median | upper quartile |\n"
           "|---|---|---|---|---|\n");
    for (unsigned w = 0; w < WAYS; w++)
        if (w != OWN_PICK && w != ARCHIVE_PICK)
            rows_print(way_names[w], o->everywhere[w], seeds);
    printf("\n| on the site's own family | geometric mean | lower quartile | median | upper quartile |\n"
           "|---|---|---|---|---|\n");
    for (unsigned w = 0; w < WAYS; w++)
        rows_print(way_names[w], o->own[w], seeds);
    printf("\n| pair | ratio | better | p |\n|---|---|---|---|\n");
    rows_print_pair(o->everywhere[FEDERATED], o->everywhere[ALONE], "everywhere: federated / alone", seeds);
    rows_print_pair(o->everywhere[FEDERATED], o->everywhere[ALONE_LONGER],
                    "everywhere: federated / alone, all the work", seeds);
    rows_print_pair(o->everywhere[FEDERATED], o->everywhere[POOLED], "everywhere: federated / pooled", seeds);
    rows_print_pair(o->own[FEDERATED], o->own[ALONE], "own family: federated / alone", seeds);
    rows_print_pair(o->own[ARCHIVE_PICK], o->own[ALONE], "own family: federated, archive alone / alone", seeds);
    rows_print_pair(o->own[OWN_PICK], o->own[ALONE], "own family: federated, own pick / alone", seeds);
    rows_print_pair(o->own[OWN_PICK], o->own[ARCHIVE_PICK], "own family: federated, own pick / archive alone", seeds);
    rows_print_pair(o->own[OWN_PICK], o->own[ALONE_LONGER], "own family: federated, own pick / alone, all the work",
                    seeds);
    printf("\n| genomes evaluated, a site and seed |");
    for (unsigned w = 0; w < WAYS; w++)
        printf(" %s |", way_names[w]);
    printf("\n|---|---|---|---|---|---|---|\n| |");
    for (unsigned w = 0; w < WAYS; w++)
        printf(" %u |", (unsigned)(o->evaluations[w] / (SITES * seeds)));
    printf("\n");
}

struct campaign {
    const struct setting *setting;
    bool slice;
    struct outcome *out;
};

static enum err run_one(void *context, unsigned at, struct diag *diag)
{
    const struct campaign *c = context;
    const struct trial_plan *plan = c->slice ? &slice_plan : &full_plan;
    struct judge judge;
    struct round round = {c->setting, plan, &judge, at + 1, at, c->out};
    enum err err =
        judge_init(&judge, c->setting->families, c->slice ? HELD_OUT_SLICE : HELD_OUT, plan->limit, round.seed, diag);

    if (err != ERR_OK)
        return err;
    err = run_seed(&round, diag);
    judge_fini(&judge);
    return err;
}

static enum err run(const struct experiment_options *options, struct diag *diag)
{
    const struct trial_plan *plan = options->slice ? &slice_plan : &full_plan;
    struct experiment_options in_order = *options;

    /* What the sites have spent alone up to a seed goes into the budget of the longer runs: one seed after the other.
     */
    in_order.threads = 1;
    printf("%u seeds; %d sites with %u private instances each; %u epochs of %u evaluations; runs of at most %u "
           "iterations; %d held-out instances of each family\n",
           options->seeds, SITES, plan->instances, (unsigned)plan->epochs, plan->evaluations, (unsigned)plan->limit,
           options->slice ? HELD_OUT_SLICE : HELD_OUT);
    for (unsigned i = 0; i < SETTINGS; i++) {
        struct outcome *out = mem_alloc(sizeof *out);
        struct campaign campaign = {&settings[i], options->slice, out};
        enum err err = experiment_each(&in_order, settings[i].name, run_one, &campaign, diag);

        if (err == ERR_OK)
            print_setting(&settings[i], out, options->seeds);
        mem_free(out);
        if (err != ERR_OK)
            return err;
    }
    return ERR_OK;
}

const struct experiment experiment_federate = {"federate", "is a federation worth it: alone, federated, pooled", 20,
                                               run};
