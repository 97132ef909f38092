#ifndef PRISMFED_SIM_GOVERNORS_H
#define PRISMFED_SIM_GOVERNORS_H

#include "base/bytes.h"

/* The governors of a rehearsal: what they have put into words, and with which keys they sign it. */

struct rehearsal;
struct sim_node;

/* The fields are the governors' own. */
struct governors {
    unsigned count;
    struct buf *statements; /* owned; one for each proposal of the scenario, empty until somebody signs it */
};

void governors_init(struct rehearsal *r);
void governors_fini(struct governors *g);
/* The event's governors sign its proposal, and the node brings that in. False: the node is down or refuses it, or
 * nothing is held that a FEDERATED_APPLY could be about. */
bool governors_sign(struct rehearsal *r, unsigned fault, struct sim_node *n);

#endif
