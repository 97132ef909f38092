#ifndef PRISMFED_EXPERIMENT_WAYS_H
#define PRISMFED_EXPERIMENT_WAYS_H

#include "experiment/experiment.h"
#include "experiment/statistics.h"
#include "experiment/trial.h"

/* Ways to run one federation of sites among which the four families go round, compared with the first of them: what the
 * shared genome costs everywhere, over the seeds. */

enum { WAYS_MAX = 16 };

struct way {
    enum topology topology;
    unsigned migrants, archive;
    unsigned cohort; /* 0: all contribute */
    unsigned times;  /* as many epochs as the plan has */
};

struct ways {
    const char *name; /* of the experiment */
    unsigned sites, validators, regions;
    unsigned count; /* at most WAYS_MAX */
    const struct way *ways;
    struct trial_plan plan, slice_plan; /* but for what a way has of its own */
    unsigned held_out, held_out_slice;  /* instances of each family */
};

/* By way and seed. */
struct ways_outcome {
    struct trial_plan plan;             /* that was run, */
    unsigned held_out;                  /* and judged on so many */
    double costs[WAYS_MAX][SAMPLE_MAX]; /* log(cost), the default genome's = 0 */
    uint64_t evaluations[WAYS_MAX][SAMPLE_MAX], bytes[WAYS_MAX][SAMPLE_MAX];
};

/* Every way with every seed. *out is the caller's, by mem_free(); on errors it is NULL. */
enum err ways_run(const struct ways *ways, const struct experiment_options *options, struct ways_outcome **out,
                  struct diag *diag) MUST_CHECK;

/* A way's cost divided by that of the first one, where that lies for sure, and how likely it is by chance. */
struct ways_ratio {
    double ratio, p;
    struct interval sure;
};
struct ways_ratio ways_ratio(const struct ways_outcome *o, unsigned way, unsigned seeds);
uint64_t ways_sum(const uint64_t *values, unsigned seeds);

#endif
