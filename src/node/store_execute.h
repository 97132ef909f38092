#ifndef PRISMFED_NODE_STORE_EXECUTE_H
#define PRISMFED_NODE_STORE_EXECUTE_H

#include "ledger/store.h"

/* Executes what a store, or several that follow each other, have of a ledger, as a node does when it starts
 * (fed_new()): every certificate is verified, every entry applied, every state root compared. So it says whether a node
 * could start from it, and to an auditor that nothing is missing or altered. */

struct store_execution {
    uint64_t height;          /* of the last block */
    uint64_t from;            /* of the first one that was executed; height + 1: none */
    struct digest block_id;   /* of the last block */
    struct digest state_root; /* after it */
};

/* genesis: the encoded document. Blocks are executed from the first on, or from the latest usable snapshot, as far
 * as they are there without a gap. Errors of fed_new(). */
enum err store_execute(struct bytes genesis, const struct ledger_store *ledger, bool from_first,
                       struct store_execution *out, struct diag *diag) MUST_CHECK;

/* Several files as one ledger: a block is read from the first that has it, snapshots from the last. For reading. */
struct store_chain;
/* paths: of `count` stores. Errors of sql_open() and store_rows_check(); ERR_MISMATCH: of different federations. */
enum err store_chain_open(const char *const *paths, unsigned count, struct store_chain **out,
                          struct diag *diag) MUST_CHECK;
void store_chain_close(struct store_chain *c); /* NULL is fine */
const struct ledger_store *store_chain_ledger(const struct store_chain *c);
uint64_t store_chain_top(const struct store_chain *c); /* height that the last file says it has come to */

#endif
