#ifndef PRISMFED_STORM_NODES_CHECK_LOG_H
#define PRISMFED_STORM_NODES_CHECK_LOG_H

#include "state/state.h"

/* The rules of the log, looked at once more by somebody who keeps other books than the state machine: who may still
 * speak, under which numbers, who agreed to a change of the members, who was found with a false claim and by whom. What
 * is shared with src/state are formats alone. */

struct node_run;

enum { LOG_BODIES_MAX = 64, LOG_CLAIMS_MAX = 512, LOG_NODES_MAX = 64, DRIFT_SLACK = 2 };

/* Validators that said the same thing; a bit for each node. */
struct log_said {
    struct digest what;
    uint64_t by;
};

struct log_watch {
    uint64_t sequence[LOG_NODES_MAX][2]; /* highest that took effect, by node and key */
    uint64_t spoke[LOG_NODES_MAX];       /* epoch in which something of it last took effect, or it came */
    bool out[LOG_NODES_MAX];             /* convicted, or left, when an epoch had ended */
    bool left[LOG_NODES_MAX];            /* has signed a LEAVE that took effect */
    unsigned body_count;
    struct log_body {
        struct log_said said;
        struct change change;
        uint64_t until;
    } bodies[LOG_BODIES_MAX]; /* that were signed off; the oldest is replaced */
    unsigned claim_count;
    struct log_said claims[LOG_CLAIMS_MAX]; /* recounts that agree: what is SHA-256 of the body */
    unsigned claim_of[LOG_CLAIMS_MAX];      /* whose claim it is: a node */
    unsigned leaf_count;
    struct log_leaf {
        struct digest hash;
        unsigned node;
    } * leaves;                     /* owned; of UPDATEs and rows */
    struct federation_state before; /* owned; as the epoch began */
};

void log_watch_begin(struct node_run *run); /* at genesis */
void log_watch_free(struct log_watch *w);
/* An entry of the epoch told last, by this node, that took effect. */
void log_watch_entry(struct node_run *run, struct bytes entry, const struct envelope *e, const struct cose_sign1 *cose,
                     unsigned node);
/* The epoch told last is over. */
void log_watch_epoch(struct node_run *run);

#endif
