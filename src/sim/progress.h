#ifndef PRISMFED_SIM_PROGRESS_H
#define PRISMFED_SIM_PROGRESS_H

#include <pthread.h>

#include "driver/runs.h"
#include "prismfed/simulation.h"
#include "scenario/scenario.h"

/* How far a rehearsal is, for whoever wants to hear it while it runs: told by the thread that runs it, and by those
 * that do the sites' work. The fields are its own. */
struct progress {
    pthread_mutex_t lock;
    const struct federated_simulation_options *options;
    uint64_t start; /* the first epoch */
    struct federated_progress now;
    bool stop; /* whoever hears it wants no more */
};

/* options, whose progress is not NULL, is borrowed. */
void progress_init(struct progress *p, const struct federated_simulation_options *options,
                   const struct scenario *scenario);
void progress_fini(struct progress *p);
/* runs_options.heard; context is the progress. */
void progress_heard(void *context, const struct runs_so_far *so_far);
/* By the thread of the run: so many epochs are over. True: whoever hears it wants no more. */
bool progress_is_stopped(struct progress *p, uint64_t over, double virtual_seconds, uint64_t resumed);

#endif
