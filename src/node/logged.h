#ifndef PRISMFED_NODE_LOGGED_H
#define PRISMFED_NODE_LOGGED_H

#include "ledger/entry.h"
#include "ledger/store.h"

/* The entries that stand in a node's durable ledger, with their places in the log. */

struct logged {
    uint64_t height; /* of its block */
    uint64_t index;  /* of its leaf in the log, counted from 0, which is the genesis document's */
    const struct entry *entry;
};

/* Calls each() for the entries of the block at this height, in order; they are borrowed for the call. ERR_MISSING: the
 * block is not here (ledger/store.h), or not yet; ERR_SYNTAX, ERR_MISMATCH: it is damaged. */
enum err logged_block(const struct ledger_store *ledger, uint64_t height,
                      void (*each)(void *context, const struct logged *logged), void *context) MUST_CHECK;

#endif
