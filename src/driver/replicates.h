#ifndef PRISMFED_DRIVER_REPLICATES_H
#define PRISMFED_DRIVER_REPLICATES_H

#include "base/table.h"
#include "fed/job.h"

/* What the genomes that a site has scored cost it in earlier epochs. Each epoch runs a genome with another seed, so
 * that these are replicates; a SCORE row has the mean of all of them and the newest one, so that the luck of one run
 * does not decide. Of programs only: what is disclosed is the built-in solver's work, and others who run such a claim
 * again know one run alone. */

/* Zeroed: there are none. The fields are the module's own. */
struct replicates {
    bool begun;
    struct table table;
};
void replicates_free(struct replicates *r);

/* Stands between a SCORE row and its evaluators. */
struct averaged;
/* Of a JOB_SCORE with its instances, in place of which it puts its own; what the site knows now is what counts. NULL
 * for any other job, and where nothing is to be averaged. The job must live as long. */
struct averaged *averaged_new(const struct replicates *r, struct job *job);
void averaged_free(struct averaged *a); /* NULL is fine */
/* The row is done: its runs are replicates from now on. NULL is fine. */
void averaged_keep(const struct averaged *a, struct replicates *r);

#endif
