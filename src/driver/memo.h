#ifndef PRISMFED_DRIVER_MEMO_H
#define PRISMFED_DRIVER_MEMO_H

#include "evolve/local_cycle.h"
#include "driver/journal.h"

/* Stands between a job and its evaluators: the evaluations that the journal has are answered from it, the others are
 * asked for and written down. A job asks one after the other, so the number of an evaluation tells which it is. */

enum { MEMO_INSTANCES_MAX = 2 * WORKLOAD_INSTANCES_MAX };

/* The fields are the memo's own. */
struct memo {
    struct evaluator evaluator; /* first: that of the instances below */
    struct journal *journal;    /* borrowed */
    struct journal_script script;
    size_t asked;
    bool differs;
    unsigned count;
    const struct instance *originals[MEMO_INSTANCES_MAX];
    struct instance instances[MEMO_INSTANCES_MAX]; /* copies; what they point to stays the originals' */
};

/* A job is submitted. NULL without a journal. */
struct memo *memo_new(struct journal *journal, uint64_t job);
void memo_free(struct memo *m);
/* What to evaluate on in place of the original, which must live as long as m. m may be NULL. */
const struct instance *memo_instance(struct memo *m, const struct instance *original);
/* Nobody will take the job: it need not be done. */
bool memo_is_dropped(const struct memo *m);
/* The job is done and taken. */
void memo_taken(struct memo *m);

#endif
