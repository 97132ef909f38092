#ifndef PRISMFED_EXPERIMENT_JUDGE_H
#define PRISMFED_EXPERIMENT_JUDGE_H

#include "evolve/workload.h"

/* What a genome is worth on instances that nobody has tuned on. */

enum { JUDGE_FAMILIES = 4, JUDGE_BLOCKS = 4, JUDGE_INSTANCES_MAX = JUDGE_BLOCKS * WORKLOAD_INSTANCES_MAX };

struct judge {
    unsigned instances; /* of each family, at most JUDGE_INSTANCES_MAX */
    uint64_t limit;
    struct workload held_out[JUDGE_FAMILIES][JUDGE_BLOCKS]; /* all but the last full */
    double usual[JUDGE_FAMILIES][JUDGE_INSTANCES_MAX];      /* log of what the default genome costs */
};

/* Instances of the same families and the same seed as the sites', under labels that no site has. */
enum err judge_init(struct judge *j, const char *const families[JUDGE_FAMILIES], unsigned instances, uint64_t limit,
                    uint64_t seed, struct diag *diag) MUST_CHECK;
void judge_fini(struct judge *j);

/* The mean over a family's instances of log(cost / what the default genome costs): the log of the geometric mean. */
double judge_family(const struct judge *j, const struct genome *genome, unsigned family);
double judge_everywhere(const struct judge *j, const struct genome *genome); /* the mean over all families */
/* The same over every second instance only, from the first (half 0) or the second (half 1) on: two verdicts that have
 * nothing in common, and so show how sure one is. instances: at least 2. */
double judge_half(const struct judge *j, const struct genome *genome, unsigned family, unsigned half);

#endif
