#ifndef PRISMFED_DRIVER_JOURNALLED_H
#define PRISMFED_DRIVER_JOURNALLED_H

#include <stdatomic.h>

#include "driver/journal.h"
#include "evolve/interposed.h"

/* Stands between a job and its evaluators: the evaluations that the journal has are answered from it, the others are
 * asked for and written down, by any thread. The number of an evaluation in its job tells which it is. */

/* The fields are the journalled evaluator's own. */
struct journalled {
    struct interposed between; /* first */
    struct journal *journal;   /* borrowed */
    struct journal_script script;
    atomic_bool differs;
};

/* A job is submitted. NULL without a journal. */
struct journalled *journalled_new(struct journal *journal, uint64_t job);
void journalled_free(struct journalled *m);
/* What to evaluate on in place of the original, which must live as long as m. m may be NULL. */
const struct instance *journalled_instance(struct journalled *m, const struct instance *original);
/* What it stands for; m may be NULL. */
const struct instance *journalled_original(const struct journalled *m, const struct instance *instance);
/* Nobody will take the job: it need not be done. */
bool journalled_is_dropped(const struct journalled *m);
/* The job is done and taken. */
void journalled_taken(struct journalled *m);

#endif
