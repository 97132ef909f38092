#ifndef PRISMFED_REPLICA_CONSENSUS_H
#define PRISMFED_REPLICA_CONSENSUS_H

#include "replica/replica.h"

/* The machines of PBFT, one for each membership epoch in which this replica votes. */

/* The fields are the consensus's own. */
struct consensus {
    struct pbft *pbft;         /* NULL: no vote */
    uint64_t membership_epoch; /* of pbft, or in which we have no vote */
    unsigned count;            /* who votes in it: */
    unsigned peers[PBFT_REPLICAS_MAX];
    bool recovering; /* may have signed what it has forgotten */
};

void consensus_init(struct replica *r);
void consensus_free(struct replica *r);
/* The machine of the chain's membership epoch, not started, or none. */
void consensus_make(struct replica *r);
void consensus_start(struct replica *r);
/* Moves on to the chain's membership epoch, when a block or a state has led there. Not from inside of a call into PBFT.
 */
void consensus_follow(struct replica *r);
/* The chain is about to advance by itself: what was executed and is not decided is forgotten. */
void consensus_undo(struct replica *r);
/* It has. */
void consensus_advance(struct replica *r);
/* The disk is behind, or not any more (r->held). */
void consensus_hold(struct replica *r);
/* What the loss of its records asked for is done. */
void consensus_recovered(struct replica *r);

#endif
