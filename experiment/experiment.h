#ifndef PRISMFED_EXPERIMENT_EXPERIMENT_H
#define PRISMFED_EXPERIMENT_EXPERIMENT_H

#include <stdbool.h>

#include "base/bytes.h"

/* Questions about the whole product that take many rehearsals to answer. Each experiment prints tables; the same
 * arguments print the same bytes. docs/experiments.md has the answers. */

struct experiment_options {
    unsigned seeds; /* how many: 1, 2, ... */
    bool slice;     /* the same with much less work, to see that everything still runs */
};

struct experiment {
    const char *name, *summary;
    unsigned seeds; /* unless asked otherwise */
    enum err (*run)(const struct experiment_options *options, struct diag *diag);
};

extern const struct experiment experiment_federate, experiment_liars, experiment_optimisers;

/* Says on a terminal what is being done; silent elsewhere. NULL: done, take it away. */
void experiment_progress(const char *what, unsigned done, unsigned total);

#endif
