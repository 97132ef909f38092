#ifndef PRISMFED_REPLICA_BACKFILL_H
#define PRISMFED_REPLICA_BACKFILL_H

#include "replica/replica.h"

/* Who has installed a state lacks the blocks below it. They decide nothing any more, but a ledger with a gap can be
 * neither served nor audited, so they are fetched, from the lowest one on: each must stand on the one before it and be
 * certified by the voters that the one before it, or the founding document, names; the highest must be the block of the
 * installed state. Nothing is executed: the state above is certified. */

/* The fields are the backfill's own. */
struct backfill {
    uint64_t next, target; /* the lowest that is missing, the highest; next > target: nothing is */
    struct digest parent;  /* id of the block below next */
    struct digest target_id;
    struct replica_voters voters; /* of next */
};

void backfill_init(struct replica *r);
bool backfill_wanted(const struct replica *r);
/* A state at `target` takes the place of the chain's, which still is the last without a gap, unless one is being
 * filled.
 */
void backfill_extend(struct replica *r, uint64_t target, const struct digest *target_id);
/* What the store lacks below its snapshot, which is the chain's height. Errors as chain_load's. */
enum err backfill_load(struct replica *r, const struct digest *genesis_id, struct diag *diag) MUST_CHECK;
/* A block at or below the chain's height: taken if it is the lowest that is missing. ERR_STALE: it is not wanted; any
 * other error: it is not what the voters certified there. */
enum err backfill_take(struct replica *r, struct blob *bytes, const struct replica_block *block) MUST_CHECK;

#endif
