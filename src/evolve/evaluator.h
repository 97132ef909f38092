#ifndef PRISMFED_EVOLVE_EVALUATOR_H
#define PRISMFED_EVOLVE_EVALUATOR_H

#include "genome/genome.h"

/* What tries a genome on an instance: the built-in solver (workload.h), or a program of the user's
 * (program/program.h). The local cycle knows this interface only. */

enum evaluation_status {
    EVALUATION_SUCCESS,
    EVALUATION_TIMEOUT, /* ran into a limit of time or of cost */
    EVALUATION_CRASHED, /* ended without an answer */
    EVALUATION_ABORT,   /* said that it cannot go on, or said what cannot be believed */
    EVALUATION_STATUS_COUNT
};

struct evaluation {
    enum evaluation_status status;
    uint64_t cost; /* counted units; what stands for the failure where there was no success */
    uint64_t work; /* counted units that virtual time is charged for, at most the task's limit */
};

struct instance;

struct evaluation_task {
    const struct genome_schema *schema;
    const struct genome *genome;
    const struct instance *instance;
    uint64_t epoch;
    uint64_t limit;  /* counted units of one run */
    uint64_t number; /* of the run in its job, from 0, in the order in which the job asks; no answer depends on it */
};

/* An object's first member. evaluate() may be called by several threads at once, and gives the same for the same
 * task whatever else is going on. */
struct evaluator {
    void (*evaluate)(struct evaluator *self, const struct evaluation_task *task, struct evaluation *out);
    /* Runs that evaluate() is about to be asked for, all of this evaluator, borrowed for the call: what it can do for
     * them together it does now, so that the answers are there. NULL: nothing. */
    void (*prepare)(struct evaluator *self, const struct evaluation_task *tasks, uint64_t count);
    /* What it answered when the run was another process; NULL: no use for it. */
    void (*learn)(struct evaluator *self, const struct evaluation_task *task, const struct evaluation *answer);
};

/* "SUCCESS", "TIMEOUT", "CRASHED", "ABORT". */
const char *evaluation_status_name(enum evaluation_status status);

/* Calls prepare() of each evaluator of the tasks with those of its own. */
void evaluation_prepare(const struct evaluation_task *tasks, uint64_t count);

/* Tells tasks apart: over all that an answer depends on. */
struct digest evaluation_digest(const struct evaluation_task *task);

/* H(epoch, genome hash, instance hash): a claim can be run again. */
uint64_t evaluation_seed(const struct evaluation_task *task, const struct digest *genome_hash);

#endif
