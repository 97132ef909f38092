#ifndef PRISMFED_REPLICA_STATES_H
#define PRISMFED_REPLICA_STATES_H

#include "replica/replica.h"
#include "transfer/transfer.h"

/* States at checkpoints: at multiples of the interval, and where a membership epoch ends. Who votes keeps the latest
 * ones and offers them; who is far behind takes one (transfer/transfer.h) in place of executing all blocks. */

void states_init(struct replica *r);
void states_free(struct replica *r);
/* The decided state, which is the one after this block, may be offered. */
void states_offer(struct replica *r, const struct replica_block *block, struct blob *bytes);
/* The store's snapshot, if there is one; it becomes the decided state. */
enum err states_load(struct replica *r, const struct digest *genesis_id, struct diag *diag) MUST_CHECK;

/* Asks everybody who votes, but for ourselves; false: there is nobody else. */
bool states_begin(struct replica *r);
bool states_running(const struct replica *r);
/* The chain may have jumped afterwards. */
enum err states_receive(struct replica *r, unsigned from, struct bytes message) MUST_CHECK;
void states_timer(struct replica *r);

#endif
