#include <stdio.h>
#include <string.h>

#include "base/dmath.h"
#include "experiment/experiment.h"
#include "experiment/judge.h"
#include "experiment/statistics.h"
#include "experiment/trial.h"

/* What do f liars among 3f + 1 sites change? The same federation ends with one genome when all are honest and with
 * another when some lie: both are judged on the work of the honest sites. */

struct cast {
    unsigned sites, liars;
};
static const struct cast casts[] = {{4, 1}, {7, 2}};
enum { CASTS = sizeof casts / sizeof casts[0], HEAVY = 1000 };

static const char *const families[JUDGE_FAMILIES] = {"random", "planted", "queen", "geometric"};

/* The columns: how rows are reduced, and whether the liars have a hundred times the stake of the others. */
struct column {
    const char *name;
    enum rank_rule rule;
    bool heavy;
};
static const struct column columns[] = {
    {"trimmed_rank", RANK_TRIMMED, false}, {"the same, heavy liars", RANK_TRIMMED, true},
    {"median_rank", RANK_MEDIAN, false},   {"borda", RANK_BORDA, false},
    {"mean_cost", RANK_MEAN_COST, false},
};
enum { SLICE_CASTS = 1, COLUMNS = sizeof columns / sizeof columns[0], HELD_OUT = 16, HELD_OUT_SLICE = 4 };

static const struct trial_plan full_plan = {
    .epochs = 3,
    .instances = 2,
    .evaluations = 6,
    .limit = 1000,
    .migrants = 2,
    .archive = 4,
    .more = "",
};
static const struct trial_plan slice_plan = {
    .epochs = 2,
    .instances = 1,
    .evaluations = 3,
    .limit = 300,
    .migrants = 1,
    .archive = 1,
    .more = "",
};

/* log(cost with liars / cost without); by lie, column and seed. */
struct outcome {
    double logs[LIE_COUNT][COLUMNS][SAMPLE_MAX];
};

/* The genomes of a seed come again and again. */
struct verdict {
    struct digest hash;
    double families[JUDGE_FAMILIES];
};
struct verdicts {
    unsigned count;
    struct verdict items[CASTS * LIE_COUNT * COLUMNS * 2];
};

struct round {
    const struct cast *cast;
    const struct judge *judge;
    struct verdicts *verdicts;
    struct trial_plan plan;
    uint64_t seed, lie_epoch;
};

/* Who lies changes from seed to seed, and with it whose work is judged. */
static bool lies(const struct round *r, unsigned site)
{
    return (site + r->seed) % r->cast->sites < r->cast->liars;
}

static const struct verdict *judged(const struct round *r, const struct genome *genome)
{
    struct verdicts *v = r->verdicts;
    struct verdict *new = &v->items[v->count];

    new->hash = genome_hash(workload_schema(), genome);
    for (unsigned i = 0; i < v->count; i++)
        if (digest_equal(&v->items[i].hash, &new->hash))
            return &v->items[i];
    ASSERT(++v->count <= sizeof v->items / sizeof v->items[0]);
    for (unsigned f = 0; f < JUDGE_FAMILIES; f++)
        new->families[f] = judge_family(r->judge, genome, f);
    return new;
}

static double honest_cost(const struct round *r, const struct genome *genome)
{
    const struct verdict *v = judged(r, genome);
    double sum = 0;

    for (unsigned i = 0; i < r->cast->sites; i++)
        sum += lies(r, i) ? 0 : v->families[i % JUDGE_FAMILIES];
    return sum / (r->cast->sites - r->cast->liars);
}

static enum err run_one(const struct round *r, const struct column *column, enum lie lie, double *cost,
                        struct diag *diag)
{
    struct trial t = {.plan = &r->plan, .seed = r->seed, .sites = r->cast->sites, .lie_epoch = r->lie_epoch};
    struct trial_result result;

    for (unsigned i = 0; i < t.sites; i++) {
        t.numbers[i] = i;
        t.families[i] = families[i % JUDGE_FAMILIES];
        t.lies[i] = lies(r, i) ? lie : LIE_NONE;
        t.stakes[i] = lies(r, i) && column->heavy ? HEAVY : 0;
    }
    enum err err = trial_run(&t, &result, diag);
    if (err == ERR_OK)
        *cost = honest_cost(r, &result.genome);
    return err;
}

static enum err run_seed(struct round *r, struct outcome *out, unsigned at, struct diag *diag)
{
    enum err err = ERR_OK;

    for (unsigned c = 0; c < COLUMNS; c++) {
        double honest = 0, lied = 0;

        r->plan.rule = columns[c].rule;
        err = run_one(r, &columns[c], LIE_NONE, &honest, diag);
        for (unsigned lie = LIE_NONE + 1; lie < LIE_COUNT && err == ERR_OK; lie++) {
            err = run_one(r, &columns[c], (enum lie)lie, &lied, diag);
            out->logs[lie][c][at] = lied - honest;
        }
        if (err != ERR_OK)
            break;
    }
    return err;
}

static void print_table(const struct cast *cast, const struct outcome *o, unsigned seeds)
{
    printf("\n%u sites, %u liar%s\n\n| behaviour |", cast->sites, cast->liars, cast->liars == 1 ? "" : "s");
    for (unsigned c = 0; c < COLUMNS; c++)
        printf(" %s |", columns[c].name);
    printf("\n|---|");
    for (unsigned c = 0; c < COLUMNS; c++)
        printf("---|");
    for (unsigned lie = LIE_NONE + 1; lie < LIE_COUNT; lie++) {
        printf("\n| `%s` |", lie_name((enum lie)lie));
        for (unsigned c = 0; c < COLUMNS; c++)
            printf(" %.3f |", dmath_exp(sample_mean(o->logs[lie][c], seeds)));
    }
    printf("\n");
}

static enum err run_cast(const struct cast *cast, const struct experiment_options *options, struct diag *diag)
{
    struct outcome *out = mem_alloc(sizeof *out);
    enum err err = ERR_OK;

    for (unsigned at = 0; at < options->seeds && err == ERR_OK; at++) {
        struct judge judge;
        struct verdicts verdicts = {0};
        struct round round = {cast, &judge, &verdicts, options->slice ? slice_plan : full_plan, at + 1, 0};

        experiment_progress("liars", at, options->seeds);
        round.lie_epoch = round.plan.epochs;
        err = judge_init(&judge, families, options->slice ? HELD_OUT_SLICE : HELD_OUT, round.plan.limit, round.seed,
                         diag);
        if (err != ERR_OK)
            break;
        err = run_seed(&round, out, at, diag);
        judge_fini(&judge);
    }
    experiment_progress(NULL, 0, 0);
    if (err == ERR_OK)
        print_table(cast, out, options->seeds);
    mem_free(out);
    return err;
}

static enum err run(const struct experiment_options *options, struct diag *diag)
{
    const struct trial_plan *plan = options->slice ? &slice_plan : &full_plan;
    enum err err = ERR_OK;

    printf("%u seed%s; %u private instances a site; %u epochs of %u evaluations; runs of at most %u iterations; %d "
           "held-out instances of each family\n",
           options->seeds, options->seeds == 1 ? "" : "s", plan->instances, (unsigned)plan->epochs, plan->evaluations,
           (unsigned)plan->limit, options->slice ? HELD_OUT_SLICE : HELD_OUT);
    for (unsigned i = 0; i < (options->slice ? (unsigned)SLICE_CASTS : (unsigned)CASTS) && err == ERR_OK; i++)
        err = run_cast(&casts[i], options, diag);
    return err;
}

const struct experiment experiment_liars = {"liars", "what do f liars among 3f + 1 sites change?", 20, run};
