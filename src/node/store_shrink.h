#ifndef PRISMFED_NODE_STORE_SHRINK_H
#define PRISMFED_NODE_STORE_SHRINK_H

#include "base/err.h"

#include <stdint.h>

/* Of a store that no process has open: ERR_STATE: one has; ERR_MISSING: there is none. */
enum err store_is_free(const char *path, struct diag *diag) MUST_CHECK;
/* Drops the blocks up to this height, all or none, and gives their room back to the file system, for which the rest is
 * written anew: so there must be as much room. Errors as of store_prune() and store_open(). */
enum err store_shrink(const char *path, uint64_t height, struct diag *diag) MUST_CHECK;

#endif
