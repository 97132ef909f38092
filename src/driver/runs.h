#ifndef PRISMFED_DRIVER_RUNS_H
#define PRISMFED_DRIVER_RUNS_H

#include "driver/journalled.h"
#include "program/program.h"

/* What is heard of the runs of the sites' work: how many have ended and how good the best genome is, at once; and their
 * log, one line of JSON for each run (docs/programs.md). The log has the jobs in the order in which they are taken, and
 * the runs of a job in the order in which it asks: an order that depends on no number of threads. */

/* So far, of all sites. */
struct runs_so_far {
    uint64_t ended;
    bool found;       /* a genome that ran on all instances of a job; the rest is of the best one */
    double best;      /* what a genome costs a site at least, as docs/programs.md says, in what its program counts */
    const char *site; /* its name, borrowed from whoever made the watch */
    const char *unit; /* of its costs; empty: its program does not say */
};

struct runs_options {
    const char *path;          /* of the log; NULL: none */
    int64_t (*clock_ns)(void); /* the log says how long runs took; NULL: it does not */
    /* Called when a run has ended, by any thread, never twice at once; or NULL. */
    void (*heard)(void *context, const struct runs_so_far *so_far);
    void *context;
};

struct runs;
struct run_watch;

/* options is copied, the path borrowed. ERR_IO: the log cannot be begun. */
enum err runs_open(const struct runs_options *options, struct runs **out, struct diag *diag) MUST_CHECK;
/* ERR_IO: the log is not whole. NULL is fine. */
enum err runs_close(struct runs *runs, struct diag *diag) MUST_CHECK;

/* A job begins: of that site (a name that is borrowed), "cycle", "score", ...; epoch: what the log says, 0: none.
 * journalled (may be NULL) is what stands before the job's evaluators. NULL when nobody wants to hear. */
struct run_watch *runs_begin(struct runs *runs, const char *site, const char *job, uint64_t epoch,
                             const struct journalled *journalled);
/* What to evaluate on in place of the original, which journalled_instance() gave and which must live as long as w: what
 * the original answers is what is heard. w may be NULL. */
const struct instance *run_watch_instance(struct run_watch *w, const struct instance *original);
/* What else the job tells (cycle_job.watch). NULL is fine. */
struct cycle_watch *run_watch_of(struct run_watch *w);
/* The job is done and taken: its runs stand in the log. Once. NULL is fine. */
void runs_taken(struct run_watch *w);
void run_watch_free(struct run_watch *w); /* NULL is fine */

#endif
