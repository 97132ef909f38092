#include <stdio.h>

#include "base/dmath.h"
#include "experiment/experiment.h"
#include "experiment/judge.h"
#include "experiment/statistics.h"
#include "experiment/trial.h"
#include "state/policy.h"

/* Whose archived genomes should a site start from, how many should each site offer, and how many be kept? Four unlike
 * sites in two regions; each setting differs from the first one in one thing. */

enum { SITES = 4, REGIONS = 2, HELD_OUT = 64, HELD_OUT_SLICE = 4 };

static const char *const families[SITES] = {"random", "planted", "queen", "geometric"};

struct way {
    enum topology topology;
    unsigned migrants, archive;
};
static const struct way ways[] = {
    {TOPOLOGY_ALL, 4, 8}, {TOPOLOGY_RING, 4, 8}, {TOPOLOGY_REGION, 4, 8}, {TOPOLOGY_ALL, 1, 8}, {TOPOLOGY_ALL, 2, 8},
    {TOPOLOGY_ALL, 8, 8}, {TOPOLOGY_ALL, 4, 1},  {TOPOLOGY_ALL, 4, 2},    {TOPOLOGY_ALL, 4, 4}, {TOPOLOGY_ALL, 4, 16},
};
enum { WAYS = sizeof ways / sizeof ways[0] };

static const struct trial_plan full_plan = {.epochs = 4, .instances = 4, .evaluations = 12, .limit = 2000};
static const struct trial_plan slice_plan = {.epochs = 2, .instances = 2, .evaluations = 4, .limit = 1000};

/* By way and seed. */
struct outcome {
    double costs[WAYS][SAMPLE_MAX]; /* log(cost), the default genome's = 0 */
    uint64_t evaluations[WAYS][SAMPLE_MAX];
};

struct campaign {
    const struct trial_plan *plan;
    unsigned held_out;
    struct outcome *out;
};

static enum err run_way(const struct campaign *c, const struct way *way, struct cache *cache, uint64_t seed,
                        struct trial_result *out, struct diag *diag)
{
    struct trial_plan plan = *c->plan;
    struct trial t = {.plan = &plan, .seed = seed, .sites = SITES, .regions = REGIONS, .cache = cache};
    char more[32];

    snprintf(more, sizeof more, ", \"topology\": \"%s\"", topology_name(way->topology));
    plan.rule = RANK_TRIMMED;
    plan.more = more;
    plan.migrants = way->migrants;
    plan.archive = way->archive;
    for (unsigned i = 0; i < SITES; i++) {
        t.numbers[i] = i;
        t.families[i] = families[i];
    }
    return trial_run(&t, out, diag);
}

static enum err run_seed(void *context, unsigned at, struct diag *diag)
{
    const struct campaign *c = context;
    struct judge judge;
    enum err err = judge_init(&judge, families, c->held_out, c->plan->limit, at + 1, diag);

    if (err != ERR_OK)
        return err;
    struct cache *cache = cache_new();
    for (unsigned w = 0; w < WAYS && err == ERR_OK; w++) {
        struct trial_result result;

        err = run_way(c, &ways[w], cache, at + 1, &result, diag);
        if (err != ERR_OK)
            break;
        c->out->costs[w][at] = judge_everywhere(&judge, &result.genome);
        c->out->evaluations[w][at] = result.evaluations;
    }
    cache_free(cache);
    judge_fini(&judge);
    return err;
}

static void print_way(const struct outcome *o, unsigned w, unsigned seeds)
{
    double logs[SAMPLE_MAX];
    uint64_t evaluations = 0;

    for (unsigned at = 0; at < seeds; at++) {
        logs[at] = o->costs[w][at] - o->costs[0][at];
        evaluations += o->evaluations[w][at];
    }
    struct quartiles q = sample_quartiles(o->costs[w], seeds);
    struct interval sure = sample_interval(logs, seeds);
    printf("| `%s` | %u | %u | %.3f (%.3f, %.3f, %.3f) | %.3f | %.3f to %.3f | %.3f | %u |\n",
           topology_name(ways[w].topology), ways[w].migrants, ways[w].archive,
           dmath_exp(sample_mean(o->costs[w], seeds)), dmath_exp(q.low), dmath_exp(q.median), dmath_exp(q.high),
           dmath_exp(sample_mean(logs, seeds)), dmath_exp(sure.low), dmath_exp(sure.high), signed_rank_p(logs, seeds),
           (unsigned)(evaluations / (SITES * seeds)));
}

static void print(const struct campaign *c, unsigned seeds)
{
    const struct trial_plan *p = c->plan;

    printf("%u seed%s; %d sites with %u private instances each, in %d regions; %u epochs of %u evaluations; runs of at "
           "most %u iterations; %u held-out instances of each family\n\n",
           seeds, seeds == 1 ? "" : "s", SITES, p->instances, REGIONS, (unsigned)p->epochs, p->evaluations,
           (unsigned)p->limit, c->held_out);
    printf("| topology | migrants | archive | cost, default genome = 1 | / the first line | 95 %% interval | p "
           "| genomes evaluated, a site |\n|---|---|---|---|---|---|---|---|\n");
    for (unsigned w = 0; w < WAYS; w++)
        print_way(c->out, w, seeds);
}

static enum err run(const struct experiment_options *options, struct diag *diag)
{
    struct campaign c = {.plan = options->slice ? &slice_plan : &full_plan,
                         .held_out = options->slice ? HELD_OUT_SLICE : HELD_OUT,
                         .out = mem_alloc(sizeof *c.out)};
    enum err err = experiment_each(options, "topologies", run_seed, &c, diag);

    if (err == ERR_OK)
        print(&c, options->seeds);
    mem_free(c.out);
    return err;
}

const struct experiment experiment_topologies = {"topologies", "who starts from whose genomes, and from how many", 20,
                                                 run};
