#ifndef PRISMFED_STORM_NODES_RUN_H
#define PRISMFED_STORM_NODES_RUN_H

#include "audit/audit.h"
#include "record/summary_file.h"
#include "sim/results.h"
#include "storm/nodes/check_log.h"
#include "storm/nodes/nodes.h"

/* One rehearsal of a scenario with all checkers, and what it leaves, in memory. */

/* Artifacts as texts. */
struct run_files {
    struct summary_file spooled;
    struct buf genesis, summary;
    unsigned epoch_count;
    struct run_epoch_file {
        uint64_t epoch;
        struct buf text;
    } * epochs; /* owned */
};

struct node_run {
    struct bytes text; /* of the scenario; borrowed */
    uint64_t epochs;
    struct trace trace;

    struct outcome *out; /* the caller's */
    struct scenario scenario;
    struct rehearsal *rehearsal;
    struct results results;
    struct run_files files;

    int64_t calm_ns;     /* when the last fault came or went */
    uint64_t calm_epoch; /* the first one that began later; UINT64_MAX: none */
    uint64_t ended;      /* epochs that have */
    struct log_watch log;
    bool *counted; /* owned; by node and epoch: its work for that epoch has counted */
};

/* Runs it; name: of the text, for errors. False: the reader refuses the text, which *diag says. An assertion that fails
 * is a finding. */
bool node_run(const char *name, struct bytes text, uint64_t epochs, FILE *trace, struct outcome *out,
              struct diag *diag);

/* ---- for the checkers */
void run_fail(struct node_run *run, const char *checker, const char *fmt, ...) PRINTF_LIKE(3, 4);
static inline void run_mark(struct node_run *run, enum node_mark mark, bool met)
{
    run->out->marks.hits[mark] += met;
}

/* files.c */
void run_files_begin(struct run_files *f);
void run_files_epoch(struct run_files *f, const struct results *t); /* the epoch told last */
void run_files_whole(struct run_files *f, const struct results *t); /* when all are told */
void run_files_free(struct run_files *f);
struct digest run_files_digest(const struct run_files *f);

/* check.c */
void check_epoch(struct node_run *run); /* the epoch told last */
void check_end(struct node_run *run);
void check_restarts(struct node_run *run); /* last of all: starts nodes anew */
/* check_audit.c */
void check_audit(struct node_run *run);

#endif
