#ifndef PRISMFED_SIM_NODE_H
#define PRISMFED_SIM_NODE_H

#include "fed/fed.h"
#include "world/clock.h"
#include "world/disk.h"
#include "scenario/scenario.h"
#include "driver/outbox.h"
#include "driver/work.h"

/* One simulated node: the machine of fed/fed.h with a disk, timers, a processor and an operator. What the
 * machine asks for goes through an outbox (driver/outbox.h). */

struct rehearsal;

/* A validator that has left goes on for a while, and an operator starts it again when it crashes meanwhile: it may be
 * the only one to tell others that their membership epoch is over. */
enum sim_left {
    LEFT_NOT,
    LEFT_ANSWERS, /* still up, or to be started again */
    LEFT_RETIRED  /* for good */
};

struct sim_node {
    struct rehearsal *rehearsal;
    unsigned index; /* in the scenario */
    int member;     /* member index; -1: not one yet */
    const char *name;
    struct secret_key key;
    struct secret_key next_key; /* after a rotate_key event; zero: none */
    uint64_t draws;             /* seed of its local cycles */

    bool up;
    enum sim_left left;
    bool votes; /* as last seen */
    enum lie lie;
    bool lied;                 /* at any time */
    struct blob *checked;      /* what was sent last and looked at, or NULL */
    struct cycle_result *kept; /* what it found first since it began to be stale; owned, or NULL */
    struct hostile *hostile;   /* owned, or NULL: it never was */
    uint64_t life;             /* counts starts: what an earlier life began is not heard of */
    uint64_t restarts;
    bool recovering; /* its disk was lost: fed_config.recovering */
    struct fed *fed; /* while up */
    struct effects effects;
    struct outbox outbox;
    uint64_t told; /* the machine knows that this write is durable */
    struct disk disk;
    struct clock clock; /* true */

    double speed;
    int64_t disk_ppm;          /* a write takes this many millionths of the usual time */
    bool full_disk;            /* its next write fails */
    int64_t paused_until_ns;   /* world's time; what happens to it before that waits; 0: it is not paused */
    int64_t slow_ppm;          /* its work takes this many millionths of the usual time, */
    int64_t slow_until_ns;     /* until then */
    struct workload *workload; /* the present private one; the rehearsal owns all of them */
    uint64_t work_since;       /* the epoch in which it is new */
    struct replicates replicates;

    uint64_t epoch, height; /* as last seen; kept while it is down */
};

void sim_node_init(struct sim_node *n, struct rehearsal *r, unsigned index);
void sim_node_fini(struct sim_node *n);

/* The key that the node's own state names. */
const struct secret_key *sim_node_key(const struct sim_node *n);

/* Starts it, also after a crash, from what is durable. A member only. Errors of fed_new(), fed_restore() and
 * fed_restored(), which diag names: it is down then. */
enum err sim_node_start(struct sim_node *n, struct rehearsal *r, struct diag *diag) MUST_CHECK;
/* Stops it: nothing of it is left but the disk. */
void sim_node_stop(struct sim_node *n, struct rehearsal *r);
/* One step of the machine, which must be up, and what follows from it. The machine's error, which is in the trace. */
enum err sim_node_step(struct sim_node *n, struct rehearsal *r, struct fed_event *event);
/* Some writes are durable by now. */
void sim_node_flush(struct sim_node *n, struct rehearsal *r);
/* The shortest time that any work takes has passed. Finds out when this work will be done, and plans that. Takes w
 * over. */
void sim_node_work_due(struct sim_node *n, struct rehearsal *r, struct work *w);
void sim_node_work_done(struct sim_node *n, struct rehearsal *r, struct work *w); /* takes w over */

#endif
