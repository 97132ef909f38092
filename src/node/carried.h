#ifndef PRISMFED_NODE_CARRIED_H
#define PRISMFED_NODE_CARRIED_H

#include "ledger/store.h"

/* A folder that somebody carries between a validator and a site that has no network: decided blocks the one way, signed
 * entries the other.
 *
 *     DIR/blocks/HEIGHT    the bytes of a block, its height in 20 digits
 *     DIR/entries/HASH     a signed entry, under the SHA-256 of its bytes
 *
 * A block has its certificate and an entry its signature, so whoever carries the folder can only delay. Each file is
 * put into its place by a rename. */

enum { CARRIED_BLOCKS_MAX = 256 }; /* that one call writes */

/* The height of the highest block in the folder; 0: none. ERR_IO. */
enum err carried_top(const char *folder, uint64_t *out, struct diag *diag) MUST_CHECK;
/* Adds the blocks up to `height` that are above those in the folder and in the store, CARRIED_BLOCKS_MAX at most;
 * *added: how many. ERR_IO, and the errors of the store. */
enum err carried_add_blocks(const char *folder, const struct ledger_store *store, uint64_t height, uint64_t *added,
                            struct diag *diag) MUST_CHECK;
/* A message (replica/messages.h) with blocks from this height on, one holding; NULL: the folder has none. ERR_IO. */
enum err carried_blocks(const char *folder, uint64_t from, struct blob **out, struct diag *diag) MUST_CHECK;

/* Leaves a signed entry, durably. ERR_IO. */
enum err carried_leave(const char *folder, struct bytes envelope, struct diag *diag) MUST_CHECK;
/* Calls take() with each entry in the folder, in the order of their names; one for which it says true is removed. bad()
 * hears of what is none. ERR_IO. */
enum err carried_take(const char *folder, bool (*take)(void *context, struct bytes envelope),
                      void (*bad)(void *context, const char *why), void *context, struct diag *diag) MUST_CHECK;

#endif
