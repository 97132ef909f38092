#ifndef PRISMFED_NODE_STORE_READER_H
#define PRISMFED_NODE_STORE_READER_H

#include "node/store_rows.h"

/* A reading connection of a store, beside the writing one: it sees what is durable. The fields are the reader's own. */
struct store_reader {
    sqlite3 *db;
    sqlite3_stmt *block, *snapshot, *snapshot_height, *flag; /* the connection's */
    struct ledger_store ledger;                              /* a view of it, for reading */
};

/* db: taken over, also when it fails. Errors of sql_prepare(). */
enum err store_reader_init(struct store_reader *r, sqlite3 *db, struct diag *diag) MUST_CHECK;
/* The file at this path as it is now, whatever a process writes meanwhile. federation_id: as of store_rows_check(),
 * like *out. Errors of sql_open() and store_rows_check(). */
enum err store_reader_open(struct store_reader *r, const char *path, const struct digest *federation_id,
                           struct digest *out, struct diag *diag) MUST_CHECK;
void store_reader_fini(struct store_reader *r);

/* The bytes are borrowed for the call. Errors of each(), and ERR_MISMATCH, ERR_SYNTAX: damaged, or not as many as the
 * counters say; ERR_IO. */
enum err store_reader_records(struct store_reader *r, enum err (*each)(void *context, struct bytes record),
                              void *context, struct diag *diag) MUST_CHECK;
/* 0: it was never set. ERR_MISMATCH, ERR_SYNTAX: damaged; ERR_IO. */
enum err store_reader_flag(struct store_reader *r, const char *name, uint64_t *value, struct diag *diag) MUST_CHECK;

#endif
