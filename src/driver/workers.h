#ifndef PRISMFED_DRIVER_WORKERS_H
#define PRISMFED_DRIVER_WORKERS_H

#include "driver/memo.h"
#include "fed/job.h"

/* Threads for the sites' work. A job is a pure function of its arguments and its result is looked at at a
 * virtual time that depends on the result alone, so the number of threads never shows. */

enum work_state { WORK_IDLE, WORK_QUEUED, WORK_RUNNING, WORK_DONE };

/* A job, and what comes of it. */
struct work {
    struct job *job;            /* one holding */
    bool hidden;                /* JOB_RECOUNT: the site has disclosed nothing, there is nothing to run */
    uint64_t *costs;            /* of the job's candidates; owned */
    struct cycle_result result; /* of a JOB_CYCLE */
    uint64_t iterations;        /* the work done, either way */
    struct memo *memo;          /* owned; NULL: no journal */
    int64_t held_back_ns;       /* by a liar who waits for others */
    enum work_state state;      /* the workers' own */
    struct work *next;
};

struct work *work_new(struct job *job); /* takes over the caller's holding */
void work_free(struct work *w);         /* NULL is fine; not one that the workers still have */

struct workers;

/* threads >= 1, the caller's own counted. Without one more to be had, the work is done by those there are. */
struct workers *workers_new(unsigned threads);
void workers_free(struct workers *workers);                   /* nothing may be queued or running */
void workers_submit(struct workers *workers, struct work *w); /* borrowed until waited for or cancelled */
void workers_wait(struct workers *workers, struct work *w);   /* until it is done; lends a hand */
void workers_cancel(struct workers *workers, struct work *w); /* it may be freed afterwards */

#endif
