#ifndef PRISMFED_EXPERIMENT_EXPERIMENT_H
#define PRISMFED_EXPERIMENT_EXPERIMENT_H

#include <stdbool.h>

#include "base/bytes.h"

/* Questions about the whole product that take many rehearsals to answer. Each experiment prints tables; the same
 * arguments print the same bytes, whatever the number of threads. docs/experiments.md has the answers. */

enum { EXPERIMENT_THREADS_MAX = 64 };

struct experiment_options {
    unsigned seeds;   /* how many: 1, 2, ... */
    unsigned threads; /* that seeds are spread over, 1 to EXPERIMENT_THREADS_MAX */
    bool slice;       /* the same with much less work, to see that everything still runs */
};

struct experiment {
    const char *name, *summary;
    unsigned seeds; /* unless asked otherwise */
    enum err (*run)(const struct experiment_options *options, struct diag *diag);
};

extern const struct experiment experiment_cohorts, experiment_federate, experiment_liars, experiment_optimisers,
    experiment_picks, experiment_topologies;

/* Calls seed(context, at, diag) once for each of the seeds, at = 0, 1, ..., on so many threads; it may write
 * what belongs to `at` only. The error, with its diag, is that of the first seed that has one. what: for who waits at a
 * terminal. */
enum err experiment_each(const struct experiment_options *options, const char *what,
                         enum err (*seed)(void *context, unsigned at, struct diag *diag), void *context,
                         struct diag *diag) MUST_CHECK;

#endif
