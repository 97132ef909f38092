#ifndef PRISMFED_NODE_STORE_COPY_H
#define PRISMFED_NODE_STORE_COPY_H

#include "node/store_rows.h"

/* Parts of a store as a store of its own, in one file without a WAL: what is shared, never the node's own records. A
 * node that starts from such a copy has forgotten what it has signed, so the copy says that it is recovering (the flag
 * "recovering", fed/fed.h). */

struct store_part {
    uint64_t from, to;  /* blocks; from > to: none */
    unsigned snapshots; /* so many, from the latest one on */
    bool pruned;        /* blocks below `from` count as pruned; else a node fetches those below the snapshot */
};

/* path may be a store that a node has open. to_path must not exist; it is there whole, and durable, or not at all. Each
 * row's digest is checked on the way. ERR_STATE: to_path exists; ERR_MISSING: a block of the part is not there, or
 * there is no store; ERR_MISMATCH, ERR_SYNTAX: damaged; ERR_IO. */
enum err store_copy(const char *path, const char *to_path, const struct store_part *part, struct diag *diag) MUST_CHECK;

#endif
