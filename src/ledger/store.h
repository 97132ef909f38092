#ifndef PRISMFED_LEDGER_STORE_H
#define PRISMFED_LEDGER_STORE_H

#include "ledger/block.h"

/* Where decided blocks go. An interface: the simulator keeps them in memory, sinks write files. */
struct ledger_store {
    void *context;
    /* Blocks come in order of height, each once, after they are decided. */
    enum err (*append)(void *context, uint64_t height, struct bytes block, struct diag *diag);
    /* A view that lives until the store ends; ERR_MISSING above the last one. */
    enum err (*read)(void *context, uint64_t height, struct bytes *block);
    /* A view of the snapshot (pbft/transfer_messages.h) from which the blocks go on where some below are missing;
     * ERR_MISSING: none. NULL: never one. */
    enum err (*snapshot)(void *context, struct bytes *snapshot);
    void (*free)(void *context);
};

/* All blocks in memory. */
struct ledger_store ledger_store_memory(void);
void ledger_store_free(struct ledger_store *store);

#endif
