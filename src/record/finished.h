#ifndef PRISMFED_RECORD_FINISHED_H
#define PRISMFED_RECORD_FINISHED_H

#include "crypto/digest.h"
#include "record/artifacts.h"

/* A run that has left its artifacts already. */

struct finished_run {
    struct digest scenario, genesis; /* of the file's bytes; of the document */
    uint64_t seed, epochs;
};

/* Do the artifacts under the label come from exactly this run, and are they complete? The summary gets its name last;
 * it must describe this run, and every file that it names must exist. The auditor judges what the files contain. The
 * answer is also false when something cannot be read; then the run is made again. *anchored: how many of its epochs
 * were. */
bool finished_already(const struct artifacts *a, const struct finished_run *run, uint64_t *anchored);

#endif
