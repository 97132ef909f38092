#ifndef PRISMFED_EXPERIMENT_LIARS_H
#define PRISMFED_EXPERIMENT_LIARS_H

#include "experiment/judge.h"
#include "experiment/statistics.h"
#include "experiment/trial.h"
#include "state/state.h"

/* The two halves of the experiment `liars`: decisions, and whole federations. */

struct cast {
    unsigned sites, liars;
};

/* The genomes of a seed come again and again. */
struct verdicts {
    const struct judge *judge;
    unsigned count, room;
    struct verdict {
        struct digest hash;
        double halves[2][JUDGE_FAMILIES];
    } * items; /* owned */
};

void verdicts_fini(struct verdicts *v);

struct round {
    const struct cast *cast;
    const struct trial_plan *plan;
    struct verdicts *verdicts;
    struct cache *cache;
    uint64_t seed;
    unsigned at; /* among the seeds */
};

/* The sites' families go round. */
const char *liars_family(unsigned site);
/* So many neighbours lie, from the site `turn` on. */
bool liars_lies(const struct cast *cast, unsigned turn, unsigned site);
/* log(cost) on the families of the sites that do not lie, over one half of the held-out instances or (half 2) all. */
double liars_cost(const struct round *r, unsigned turn, const struct genome *genome, unsigned half);

/* ---- decisions */

struct decisions;
struct decisions *decisions_new(void);
void decisions_free(struct decisions *d);
/* undecided: of a federation in which nobody lied. */
void decisions_note(struct decisions *d, const struct round *r, const struct federation_state *undecided);
void decisions_print(const struct decisions *d, unsigned seeds);

/* ---- whole federations */

struct federations;
struct federations *federations_new(void);
void federations_free(struct federations *f);
/* Runs them; *undecided gets the last decision of the one in which nobody lies, the caller's to free. */
enum err federations_run(struct federations *f, const struct round *r, struct federation_state *undecided,
                         struct diag *diag) MUST_CHECK;
void federations_print(const struct federations *f, enum rank_rule rule, unsigned seeds);

#endif
