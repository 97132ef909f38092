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
    bool *planned;                    /* owned, like the arrays below; one for each event of the scenario */
    uint64_t *serial;                 /* of the firing, to tell whether another of its kind came later */
    int *struck;                      /* node that a crash of the primary hit */
    uint64_t spike, burst, partition; /* serial of the one in force */
    bool *cutting;                    /* one for each event: its cut in one direction, or loss on a link, is in force */
    unsigned cuts;                    /* how many are */
    uint64_t *slow_disk, *pause;      /* one for each node: serial of the one in force */
    unsigned slow_disks;              /* how many are */
    uint64_t *slow;                   /* one for each node: serial of the slow-down in force */
    uint64_t *lying;                  /* one for each node: serial of the lie in force */
    uint64_t next_serial;
    struct fault_record *records;
    size_t count, cap;
};

/* Does an event of this kind happen to one node? */
bool faults_concern_node(enum scenario_event_kind kind);
void faults_init(struct rehearsal *r);
void faults_fini(struct faults *f);
/* The first node has entered an epoch: puts its events on the agenda. */
void faults_epoch(struct rehearsal *r, uint64_t epoch);
void faults_fire(struct rehearsal *r, unsigned fault);
void faults_end(struct rehearsal *r, unsigned fault);

#endif
