#ifndef PRISMFED_LEDGER_STORE_H
#define PRISMFED_LEDGER_STORE_H

#include "base/spool.h"
#include "ledger/block.h"

/* The latest one, and the one before it, to which a start falls back. */
enum { SNAPSHOTS_KEPT = 2 };

/* Where decided blocks go. An interface: the simulator spools them, a node has a real store. */
struct ledger_store {
    void *context;
    /* Blocks come in order of height, each once, after they are decided. */
    enum err (*append)(void *context, uint64_t height, struct bytes block, struct diag *diag);
    /* *block: a holding for the caller. ERR_MISSING: it is not here, and nothing is wrong: it is above the last one, or
     * below a snapshot, or the store keeps only the latest ones. */
    enum err (*read)(void *context, uint64_t height, struct blob **block);
    /* The snapshots (transfer/messages.h) that are kept, of which the latest is number 0. *height: of its state, also
     * when the error says that its bytes cannot be had; *snapshot: a holding for the caller. ERR_MISSING: there are not
     * so many. NULL: never one. */
    enum err (*snapshot)(void *context, unsigned number, uint64_t *height, struct blob **snapshot);
    void (*free)(void *context);
};

/* All blocks in the room (borrowed; NULL: in memory), which also knows when that goes wrong. */
struct ledger_store ledger_store_new(struct spool_room *room);
void ledger_store_free(struct ledger_store *store);

/* The block at a height; out is the caller's (block_fini). ERR_MISSING above the last one, else what block_decode says
 * of bytes that are no block. */
enum err ledger_store_block(const struct ledger_store *store, uint64_t height, struct block *out) MUST_CHECK;

#endif
