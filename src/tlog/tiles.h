#ifndef PRISMFED_TLOG_TILES_H
#define PRISMFED_TLOG_TILES_H

#include "merkle/tree.h"

/* The log as static files (C2SP tlog-tiles): tile/L/N[.p/W] of hashes, tile/entries/N[.p/W] of entries. */

enum { TILE_WIDTH = 256, TILE_ENTRY_MAX = 65535 };

/* Takes one file; path is relative, as a reader asks for it. */
struct tiles_out {
    enum err (*put)(void *context, const char *path, struct bytes bytes, struct diag *diag);
    void *context;
};

/* Leaves come one after the other; a bundle and a tile of leaves are put when they are full. */
struct tiles {
    struct tiles_out out;
    struct merkle_tree tree; /* of what has come */
    struct buf bundle;       /* of the entries that are in no full bundle yet */
};

/* *t must be zero; tiles_fini() in any case. */
void tiles_init(struct tiles *t, struct tiles_out out);
void tiles_fini(struct tiles *t);
/* The data of the next leaf, at most TILE_ENTRY_MAX bytes (asserted). What put says. */
enum err tiles_add(struct tiles *t, struct bytes leaf, struct diag *diag) MUST_CHECK;
/* The partial bundle, and all tiles. What put says. */
enum err tiles_finish(struct tiles *t, struct diag *diag) MUST_CHECK;

#endif
