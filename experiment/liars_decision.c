#include <stdio.h>

#include "base/dmath.h"
#include "experiment/liars.h"
#include "state/decision.h"
#include "sim/liar.h"

enum { USUAL = 10, HEAVY = 1000 };

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

/* log(cost), the mean over who lies. */
struct decisions {
    double costs[ROW_LIES][COLUMNS][SAMPLE_MAX];
};

struct decisions *decisions_new(void)
{
    return mem_alloc(sizeof(struct decisions));
}

void decisions_free(struct decisions *d)
{
    mem_free(d);
}

/* The decision that the state would come to with these lies in the liars' rows. */
static double decide(const struct round *r, const struct federation_state *undecided, unsigned turn, enum lie lie,
                     const struct column *column)
{
    bool is_friend[RANK_SITES_MAX] = {false};
    struct federation_state s;

    state_copy(&s, undecided);
    s.policy.rule = column->rule;
    for (unsigned i = 0; i < r->cast->sites; i++) {
        is_friend[i] = liars_lies(r->cast, turn, i);
        state_member_change(&s, i)->card.stake = is_friend[i] && column->heavy ? HEAVY : USUAL;
    }
    for (unsigned i = 0; i < r->cast->sites; i++) {
        struct liar liar = {lie, undecided, i, is_friend, NULL};

        struct contribution *c = contribution_make(&s, i);

        c->costs = shared_own(c->costs);
        if (is_friend[i])
            liar_costs(&liar, c->costs, s.candidate_count);
    }
    struct rank_result rank;
    unsigned winner = decision_make(&s, &rank).winner;
    if (column->unguarded)
        winner = rank.winner;
    double cost = liars_cost(r, turn, &s.candidates[winner].genome, 2);
    state_free(&s);
    return cost;
}

void decisions_note(struct decisions *d, const struct round *r, const struct federation_state *undecided)
{
    for (unsigned lie = LIE_NONE; lie < ROW_LIES; lie++)
        for (unsigned c = 0; c < COLUMNS; c++) {
            double sum = 0;

            for (unsigned turn = 0; turn < r->cast->sites; turn++)
                sum += decide(r, undecided, turn, (enum lie)lie, &columns[c]);
            d->costs[lie][c][r->at] = sum / r->cast->sites;
        }
}

static double ratio(const double *cost, const double *honest, unsigned seeds)
{
    return dmath_exp(sample_mean(cost, seeds) - sample_mean(honest, seeds));
}

void decisions_print(const struct decisions *d, unsigned seeds)
{
    printf("\n| one decision |");
    for (unsigned c = 0; c < COLUMNS; c++)
        printf(" %s |", columns[c].name);
    printf("\n|---|");
    for (unsigned c = 0; c < COLUMNS; c++)
        printf("---|");
    printf("\n| nobody lies, / `trimmed_rank` |");
    for (unsigned c = 0; c < COLUMNS; c++)
        printf(" %.3f |", ratio(d->costs[LIE_NONE][c], d->costs[LIE_NONE][0], seeds));
    for (unsigned lie = LIE_NONE + 1; lie < ROW_LIES; lie++) {
        printf("\n| `%s` |", lie_name((enum lie)lie));
        for (unsigned c = 0; c < COLUMNS; c++)
            printf(" %.3f |", ratio(d->costs[lie][c], d->costs[LIE_NONE][c], seeds));
    }
    printf("\n");
}
