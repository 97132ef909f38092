#include "experiment/ways.h"

#include <stdio.h>

#include "base/dmath.h"
#include "experiment/judge.h"
#include "state/policy.h"

static const char *const families[JUDGE_FAMILIES] = {"random", "planted", "queen", "geometric"};

struct campaign {
    const struct ways *ways;
    struct ways_outcome *out;
};

static enum err run_way(const struct campaign *c, const struct way *way, struct cache *cache, uint64_t seed,
                        struct trial_result *out, struct diag *diag)
{
    const struct ways *ways = c->ways;
    struct trial_plan plan = c->out->plan;
    struct trial t = {
        .plan = &plan,
        .seed = seed,
        .sites = ways->sites,
        .validators = ways->validators,
        .regions = ways->regions,
        .cache = cache,
    };
    char more[64];

    snprintf(more, sizeof more, ", \"topology\": \"%s\", \"cohort\": %u", topology_name(way->topology), way->cohort);
    plan.rule = RANK_TRIMMED;
    plan.epochs *= way->times;
    plan.migrants = way->migrants;
    plan.archive = way->archive;
    plan.more = more;
    for (unsigned i = 0; i < ways->sites; i++) {
        t.numbers[i] = i;
        t.families[i] = families[i % JUDGE_FAMILIES];
    }
    return trial_run(&t, out, diag);
}

static enum err run_seed(void *context, unsigned at, struct diag *diag)
{
    const struct campaign *c = context;
    struct ways_outcome *o = c->out;
    struct judge judge;
    enum err err = judge_init(&judge, families, o->held_out, o->plan.limit, at + 1, diag);

    if (err != ERR_OK)
        return err;
    struct cache *cache = cache_new();
    for (unsigned w = 0; w < c->ways->count && err == ERR_OK; w++) {
        struct trial_result result;

        err = run_way(c, &c->ways->ways[w], cache, at + 1, &result, diag);
        if (err != ERR_OK)
            break;
        o->costs[w][at] = judge_everywhere(&judge, &result.genome);
        o->evaluations[w][at] = result.evaluations;
        o->bytes[w][at] = result.bytes;
    }
    cache_free(cache);
    judge_fini(&judge);
    return err;
}

enum err ways_run(const struct ways *ways, const struct experiment_options *options, struct ways_outcome **out,
                  struct diag *diag)
{
    struct campaign c = {.ways = ways, .out = mem_alloc(sizeof *c.out)};

    ASSERT(ways->count <= WAYS_MAX);
    c.out->plan = options->slice ? ways->slice_plan : ways->plan;
    c.out->held_out = options->slice ? ways->held_out_slice : ways->held_out;
    enum err err = experiment_each(options, ways->name, run_seed, &c, diag);
    if (err != ERR_OK)
        mem_free(c.out);
    *out = err == ERR_OK ? c.out : NULL;
    return err;
}

struct ways_ratio ways_ratio(const struct ways_outcome *o, unsigned way, unsigned seeds)
{
    double logs[SAMPLE_MAX];

    for (unsigned at = 0; at < seeds; at++)
        logs[at] = o->costs[way][at] - o->costs[0][at];
    struct interval sure = sample_interval(logs, seeds);
    return (struct ways_ratio){
        dmath_exp(sample_mean(logs, seeds)), signed_rank_p(logs, seeds), {dmath_exp(sure.low), dmath_exp(sure.high)}};
}

uint64_t ways_sum(const uint64_t *values, unsigned seeds)
{
    uint64_t sum = 0;

    for (unsigned at = 0; at < seeds; at++)
        sum += values[at];
    return sum;
}
