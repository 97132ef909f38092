#include <stdio.h>

#include "base/dmath.h"
#include "experiment/experiment.h"
#include "experiment/judge.h"
#include "experiment/statistics.h"
#include "experiment/trial.h"
#include "govern/phase.h"
#include "sim/liar.h"

/* What do f liars among 3f + 1 sites change? Twice: in one decision, with everything else as it was when all were
 * honest; and in a whole federation in which they lie from the first epoch on. */

struct cast {
    unsigned sites, liars;
};
static const struct cast casts[] = {{4, 1}, {7, 2}};
enum { CASTS = sizeof casts / sizeof casts[0], USUAL = 10, HEAVY = 1000, HELD_OUT = 24, HELD_OUT_SLICE = 4 };

static const char *const families[JUDGE_FAMILIES] = {"random", "planted", "queen", "geometric"};

/* How rows are reduced, whether the liars have a hundred times the stake of the others, and whether the guard is there,
 * which lets no winner pass that most sites find worse than the incumbent. */
struct column {
    const char *name;
    enum rank_rule rule;
    bool heavy, unguarded;
};
static const struct column columns[] = {
    {"trimmed_rank", RANK_TRIMMED, false, false}, {"heavy liars", RANK_TRIMMED, true, false},
    {"no guard", RANK_TRIMMED, false, true},      {"median_rank", RANK_MEDIAN, false, false},
    {"borda", RANK_BORDA, false, false},          {"borda, no guard", RANK_BORDA, false, true},
    {"mean_cost", RANK_MEAN_COST, false, false},  {"mean_cost, no guard", RANK_MEAN_COST, false, true},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

/* Those about rows come first in enum lie. */
enum { ROW_LIES = LIE_COLLUDING_SCORES + 1 };

/* Whole federations are many, so they do less. */
static const struct trial_plan full_plan = {
    .epochs = 3,
    .instances = 4,
    .evaluations = 12,
    .limit = 4000,
    .migrants = 4,
    .archive = 6,
    .more = "",
};
static const struct trial_plan whole_plan = {
    .epochs = 3,
    .instances = 3,
    .evaluations = 6,
    .limit = 1000,
    .migrants = 2,
    .archive = 4,
    .more = "",
};
static const struct trial_plan slice_plan = {
    .epochs = 2,
    .instances = 1,
    .evaluations = 4,
    .limit = 300,
    .migrants = 2,
    .archive = 2,
    .more = "",
};

/* log(cost), by column or lie and seed. */
struct outcome {
    double decided[ROW_LIES][COLUMNS][SAMPLE_MAX];
    double whole[LIE_COUNT][SAMPLE_MAX];
};

/* The genomes of a seed come again and again. */
struct verdicts {
    unsigned count;
    struct verdict {
        struct digest hash;
        double families[JUDGE_FAMILIES];
    } items[ROW_LIES * COLUMNS + LIE_COUNT];
};

struct round {
    const struct cast *cast;
    const struct judge *judge;
    struct verdicts *verdicts;
    const struct trial_plan *plan, *whole_plan;
    uint64_t seed;
    unsigned at;
    struct outcome *out;
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
    struct digest hash = genome_hash(workload_schema(), genome);

    for (unsigned i = 0; i < v->count; i++)
        if (digest_equal(&v->items[i].hash, &hash))
            return &v->items[i];
    ASSERT(v->count++ < sizeof v->items / sizeof v->items[0]);
    new->hash = hash;
    for (unsigned f = 0; f < JUDGE_FAMILIES; f++)
        new->families[f] = judge_family(r->judge, genome, f);
    return new;
}

/* On the families of the honest sites. */
static double honest_cost(const struct round *r, const struct genome *genome)
{
    const struct verdict *v = judged(r, genome);
    double sum = 0;

    for (unsigned i = 0; i < r->cast->sites; i++)
        sum += lies(r, i) ? 0 : v->families[i % JUDGE_FAMILIES];
    return sum / (r->cast->sites - r->cast->liars);
}

static enum err run_federation(const struct round *r, const struct trial_plan *plan, enum lie lie,
                               struct federation_state *undecided, struct trial_result *out, struct diag *diag)
{
    struct trial t = {.plan = plan, .seed = r->seed, .sites = r->cast->sites, .lie_epoch = 1};

    t.undecided = undecided;
    for (unsigned i = 0; i < t.sites; i++) {
        t.numbers[i] = i;
        t.families[i] = families[i % JUDGE_FAMILIES];
        t.lies[i] = lies(r, i) ? lie : LIE_NONE;
    }
    return trial_run(&t, out, diag);
}

/* The decision that the state would come to with these lies in the liars' rows. */
static double decide(const struct round *r, const struct federation_state *undecided, enum lie lie,
                     const struct column *column)
{
    bool is_friend[MEMBERS_MAX] = {false};
    struct federation_state s;

    state_copy(&s, undecided);
    s.policy.rule = column->rule;
    for (unsigned i = 0; i < r->cast->sites; i++) {
        is_friend[i] = lies(r, i);
        s.members[i].card.stake = is_friend[i] && column->heavy ? HEAVY : USUAL;
    }
    for (unsigned i = 0; i < r->cast->sites; i++) {
        struct liar liar = {lie, undecided, i, is_friend, NULL};

        if (is_friend[i])
            liar_costs(&liar, s.contributions[i].costs, s.candidate_count);
    }
    struct rank_result rank;
    (void)decision_rank(&s, &rank);
    unsigned winner = column->unguarded ? rank.winner : decision_make(&s).winner;
    double cost = honest_cost(r, &s.candidates[winner].genome);
    state_free(&s);
    return cost;
}

static enum err run_seed(const struct round *r, struct diag *diag)
{
    struct federation_state undecided;
    struct trial_result result;
    enum err err = run_federation(r, r->plan, LIE_NONE, &undecided, &result, diag);

    if (err != ERR_OK)
        return err;
    for (unsigned lie = LIE_NONE; lie < ROW_LIES; lie++)
        for (unsigned c = 0; c < COLUMNS; c++)
            r->out->decided[lie][c][r->at] = decide(r, &undecided, (enum lie)lie, &columns[c]);
    state_free(&undecided);
    for (unsigned lie = LIE_NONE; lie < LIE_COUNT && err == ERR_OK; lie++) {
        err = run_federation(r, r->whole_plan, (enum lie)lie, NULL, &result, diag);
        if (err == ERR_OK)
            r->out->whole[lie][r->at] = honest_cost(r, &result.genome);
    }
    return err;
}

static double ratio(const double *cost, const double *honest, unsigned seeds)
{
    return dmath_exp(sample_mean(cost, seeds) - sample_mean(honest, seeds));
}

static void print_decisions(const struct outcome *o, unsigned seeds)
{
    printf("\n| one decision |");
    for (unsigned c = 0; c < COLUMNS; c++)
        printf(" %s |", columns[c].name);
    printf("\n|---|");
    for (unsigned c = 0; c < COLUMNS; c++)
        printf("---|");
    printf("\n| nobody lies, / `trimmed_rank` |");
    for (unsigned c = 0; c < COLUMNS; c++)
        printf(" %.3f |", ratio(o->decided[LIE_NONE][c], o->decided[LIE_NONE][0], seeds));
    for (unsigned lie = LIE_NONE + 1; lie < ROW_LIES; lie++) {
        printf("\n| `%s` |", lie_name((enum lie)lie));
        for (unsigned c = 0; c < COLUMNS; c++)
            printf(" %.3f |", ratio(o->decided[lie][c], o->decided[LIE_NONE][c], seeds));
    }
    printf("\n");
}

static void print_federations(const struct outcome *o, unsigned seeds)
{
    printf("\n| a whole federation, `trimmed_rank` | ratio | lower quartile | upper quartile | p "
           "|\n|---|---|---|---|---|\n");
    for (unsigned lie = LIE_NONE + 1; lie < LIE_COUNT; lie++) {
        double logs[SAMPLE_MAX];

        for (unsigned i = 0; i < seeds; i++)
            logs[i] = o->whole[lie][i] - o->whole[LIE_NONE][i];
        struct quartiles q = sample_quartiles(logs, seeds);
        printf("| `%s` | %.3f | %.3f | %.3f | %.3f |\n", lie_name((enum lie)lie), dmath_exp(sample_mean(logs, seeds)),
               dmath_exp(q.low), dmath_exp(q.high), signed_rank_p(logs, seeds));
    }
}

static enum err run_cast(const struct cast *cast, const struct experiment_options *options, struct diag *diag)
{
    const struct trial_plan *plan = options->slice ? &slice_plan : &full_plan;
    struct outcome *out = mem_alloc(sizeof *out);
    enum err err = ERR_OK;

    for (unsigned at = 0; at < options->seeds && err == ERR_OK; at++) {
        struct judge judge;
        struct verdicts verdicts = {0};
        struct round round = {.cast = cast, .judge = &judge, .verdicts = &verdicts, .plan = plan, .out = out};

        round.whole_plan = options->slice ? plan : &whole_plan;
        round.at = at;
        round.seed = at + 1;
        experiment_progress("liars", at, options->seeds);
        err = judge_init(&judge, families, options->slice ? HELD_OUT_SLICE : HELD_OUT, plan->limit, round.seed, diag);
        if (err != ERR_OK)
            break;
        err = run_seed(&round, diag);
        judge_fini(&judge);
    }
    experiment_progress(NULL, 0, 0);
    if (err == ERR_OK) {
        printf("\n%u sites, %u liar%s\n", cast->sites, cast->liars, cast->liars == 1 ? "" : "s");
        print_decisions(out, options->seeds);
        print_federations(out, options->seeds);
    }
    mem_free(out);
    return err;
}

static void print_plan(const char *what, const struct trial_plan *p)
{
    printf("%s: %u private instances a site; %u epochs of %u evaluations; runs of at most %u iterations\n", what,
           p->instances, (unsigned)p->epochs, p->evaluations, (unsigned)p->limit);
}

static enum err run(const struct experiment_options *options, struct diag *diag)
{
    const struct trial_plan *plan = options->slice ? &slice_plan : &full_plan;
    enum err err = ERR_OK;

    printf("%u seed%s; %d held-out instances of each family\n", options->seeds, options->seeds == 1 ? "" : "s",
           options->slice ? HELD_OUT_SLICE : HELD_OUT);
    print_plan("one decision", plan);
    print_plan("a whole federation", options->slice ? plan : &whole_plan);
    for (unsigned i = 0; i < CASTS && err == ERR_OK; i++)
        err = run_cast(&casts[i], options, diag);
    return err;
}

const struct experiment experiment_liars = {"liars", "what do f liars among 3f + 1 sites change?", 20, run};
