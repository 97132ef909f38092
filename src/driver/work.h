#ifndef PRISMFED_DRIVER_WORK_H
#define PRISMFED_DRIVER_WORK_H

#include "base/pool.h"
#include "driver/journalled.h"
#include "driver/replicates.h"
#include "driver/runs.h"
#include "fed/fed.h"
#include "fed/job.h"
#include "program/program.h"

/* A job of a site's, for the threads of a pool, and what comes of it. A job is a pure function of its arguments and its
 * result is looked at at a virtual time that depends on the result alone, so the number of threads never shows. Threads
 * that have no job of their own take part in those of others, run by run (evolve/batch.h). */
struct work {
    struct pool_task task;         /* first */
    struct job *job;               /* one holding */
    bool hidden;                   /* JOB_RECOUNT: the site has disclosed nothing, there is nothing to run */
    uint64_t *costs;               /* of the job's candidates; owned */
    struct cycle_result result;    /* of a JOB_CYCLE */
    uint64_t iterations;           /* the work done, either way */
    struct journalled *journalled; /* owned; NULL: no journal */
    struct averaged *averaged;     /* owned; NULL: what it costs is what one run says */
    struct run_watch *watch;       /* owned; NULL: nobody wants to hear */
    int64_t held_back_ns;          /* by a liar who waits for others */
};

struct work *work_new(struct job *job); /* takes over the caller's holding */
void work_free(struct work *w);         /* NULL is fine; not one that a pool still has */

/* A cycle begins with what the site's user has to start from, until work of the site has counted that was
 * done on `own`, which is its work since that epoch. Does nothing for a job that is no cycle of a user's program. */
void work_initial(struct job *job, const struct workload *own, uint64_t since);
/* What the machine hears of work that is done; borrows from w. */
struct fed_event work_event(const struct work *w);

#endif
