#ifndef PRISMFED_LEDGER_LEDGER_H
#define PRISMFED_LEDGER_LEDGER_H

#include "ledger/store.h"

/* A node's ledger as its driver keeps it: the blocks from 1 on, and the latest snapshots (EFFECT_SNAPSHOT). Once a
 * state was installed, the blocks above it stand alone, until those below it have come, too, and all is one again. */
struct ledger {
    struct ledger_store blocks; /* heights 1..height, without a gap */
    uint64_t height;
    uint64_t base;             /* height of the state that was installed last; 0: none */
    struct ledger_store above; /* heights base + 1..top, while height < base */
    uint64_t top;              /* of all blocks */
    struct ledger_snapshot {
        uint64_t height;
        struct blob *bytes;      /* one holding; NULL: none */
    } snapshots[SNAPSHOTS_KEPT]; /* latest first */
};

/* blocks, above: empty stores, which the ledger takes over. */
void ledger_init(struct ledger *l, struct ledger_store blocks, struct ledger_store above);
void ledger_fini(struct ledger *l);

/* The block above the last one, or the lowest one that is missing: ERR_STATE for any other. */
enum err ledger_append(struct ledger *l, uint64_t height, struct bytes block, struct diag *diag) MUST_CHECK;
/* Of the state at the last block, also above a gap that nobody wants to be filled. */
void ledger_keep(struct ledger *l, uint64_t height, struct blob *snapshot);
/* What the store gives back of the latest snapshot, which must be there, from now on: one bit is another. For tests. */
void ledger_damage(struct ledger *l, uint64_t bit);
/* Of a state above all blocks: those above an earlier gap go. fresh: an empty store, which the ledger takes over. */
void ledger_install(struct ledger *l, uint64_t height, struct blob *snapshot, struct ledger_store fresh);
/* For reading only; lives as long as l. */
struct ledger_store ledger_view(struct ledger *l);

#endif
