#ifndef PRISMFED_REPLICA_STATES_H
#define PRISMFED_REPLICA_STATES_H

#include "replica/replica.h"
#include "transfer/transfer.h"

/* States at checkpoints: at multiples of the interval, and where a membership epoch ends. Every replica stores its own,
 * so that a start need not execute the log from its beginning; who votes keeps the latest ones and offers them; who is
 * far behind takes one (transfer/transfer.h) in place of executing all blocks. */

/* The fields are the states' own. */
struct states {
    struct transfer *transfer;
    /* Of the latest snapshot of the store that could not be used; ERR_OK: each that was looked at could. */
    enum err damage;
    uint64_t damaged_height;
};

void states_init(struct replica *r);
void states_free(struct replica *r);
/* The decided state, which is the one after this block, is stored, and may be offered. */
void states_checkpoint(struct replica *r, const struct replica_block *block, struct blob *bytes);
/* The latest of the store's snapshots that is whole and certified becomes the decided state; where none is, that is the
 * founding one. Errors are of the blocks below it, as backfill_load's. */
enum err states_load(struct replica *r, const struct digest *genesis_id, struct diag *diag) MUST_CHECK;
/* Afterwards, and when the blocks above are executed: do they lead to where a snapshot was that could not be used?
 * Else something is lost, and the error is the snapshot's. */
enum err states_reached(const struct replica *r, struct diag *diag) MUST_CHECK;
void states_start(struct replica *r);

/* Asks everybody who votes, but for ourselves; false: there is nobody else. */
bool states_begin(struct replica *r);
bool states_running(const struct replica *r);
/* The chain may have jumped afterwards. */
enum err states_receive(struct replica *r, unsigned from, struct bytes message) MUST_CHECK;
void states_timer(struct replica *r);

#endif
