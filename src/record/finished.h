#ifndef PRISMFED_RECORD_FINISHED_H
#define PRISMFED_RECORD_FINISHED_H

#include "crypto/digest.h"
#include "record/artifacts.h"

/* A run that has left its artifacts already. */

struct finished_run {
    struct digest scenario, genesis; /* of the file's bytes; of the document */
    uint64_t seed, epochs;
};

/* Is what lies under the label the whole of this very run? The summary, which takes its name last, must be of it, and
 * the files that it speaks of must be there; what is in them is for the auditor. False also when something cannot be
 * read: then the run has to be run. */
bool finished_already(const struct artifacts *a, const struct finished_run *run);

#endif
