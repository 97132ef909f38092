#ifndef PRISMFED_LEDGER_SHELF_H
#define PRISMFED_LEDGER_SHELF_H

#include "ledger/store.h"

/* Where the ledgers of many nodes in one process stand: a block that several of them store one after the other is there
 * once. What it takes grows with the blocks, and hardly with the ledgers. Not shared between threads. */
struct shelf;

struct shelf *shelf_new(struct spool_room *room); /* borrowed; NULL: in memory */
void shelf_free(struct shelf *shelf);             /* NULL is fine; after its stores */

uint64_t shelf_size(const struct shelf *shelf); /* bytes of all blocks on it */

/* As ledger_store_new(); the shelf is borrowed. */
struct ledger_store shelf_store_new(struct shelf *shelf);

#endif
