#ifndef PRISMFED_DRIVER_PICK_H
#define PRISMFED_DRIVER_PICK_H

#include "driver/runs.h"

/* What a site takes for itself: of some genomes the one that is best on its own private work. The federation's decision
 * is about the work of all sites, and each genome was scored once; so each is run some times more. */

enum { PICK_OWN_MAX = 32, PICK_CANDIDATES_MAX = CYCLE_ARCHIVE_MAX + 2 + PICK_OWN_MAX, PICK_RUNS_MAX = 1000 };

struct pick_task {
    const struct genome_schema *schema;
    const struct workload *work;
    uint64_t epoch; /* of the first run, the others count on: one that the federation has not ended, so that no run
                       draws the random numbers of one that a candidate was chosen by */
    uint64_t limit; /* counted units of one run on one instance */
    unsigned runs, threads;
    unsigned count;
    const struct genome *candidates; /* 1 to PICK_CANDIDATES_MAX */
    struct runs *heard;              /* by whoever listens; borrowed, or NULL */
    const char *site;                /* whose work it is, when somebody listens */
};

/* Returns the number of the best candidate, of equals the first one. logs (one for each candidate) get the natural
 * logarithm of its cost, the mean over the runs; a run's cost is that of cycle_score(), in thousandths. The number of
 * threads changes no result. */
unsigned pick_run(const struct pick_task *task, double *logs);

#endif
