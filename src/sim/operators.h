#ifndef PRISMFED_SIM_OPERATORS_H
#define PRISMFED_SIM_OPERATORS_H

#include "scenario/scenario.h"
#include "state/state.h"

/* The operators of the validators: what change of the members they have agreed on among themselves (outside of the
 * federation, by telephone), and whose node has been told of it. A node is told once, and keeps it (fed/wishes.h). Who
 * is told later is one that was down, had no vote yet, has lost its disk, or crashed before what it was told was
 * durable: a real node does not answer before (node/answer.c). When a body can come to nothing any more, because its
 * time is over or its sponsor is out, the operators agree on another one. */

struct rehearsal;

struct wanted {
    bool open;      /* it is not made yet */
    int sponsor;    /* of a newcomer: a node; -1: nobody can be it now */
    uint64_t until; /* the last epoch in which the validators may agree on the body */
    bool *told;     /* owned; one for each node: it has taken this body */
    uint64_t *kept; /* owned; one for each node: the write that makes that durable; 0: none that it waits for */
};

/* The fields are the operators' own. */
struct operators {
    unsigned count;
    struct wanted *changes; /* owned; one for each event of the scenario */
};

void operators_init(struct rehearsal *r);
void operators_fini(struct operators *o);
/* Of the validator that is up and has the most blocks; NULL: none is. */
const struct federation_state *operators_latest(const struct rehearsal *r);
/* The event's change is wanted from now on. */
void operators_want(struct rehearsal *r, unsigned fault);
/* Is the event's change wanted, and not made in this state? */
bool operators_wait(const struct rehearsal *r, unsigned fault, const struct federation_state *s);
/* Tells those of it who have not heard, if it is not made. */
void operators_tell(struct rehearsal *r, unsigned fault);
/* An epoch has begun, or there is a validator who may not have heard: all that is wanted is on the agenda now. */
void operators_look(struct rehearsal *r);
/* This node has lost its disk, and with it what it was told. */
void operators_lose(struct rehearsal *r, unsigned node);
/* This node crashes: what it was told behind this write is forgotten. */
void operators_crash(struct rehearsal *r, unsigned node, uint64_t durable);

#endif
