#include <stdio.h>

#include "base/dmath.h"
#include "experiment/experiment.h"
#include "experiment/judge.h"
#include "experiment/statistics.h"
#include "experiment/trial.h"

/* Which optimiser finds most with the same small budget? A site of each family alone, and the first four families in
 * one federation, which ends with one genome for all; the same private work, seeds and policy but for the optimiser. */

enum { GROUPS = 2, LINES = GROUPS * JUDGE_FAMILIES + 1, FEDERATION = LINES - 1 };

static const char *const families[GROUPS][JUDGE_FAMILIES] = {
    {"random", "planted", "queen", "geometric"},
    {"rook", "mycielski", "insertions", "full_insertions"},
};

static const struct trial_plan full_plan = {
    .epochs = 4,
    .instances = 4,
    .evaluations = 12,
    .limit = 4000,
    .migrants = 4,
    .archive = 6,
    .rule = RANK_TRIMMED,
};
static const struct trial_plan slice_plan = {
    .epochs = 1,
    .instances = 1,
    .evaluations = 4,
    .limit = 300,
    .migrants = 2,
    .archive = 2,
    .rule = RANK_TRIMMED,
};
enum { HELD_OUT = 24, HELD_OUT_SLICE = 2 };

/* Logs of costs relative to the default genome's. */
struct outcome {
    double logs[OPTIMISER_COUNT][LINES][SAMPLE_MAX];
};

struct round {
    const struct trial_plan *plan;
    const struct judge *judge;
    uint64_t seed;
    unsigned group, at; /* at: the seed's place */
    struct outcome *out;
};

/* The sites from..to of the group, in one federation. */
static enum err run_sites(const struct round *r, enum optimiser optimiser, unsigned from, unsigned to,
                          struct genome *out, struct diag *diag)
{
    struct trial_plan plan = *r->plan;
    struct trial trial = {.plan = &plan, .seed = r->seed};
    struct trial_result result;
    char more[64];

    snprintf(more, sizeof more, ", \"optimiser\": \"%s\"", optimiser_name(optimiser));
    plan.more = more;
    for (unsigned i = from; i < to; i++) {
        trial.numbers[trial.sites] = r->group * JUDGE_FAMILIES + i;
        trial.families[trial.sites++] = families[r->group][i];
    }
    enum err err = trial_run(&trial, &result, diag);
    if (err == ERR_OK)
        *out = result.genome;
    return err;
}

static enum err run_optimiser(const struct round *r, enum optimiser optimiser, struct diag *diag)
{
    double(*logs)[SAMPLE_MAX] = r->out->logs[optimiser];
    struct genome genome;
    enum err err = ERR_OK;

    for (unsigned i = 0; i < JUDGE_FAMILIES && err == ERR_OK; i++) {
        err = run_sites(r, optimiser, i, i + 1, &genome, diag);
        if (err == ERR_OK)
            logs[r->group * JUDGE_FAMILIES + i][r->at] = judge_family(r->judge, &genome, i);
    }
    if (err != ERR_OK || r->group > 0)
        return err;
    err = run_sites(r, optimiser, 0, JUDGE_FAMILIES, &genome, diag);
    if (err == ERR_OK)
        logs[FEDERATION][r->at] = judge_everywhere(r->judge, &genome);
    return err;
}

static enum err run_seed(struct round *r, bool slice, struct diag *diag)
{
    enum err err = ERR_OK;

    for (r->group = 0; r->group < GROUPS && err == ERR_OK; r->group++) {
        struct judge judge;

        err = judge_init(&judge, families[r->group], slice ? HELD_OUT_SLICE : HELD_OUT, r->plan->limit, r->seed, diag);
        if (err != ERR_OK)
            return err;
        r->judge = &judge;
        for (unsigned o = 0; o < OPTIMISER_COUNT && err == ERR_OK; o++)
            err = run_optimiser(r, (enum optimiser)o, diag);
        judge_fini(&judge);
    }
    return err;
}

static void print_cell(const double *logs, unsigned seeds)
{
    struct quartiles q = sample_quartiles(logs, seeds);

    printf(" %.3f (%.3f, %.3f, %.3f) |", dmath_exp(sample_mean(logs, seeds)), dmath_exp(q.low), dmath_exp(q.median),
           dmath_exp(q.high));
}

/* Over all lines, each seed's mean of logs counting once. */
static void print_all(const struct outcome *o, unsigned seeds)
{
    printf("| all of these |");
    for (unsigned k = 0; k < OPTIMISER_COUNT; k++) {
        double means[SAMPLE_MAX];

        for (unsigned at = 0; at < seeds; at++) {
            means[at] = 0;
            for (unsigned line = 0; line < LINES; line++)
                means[at] += o->logs[k][line][at] / LINES;
        }
        print_cell(means, seeds);
    }
    puts("");
}

static void print_outcome(const struct outcome *o, unsigned seeds)
{
    printf("\n| cost, default genome = 1 |");
    for (unsigned k = 0; k < OPTIMISER_COUNT; k++)
        printf(" `%s` |", optimiser_name((enum optimiser)k));
    printf("\n|---|");
    for (unsigned k = 0; k < OPTIMISER_COUNT; k++)
        printf("---|");
    puts("");
    for (unsigned line = 0; line < LINES; line++) {
        printf("| %s |", line == FEDERATION ? "the first four, federated"
                                            : families[line / JUDGE_FAMILIES][line % JUDGE_FAMILIES]);
        for (unsigned k = 0; k < OPTIMISER_COUNT; k++)
            print_cell(o->logs[k][line], seeds);
        puts("");
    }
    print_all(o, seeds);
}

struct campaign {
    bool slice;
    struct outcome *out;
};

static enum err run_one(void *context, unsigned at, struct diag *diag)
{
    const struct campaign *c = context;
    struct round round = {.plan = c->slice ? &slice_plan : &full_plan, .seed = at + 1, .at = at, .out = c->out};

    return run_seed(&round, c->slice, diag);
}

static enum err run(const struct experiment_options *options, struct diag *diag)
{
    const struct trial_plan *plan = options->slice ? &slice_plan : &full_plan;
    struct campaign campaign = {options->slice, mem_alloc(sizeof *campaign.out)};

    printf("%u seeds; %u private instances a site; %u epochs of %u evaluations; runs of at most %u iterations; %d "
           "held-out instances of each family; geometric mean (lower quartile, median, upper quartile)\n",
           options->seeds, plan->instances, (unsigned)plan->epochs, plan->evaluations, (unsigned)plan->limit,
           options->slice ? HELD_OUT_SLICE : HELD_OUT);
    enum err err = experiment_each(options, "optimisers", run_one, &campaign, diag);
    if (err == ERR_OK)
        print_outcome(campaign.out, options->seeds);
    mem_free(campaign.out);
    return err;
}

const struct experiment experiment_optimisers = {"optimisers", "which optimiser finds most with the same budget", 20,
                                                 run};
