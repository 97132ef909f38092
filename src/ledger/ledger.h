#ifndef PRISMFED_LEDGER_LEDGER_H
#define PRISMFED_LEDGER_LEDGER_H

#include "ledger/store.h"

/* A node's ledger as its driver keeps it: the blocks from 1 on; and, once a state was installed (EFFECT_INSTALL), its
 * snapshot and the blocks above it, until those below it have come, too, and all is one again. */
struct ledger {
    struct ledger_store blocks; /* heights 1..height, without a gap */
    uint64_t height;
    struct blob *snapshot; /* one holding; NULL: none. It stays when the gap is closed */
    uint64_t snapshot_height;
    struct ledger_store above; /* heights snapshot_height + 1..top, while height < snapshot_height */
    uint64_t top;              /* of all blocks */
};

/* blocks, above: empty stores, which the ledger takes over. */
void ledger_init(struct ledger *l, struct ledger_store blocks, struct ledger_store above);
void ledger_fini(struct ledger *l);

/* The block above the last one, or the lowest one that is missing: ERR_STATE for any other. */
enum err ledger_append(struct ledger *l, uint64_t height, struct bytes block, struct diag *diag) MUST_CHECK;
/* In place of an earlier snapshot and of the blocks above that. fresh: an empty store, which the ledger takes over.
 * height is above all blocks. */
void ledger_install(struct ledger *l, uint64_t height, struct blob *snapshot, struct ledger_store fresh);
/* For reading only; lives as long as l. */
struct ledger_store ledger_view(struct ledger *l);

#endif
