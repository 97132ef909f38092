#ifndef PRISMFED_SIM_FAULTS_H
#define PRISMFED_SIM_FAULTS_H

#include "scenario/scenario.h"

/* The scenario's events: when they fire and what they do. Each is something that a real node can meet. */

struct rehearsal;

/* What fired, for the report. */
struct fault_record {
    unsigned fault;
    bool ends; /* its duration is over */
    bool idle; /* there was nothing to do: the node was down already, ... */
    int node;  /* -1: concerns no single node */
    int64_t now_ns;
    uint64_t epoch; /* that the first node was in */
};

struct faults {
    bool *planned; /* owned, like the arrays below; one for each event of the scenario */
    int *struck;   /* node that a crash of the primary hit */
    bool *cutting; /* one for each event: its cut in one direction, or loss on a link, is in force */
    unsigned
        *in_force; /* faults.c: for each kind, and each node or all together, the event that happened last, from 1 */
    struct fault_record *records;
    size_t count, cap;
};

/* Is somebody cut off from others in one direction, or does a disk take longer than it should? */
bool faults_cut(const struct rehearsal *r);
bool faults_slow_disks(const struct rehearsal *r);
/* Does an event of this kind happen to one node? */
bool faults_concern_node(enum scenario_event_kind kind);
void faults_init(struct rehearsal *r);
void faults_fini(struct faults *f);
/* The first node has entered an epoch: puts its events on the agenda. */
void faults_epoch(struct rehearsal *r, uint64_t epoch);
void faults_fire(struct rehearsal *r, unsigned fault);
void faults_end(struct rehearsal *r, unsigned fault);

#endif
