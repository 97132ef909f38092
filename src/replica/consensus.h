#ifndef PRISMFED_REPLICA_CONSENSUS_H
#define PRISMFED_REPLICA_CONSENSUS_H

#include "replica/replica.h"

/* PBFT in and out: its callbacks, its effects in the words of peers, and its machines, one for each membership epoch in
 * which this replica votes. */

/* The fields are the consensus's own. */
struct consensus {
    struct pbft *pbft;         /* NULL: no vote */
    uint64_t membership_epoch; /* of pbft, or in which we have no vote */
    unsigned count;            /* who votes in it: */
    unsigned peers[PBFT_REPLICAS_MAX];
    bool recovering;        /* may have signed what it has forgotten */
    struct effects scratch; /* empty between calls */
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
/* ERR_STATE: no vote. */
enum err consensus_receive(struct replica *r, struct blob *message) MUST_CHECK;
enum err consensus_request(struct replica *r, struct blob *request) MUST_CHECK;
void consensus_timer(struct replica *r, uint32_t timer);
void consensus_expect(struct replica *r, bool expecting);
void consensus_poke(struct replica *r);
/* The disk is behind, or not any more (r->held). */
void consensus_hold(struct replica *r);
/* To everybody else who votes in the present membership epoch: one effect for each, in a row. */
void consensus_broadcast(struct replica *r, struct blob *message);
void consensus_recovered(struct replica *r);

#endif
