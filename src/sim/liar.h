#ifndef PRISMFED_SIM_LIAR_H
#define PRISMFED_SIM_LIAR_H

#include "evolve/local_cycle.h"
#include "sim/scenario.h"

/* Named dishonest behaviours, wrapped around an honest machine: each does what an operator of a real node could do
 * with its key and its program's input and output. */

/* inverted_scores: the worst becomes the best, cost = max + min - cost. Others: unchanged. */
void liar_costs(enum lie lie, uint64_t *costs, unsigned count);
/* inflated_claims: claims costs of nearly nothing and a delta to match. Others: unchanged. */
void liar_claims(enum lie lie, struct cycle_result *result);
/* mute: nothing of PBFT leaves the node. */
bool liar_withholds(enum lie lie, struct bytes message);
/* double_sign: for a message that carries an UPDATE signed by key, a second one with the same sequence and other
 * content, as validly signed; the same each time. NULL for other messages. The caller drops the holding. */
struct blob *liar_double(enum lie lie, const struct secret_key *key, struct bytes message);

#endif
