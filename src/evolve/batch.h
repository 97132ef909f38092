#ifndef PRISMFED_EVOLVE_BATCH_H
#define PRISMFED_EVOLVE_BATCH_H

#include "base/pool.h"
#include "evolve/workload.h"

/* Runs that need nothing of each other, done beside each other: the runs of a SCORE row, of a generation of genomes, of
 * a genome that goes the whole way. What comes of a batch depends on no number of threads. */

struct batch_run {
    const struct genome *genome;
    const struct instance *instance;
    uint64_t epoch;
    struct evaluation answer; /* what comes out */
};

struct batch {
    const struct genome_schema *schema;
    uint64_t limit;    /* counted units of one run */
    struct pool *pool; /* whose threads take part; NULL: the caller's alone */
    uint64_t asked;    /* runs that the job has asked for so far: the number of the next one */
};

/* Evaluates all runs and counts them. */
void batch_evaluate(struct batch *b, struct batch_run *runs, uint64_t count);

#endif
