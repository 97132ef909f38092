#include <stdio.h>

#include "base/dmath.h"
#include "experiment/liars.h"
#include "sim/liar.h"

/* As wide as a policy can open the guard: a winner may cost most sites twice as much as the incumbent. */
#define GUARD_OPEN ", \"margin_ppm\": 1000000"
/* Only where claims are drawn there is something to slander. */
#define SPOT_CHECKS ", \"spot_checks\": 16"
/* As many newcomers in an epoch as a policy can allow. */
#define JOINS_OPEN ", \"joins_per_epoch\": 8"

/* Federations of a seed. All are compared with those in which nobody lies and the default rule decides. There are
 * DRAWS of them, which differ by what the sites draw when they search, and in nothing else; the others draw as the
 * first one does. */
struct way {
    const char *beside; /* what is said beside the lie */
    enum rank_rule rule;
    const char *more; /* of the policy */
    enum lie lie;
    unsigned guests; /* sites that the liars sponsor in turn, and the others sign off, and that lie like them */
};
enum { GUESTS = 8 };
enum { HONEST, DRAWS = 3, ABSENT = DRAWS, LIES, MORE = LIES + LIE_HOSTILE - 1 }; /* hostile ones sway no score */

/* Those who let in others, and the plain mean. */
static const struct way others[] = {
    {" and lets in who does", RANK_TRIMMED, "", LIE_COLLUDING_SCORES, GUESTS},
    {" and lets in who does, 8 an epoch", RANK_TRIMMED, JOINS_OPEN, LIE_COLLUDING_SCORES, GUESTS},
    {" and lets in who does, 8 an epoch", RANK_TRIMMED, JOINS_OPEN, LIE_INVERTED_SCORES, GUESTS},
    {", `mean_cost`", RANK_MEAN_COST, "", LIE_NONE, 0},
    {", `mean_cost`", RANK_MEAN_COST, "", LIE_INVERTED_SCORES, 0},
    {", `mean_cost`", RANK_MEAN_COST, "", LIE_IPM_SCORES, 0},
    {", `mean_cost`, guard open", RANK_MEAN_COST, GUARD_OPEN, LIE_INVERTED_SCORES, 0},
    {", `mean_cost`, guard open", RANK_MEAN_COST, GUARD_OPEN, LIE_IPM_SCORES, 0},
};
enum { WAYS = MORE + sizeof others / sizeof others[0] };

static struct way way_of(unsigned w, enum rank_rule rule)
{
    if (w >= MORE)
        return others[w - MORE];
    enum lie lie = w < LIES ? LIE_NONE : (enum lie)(w - LIES + LIE_NONE + 1);
    return (struct way){"", rule, lie == LIE_FALSE_RECOUNTS ? SPOT_CHECKS : "", lie, 0};
}

/* log(cost) over the one half of the held-out instances, the other, and all. */
struct federations {
    double costs[WAYS][3][SAMPLE_MAX];
};

struct federations *federations_new(void)
{
    return mem_alloc(sizeof(struct federations));
}

void federations_free(struct federations *f)
{
    mem_free(f);
}

/* They have the work of their sponsor's kind. */
static void add_guests(struct trial *t, const struct way *way)
{
    unsigned liars[TRIAL_SITES_MAX], count = 0, founders = t->sites;

    for (unsigned i = 0; i < founders; i++) {
        if (t->lies[i] != LIE_NONE)
            liars[count++] = i;
    }
    for (unsigned i = 0; i < way->guests; i++) {
        unsigned sponsor = liars[i % count];

        t->numbers[t->sites] = TRIAL_SITES_MAX + i;
        t->families[t->sites] = t->families[sponsor];
        t->sponsors[t->sites] = (int)sponsor + 1;
        t->lies[t->sites++] = way->lie;
    }
}

static enum err run_way(const struct round *r, unsigned w, struct federation_state *undecided, struct trial_result *out,
                        struct diag *diag)
{
    struct way way = way_of(w, r->plan->rule);
    struct trial_plan plan = *r->plan;
    struct trial t = {.plan = &plan, .seed = r->seed, .search = w < DRAWS ? w : 0, .lie_epoch = 1};

    plan.rule = way.rule;
    plan.more = way.more;
    t.cache = r->cache;
    t.undecided = undecided;
    for (unsigned i = 0; i < r->cast->sites; i++) {
        bool lies = liars_lies(r->cast, (unsigned)r->seed, i);

        if (lies && w == ABSENT)
            continue;
        t.numbers[t.sites] = i;
        t.families[t.sites] = liars_family(i);
        t.lies[t.sites++] = lies ? way.lie : LIE_NONE;
    }
    add_guests(&t, &way);
    return trial_run(&t, out, diag);
}

enum err federations_run(struct federations *f, const struct round *r, struct federation_state *undecided,
                         struct diag *diag)
{
    for (unsigned w = 0; w < WAYS; w++) {
        struct trial_result result;
        enum err err = run_way(r, w, w == HONEST ? undecided : NULL, &result, diag);

        if (err != ERR_OK && w > HONEST)
            state_free(undecided);
        if (err != ERR_OK)
            return err;
        for (unsigned half = 0; half < 3; half++)
            f->costs[w][half][r->at] = liars_cost(r, (unsigned)r->seed, &result.genome, half);
    }
    return ERR_OK;
}

/* log(cost) of federations of a seed in which nobody lies: the mean over the draws from `from` on. */
static double honest(const struct federations *f, unsigned from, unsigned at)
{
    double sum = 0;

    for (unsigned draw = from; draw < DRAWS; draw++)
        sum += f->costs[draw][2][at];
    return sum / (DRAWS - from);
}

static void print_way(const struct federations *f, unsigned w, enum rank_rule rule, unsigned seeds)
{
    struct way way = way_of(w, rule);
    double logs[SAMPLE_MAX] = {0}, absent[SAMPLE_MAX] = {0};

    for (unsigned i = 0; i < seeds; i++) {
        logs[i] = f->costs[w][2][i] - honest(f, w == HONEST ? 1 : 0, i);
        absent[i] = f->costs[w][2][i] - f->costs[ABSENT][2][i];
    }
    struct quartiles q = sample_quartiles(logs, seeds);
    struct interval sure = sample_interval(logs, seeds);
    if (w == HONEST)
        printf("| nobody: the first draws / the others |");
    else if (w == ABSENT)
        printf("| nobody: the liars are not there |");
    else if (way.lie == LIE_NONE)
        printf("| nobody%s |", way.beside);
    else
        printf("| `%s`%s |", lie_name(way.lie), way.beside);
    printf(" %.3f | %.3f to %.3f | %.3f | %.3f | %.3f | %.3f |\n", dmath_exp(sample_mean(logs, seeds)),
           dmath_exp(sure.low), dmath_exp(sure.high), dmath_exp(q.low), dmath_exp(q.high), signed_rank_p(logs, seeds),
           dmath_exp(sample_mean(absent, seeds)));
}

/* How far two verdicts are apart that have nothing in common tells how far their mean is from the truth. */
static void print_judge(const struct federations *f, unsigned seeds)
{
    double squares[SAMPLE_MAX] = {0};

    for (unsigned i = 0; i < seeds; i++) {
        double apart = f->costs[HONEST][0][i] - f->costs[HONEST][1][i];

        squares[i] = apart * apart / 4;
    }
    double deviation = dmath_sqrt(sample_mean(squares, seeds));
    printf(
        "\nThe judge: one genome's cost is known to %.1f %% (standard deviation, from the two halves of the held-out "
        "instances), the ratio of two over all seeds to %.1f %%.\n",
        100 * deviation, 100 * deviation * dmath_sqrt(2) / dmath_sqrt(seeds));
}

void federations_print(const struct federations *f, enum rank_rule rule, unsigned seeds)
{
    print_judge(f, seeds);
    printf(
        "\n| who lies in a whole federation | / nobody | 95 %% interval | lower quartile | upper quartile | p | / the "
        "liars are not there |\n|---|---|---|---|---|---|---|\n");
    for (unsigned w = 0; w < WAYS; w++)
        if (w == HONEST || w >= DRAWS)
            print_way(f, w, rule, seeds);
}
