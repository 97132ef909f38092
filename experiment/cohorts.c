#include <stdio.h>

#include "base/dmath.h"
#include "experiment/ways.h"

/* What does it cost to have a fifth of the sites contribute to an epoch, in quality and in traffic? Once with as many
 * epochs as all sites have, and once with five times as many, in which each site works about as often as there. */

enum { SITES = 15, COHORT = 3, MIGRANTS = 2, ARCHIVE = 4 };

static const struct way list[] = {{TOPOLOGY_ALL, MIGRANTS, ARCHIVE, 0, 1},
                                  {TOPOLOGY_ALL, MIGRANTS, ARCHIVE, COHORT, 1},
                                  {TOPOLOGY_ALL, MIGRANTS, ARCHIVE, COHORT, SITES / COHORT}};

static const struct ways ways = {
    .name = "cohorts",
    .sites = SITES,
    .validators = 4,
    .count = sizeof list / sizeof list[0],
    .ways = list,
    .plan = {.epochs = 4, .instances = 4, .evaluations = 12, .limit = 2000},
    .slice_plan = {.epochs = 1, .instances = 1, .evaluations = 2, .limit = 300},
    .held_out = 64,
    .held_out_slice = 4,
};

static void print_way(const struct ways_outcome *o, unsigned w, unsigned seeds)
{
    struct ways_ratio r = ways_ratio(o, w, seeds);

    printf("| %d of %d | %u | %.3f | %.3f | %.3f to %.3f | %.3f | %u | %.2f |\n", w > 0 ? COHORT : SITES, SITES,
           (unsigned)o->plan.epochs * list[w].times, dmath_exp(sample_mean(o->costs[w], seeds)), r.ratio, r.sure.low,
           r.sure.high, r.p, (unsigned)(ways_sum(o->evaluations[w], seeds) / (SITES * seeds)),
           (double)ways_sum(o->bytes[w], seeds) / (1e6 * seeds));
}

static void print(const struct ways_outcome *o, unsigned seeds)
{
    const struct trial_plan *p = &o->plan;

    printf("%u seed%s; %d sites, %u of them validators, with %u private instance%s each; %u evaluations of a site that "
           "contributes to an epoch; runs of at most %u iterations; %u held-out instances of each family\n\n",
           seeds, seeds == 1 ? "" : "s", SITES, ways.validators, p->instances, p->instances == 1 ? "" : "s",
           p->evaluations, (unsigned)p->limit, o->held_out);
    printf("| contribute | epochs | cost, default genome = 1 | / the first line | 95 %% interval | p "
           "| genomes evaluated, a site | MB delivered |\n|---|---|---|---|---|---|---|---|\n");
    for (unsigned w = 0; w < ways.count; w++)
        print_way(o, w, seeds);
}

static enum err run(const struct experiment_options *options, struct diag *diag)
{
    struct ways_outcome *o;
    enum err err = ways_run(&ways, options, &o, diag);

    if (err == ERR_OK)
        print(o, options->seeds);
    mem_free(o);
    return err;
}

const struct experiment experiment_cohorts = {
    "cohorts", "what it costs that a fifth of the sites contribute to an epoch", 20, run};
