#include <stdio.h>

#include "base/dmath.h"
#include "experiment/experiment.h"
#include "experiment/judge.h"
#include "experiment/statistics.h"
#include "experiment/trial.h"

/* What does it cost to have a fifth of the sites contribute to an epoch, in quality and in traffic? Once with as many
 * epochs as all sites have, and once with five times as many, in which each site works about as often as there. */

enum { SITES = 15, COHORT = 3, VALIDATORS = 4, HELD_OUT = 64, HELD_OUT_SLICE = 4 };

static const char *const families[JUDGE_FAMILIES] = {"random", "planted", "queen", "geometric"};

struct way {
    unsigned cohort; /* 0: all contribute */
    unsigned times;  /* as many epochs as the plan has */
};
static const struct way ways[] = {{0, 1}, {COHORT, 1}, {COHORT, SITES / COHORT}};
enum { WAYS = sizeof ways / sizeof ways[0] };

static const struct trial_plan full_plan = {
    .epochs = 4, .instances = 4, .evaluations = 12, .limit = 2000, .migrants = 2, .archive = 4};
static const struct trial_plan slice_plan = {
    .epochs = 1, .instances = 1, .evaluations = 2, .limit = 300, .migrants = 1, .archive = 2};

/* By way and seed. */
struct outcome {
    double costs[WAYS][SAMPLE_MAX]; /* log(cost), the default genome's = 0 */
    uint64_t evaluations[WAYS][SAMPLE_MAX], bytes[WAYS][SAMPLE_MAX];
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
    struct trial t = {.plan = &plan, .seed = seed, .sites = SITES, .validators = VALIDATORS, .cache = cache};
    char more[32] = "";

    if (way->cohort > 0)
        snprintf(more, sizeof more, ", \"cohort\": %u", way->cohort);
    plan.epochs *= way->times;
    plan.rule = RANK_TRIMMED;
    plan.more = more;
    for (unsigned i = 0; i < SITES; i++) {
        t.numbers[i] = i;
        t.families[i] = families[i % JUDGE_FAMILIES];
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
        c->out->bytes[w][at] = result.bytes;
    }
    cache_free(cache);
    judge_fini(&judge);
    return err;
}

static void print_way(const struct campaign *c, unsigned w, unsigned seeds)
{
    const struct outcome *o = c->out;
    uint64_t evaluations = 0, bytes = 0;
    double logs[SAMPLE_MAX];

    for (unsigned at = 0; at < seeds; at++) {
        logs[at] = o->costs[w][at] - o->costs[0][at];
        evaluations += o->evaluations[w][at];
        bytes += o->bytes[w][at];
    }
    struct interval sure = sample_interval(logs, seeds);
    printf("| %u of %d | %u | %.3f | %.3f | %.3f to %.3f | %.3f | %u | %.2f |\n",
           ways[w].cohort > 0 ? ways[w].cohort : SITES, SITES, (unsigned)c->plan->epochs * ways[w].times,
           dmath_exp(sample_mean(o->costs[w], seeds)), dmath_exp(sample_mean(logs, seeds)), dmath_exp(sure.low),
           dmath_exp(sure.high), signed_rank_p(logs, seeds), (unsigned)(evaluations / (SITES * seeds)),
           (double)bytes / (1e6 * seeds));
}

static void print(const struct campaign *c, unsigned seeds)
{
    const struct trial_plan *p = c->plan;

    printf("%u seed%s; %d sites, %d of them validators, with %u private instance%s each; %u evaluations of a site that "
           "contributes to an epoch; runs of at most %u iterations; %u held-out instances of each family\n\n",
           seeds, seeds == 1 ? "" : "s", SITES, VALIDATORS, p->instances, p->instances == 1 ? "" : "s", p->evaluations,
           (unsigned)p->limit, c->held_out);
    printf("| contribute | epochs | cost, default genome = 1 | / the first line | 95 %% interval | p "
           "| genomes evaluated, a site | MB delivered |\n|---|---|---|---|---|---|---|---|\n");
    for (unsigned w = 0; w < WAYS; w++)
        print_way(c, w, seeds);
}

static enum err run(const struct experiment_options *options, struct diag *diag)
{
    struct campaign c = {.plan = options->slice ? &slice_plan : &full_plan,
                         .held_out = options->slice ? HELD_OUT_SLICE : HELD_OUT,
                         .out = mem_alloc(sizeof *c.out)};
    enum err err = experiment_each(options, "cohorts", run_seed, &c, diag);

    if (err == ERR_OK)
        print(&c, options->seeds);
    mem_free(c.out);
    return err;
}

const struct experiment experiment_cohorts = {
    "cohorts", "what it costs that a fifth of the sites contribute to an epoch", 20, run};
