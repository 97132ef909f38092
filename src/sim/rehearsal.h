#ifndef PRISMFED_SIM_REHEARSAL_H
#define PRISMFED_SIM_REHEARSAL_H

#include "crypto/verify_cache.h"
#include "sim/checkers.h"
#include "sim/faults.h"
#include "sim/links.h"
#include "sim/governors.h"
#include "sim/operators.h"
#include "sim/node.h"
#include "sim/progress.h"
#include "sim/timeline.h"
#include "sim/trace.h"

/* One run of a scenario: nodes, network and faults in virtual time, driven by one agenda (world/agenda.h). The same
 * scenario and seed give the same run. */

/* What is on the agenda beside the messages, timers and writes of the world's parts. A node's writes and work end with
 * its `life`; `number` is that of a scenario's event. */
enum rehearsal_event {
    HAPPEN_WORK_DUE = EVENT_OWN, /* own: its struct work, whose least time has passed */
    HAPPEN_WORK_DONE,            /* own: the same */
    HAPPEN_FAULT,                /* number */
    HAPPEN_FAULT_END,            /* number */
    HAPPEN_TELL,                 /* number: operators tell who has not heard of the change that is wanted */
    HAPPEN_RETIRE                /* a validator that has left stops */
};

/* Why a run is over. */
enum rehearsal_end {
    REHEARSAL_RUNS,
    REHEARSAL_ENDED,   /* every node that is up has ended the last epoch */
    REHEARSAL_LIMIT,   /* the scenario's limit of virtual time is reached */
    REHEARSAL_IDLE,    /* nothing can happen any more */
    REHEARSAL_VIOLATED /* a checker found a violation */
};

struct rehearsal_options {
    uint64_t seed;
    uint64_t epochs;           /* at least 1 */
    unsigned threads;          /* at least 1 */
    struct trace *trace;       /* or NULL */
    struct spool_room *room;   /* of what grows with the run; borrowed; NULL: in memory */
    struct journal *journal;   /* open; borrowed, or NULL */
    bool shares_nothing;       /* each node checks each signature, executes and keeps each block itself; changes no
                                  result */
    struct runs *runs;         /* heard of by whoever listens; borrowed, or NULL */
    struct progress *progress; /* borrowed, or NULL */
    void (*note)(void *context, const char *name); /* what a machine notes of itself (base/effect.h); or NULL */
    void *note_context;
};

struct rehearsal {
    const struct scenario *scenario;
    struct rehearsal_options options;
    uint64_t last_epoch;
    struct buf genesis; /* the encoded document */
    struct agenda agenda;
    uint64_t steps; /* of all machines */
    struct network network;
    struct links links; /* of the network */
    struct pool *pool;
    struct verify_cache *verdicts; /* of signatures, for all nodes; NULL: shares_nothing */
    struct executed_cache *states; /* the same of what blocks lead to, */
    struct blob_cache *blobs;      /* of blocks that nodes are sent, */
    struct shelf *shelf;           /* and of those that are on their disks */
    struct trace silence, *trace;
    unsigned count;
    struct sim_node *nodes;    /* owned; order of the scenario */
    unsigned members;          /* known so far */
    uint64_t membership_epoch; /* the latest that any node is in, and its quorum */
    unsigned quorum;
    unsigned *node_of;           /* owned; node of each known member */
    struct programs *programs;   /* of the users'; NULL: all work is built in */
    struct instance *shards;     /* owned; of the shared work */
    struct workload **workloads; /* owned; all there were: running work may still look at an old one */
    size_t workload_count;
    struct faults faults;
    struct operators operators;
    struct governors governors;
    struct timeline timeline;
    struct checkers checkers;
    uint64_t evaluations, iterations;
    uint64_t jobs;      /* submitted */
    uint64_t top;       /* the highest block that any node has executed */
    bool ended_unknown; /* who has ended the last epoch must be looked at anew */
    enum rehearsal_end end;
};

/* scenario and what options points to are borrowed. Errors: a workload that cannot be built. */
enum err rehearsal_new(const struct scenario *scenario, const struct rehearsal_options *options, struct rehearsal **out,
                       struct diag *diag) MUST_CHECK;
void rehearsal_free(struct rehearsal *r);

/* Until every node that is up has ended the last epoch, the scenario's limit is reached or nothing can happen any more.
 * ERR_MISMATCH: a checker found a violation, which diag names; ERR_STATE: progress asked to stop; errors of
 * the room and of the journal. */
enum err rehearsal_run(struct rehearsal *r, struct diag *diag) MUST_CHECK;

/* ---- for the parts of the simulator */

/* Sends over the virtual network; members. */
void rehearsal_send(struct rehearsal *r, const struct sim_node *from, unsigned to_node, struct blob *blob);
/* After a step of n: epochs, views, newcomers and checkers. */
void rehearsal_observe(struct rehearsal *r, struct sim_node *n);
/* Gives node number `node` this private work. Errors of scenario_workload(). */
enum err rehearsal_workload(struct rehearsal *r, unsigned node, const struct workload_spec *spec,
                            struct diag *diag) MUST_CHECK;
/* Is the node, which is up, through the last epoch, and what it knows of it durable? */
bool rehearsal_has_ended(const struct rehearsal *r, const struct sim_node *n);
bool rehearsal_is_validator(const struct rehearsal *r, const struct sim_node *n);
/* How many validators hear each other, at most; heard (NULL: not asked for): of r->count nodes, whether it is one of
 * them. */
unsigned rehearsal_together(const struct rehearsal *r, bool *heard);
/* Can a quorum of validators hear each other? */
bool rehearsal_has_quorum(const struct rehearsal *r);
void rehearsal_faults_changed(struct rehearsal *r);

#endif
