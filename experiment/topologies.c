#include <stdio.h>

#include "base/dmath.h"
#include "experiment/ways.h"
#include "state/policy.h"

/* Whose archived genomes should a site start from, how many should each site offer, and how many be kept? Four unlike
 * sites in two regions; each setting differs from the first one in one thing. */

enum { SITES = 4 };

static const struct way list[] = {
    {TOPOLOGY_ALL, 4, 8, 0, 1}, {TOPOLOGY_RING, 4, 8, 0, 1}, {TOPOLOGY_REGION, 4, 8, 0, 1}, {TOPOLOGY_ALL, 1, 8, 0, 1},
    {TOPOLOGY_ALL, 2, 8, 0, 1}, {TOPOLOGY_ALL, 8, 8, 0, 1},  {TOPOLOGY_ALL, 4, 1, 0, 1},    {TOPOLOGY_ALL, 4, 2, 0, 1},
    {TOPOLOGY_ALL, 4, 4, 0, 1}, {TOPOLOGY_ALL, 4, 16, 0, 1},
};

static const struct ways ways = {
    .name = "topologies",
    .sites = SITES,
    .regions = 2,
    .count = sizeof list / sizeof list[0],
    .ways = list,
    .plan = {.epochs = 4, .instances = 4, .evaluations = 12, .limit = 2000},
    .slice_plan = {.epochs = 2, .instances = 2, .evaluations = 4, .limit = 1000},
    .held_out = 64,
    .held_out_slice = 4,
};

static void print_way(const struct ways_outcome *o, unsigned w, unsigned seeds)
{
    struct quartiles q = sample_quartiles(o->costs[w], seeds);
    struct ways_ratio r = ways_ratio(o, w, seeds);

    printf("| `%s` | %u | %u | %.3f (%.3f, %.3f, %.3f) | %.3f | %.3f to %.3f | %.3f | %u |\n",
           topology_name(list[w].topology), list[w].migrants, list[w].archive,
           dmath_exp(sample_mean(o->costs[w], seeds)), dmath_exp(q.low), dmath_exp(q.median), dmath_exp(q.high),
           r.ratio, r.sure.low, r.sure.high, r.p, (unsigned)(ways_sum(o->evaluations[w], seeds) / (SITES * seeds)));
}

static void print(const struct ways_outcome *o, unsigned seeds)
{
    const struct trial_plan *p = &o->plan;

    printf("%u seed%s; %d sites with %u private instances each, in %u regions; %u epochs of %u evaluations; runs of at "
           "most %u iterations; %u held-out instances of each family\n\n",
           seeds, seeds == 1 ? "" : "s", SITES, p->instances, ways.regions, (unsigned)p->epochs, p->evaluations,
           (unsigned)p->limit, o->held_out);
    printf("| topology | migrants | archive | cost, default genome = 1 | / the first line | 95 %% interval | p "
           "| genomes evaluated, a site |\n|---|---|---|---|---|---|---|---|\n");
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

const struct experiment experiment_topologies = {"topologies", "who starts from whose genomes, and from how many", 20,
                                                 run};
