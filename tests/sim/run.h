#ifndef PRISMFED_TESTS_SIM_RUN_H
#define PRISMFED_TESTS_SIM_RUN_H

#include "sim/results.h"

/* A small federation, one run of it, and all that the run leaves. */

/* JSON of a scenario: validators v0, v1, ... and participants e0, e1, ... with little work of their own, which is
 * disclosed, one region each. more: further members of the document, each with a comma before it. */
void federation_text(struct buf *out, unsigned validators, unsigned participants, unsigned quorum, const char *more);

/* What is told of an epoch that ended. */
struct run_epoch {
    bool next_voters; /* it closed the membership epoch */
    int *owners;      /* owned; of each shard when it had ended */
    json_t *file;     /* owned reference */
};

struct run {
    enum err err;
    struct diag diag;
    struct scenario scenario;
    struct rehearsal *rehearsal;
    struct results results;                    /* unless err; all epochs are told */
    unsigned epoch_count;                      /* that ended */
    struct run_epoch *epochs;                  /* owned */
    struct federated_simulation_report report; /* unless err; with its epochs */
    struct buf trace;
    struct buf artifacts; /* summary, genesis and ledger files, one behind the other */
    struct digest bytes;  /* of trace and artifacts */
};

/* Zeroed by the callee; run_free() in any case. */
void run_text(struct run *run, const char *text, uint64_t epochs, uint64_t seed, unsigned threads);
/* Runs run->scenario; how->trace is ours. */
void run_scenario(struct run *run, const struct rehearsal_options *how);
/* The federation above, in one step. */
void run_federation(struct run *run, unsigned validators, unsigned participants, unsigned quorum, const char *more,
                    uint64_t epochs, uint64_t seed);
void run_free(struct run *run);

/* How often does the trace say it? */
unsigned run_count(const struct run *run, const char *text);
/* How many entries of this kind took effect? */
unsigned run_entries(const struct run *run, const char *kind);
/* Was every epoch anchored, do all roots agree? */
bool run_anchored(const struct run *run);

#endif
