#ifndef PRISMFED_NODE_STORE_ROWS_H
#define PRISMFED_NODE_STORE_ROWS_H

#include "sql/sql.h"
#include "node/store.h"

/* What stands in a store's file:
 *
 *     meta      (name, bytes, digest)                what it is: the federation's id
 *     counters  (one row)                            what must be there
 *     flag      (name, value, digest)
 *     record    (sequence, number, digest, bytes)    in the order of writing
 *     block     (height, digest, bytes)
 *     snapshot  (sequence, height, digest, bytes)    in the order of writing
 *
 * digest is SHA-256 of the row's table, its numbers and its bytes (store_row_digest), so that bytes are right only in
 * their own place. */

enum { STORE_APPLICATION = 0x70667374 /* "pfst", SQLite's application_id */, STORE_VERSION = 1 };

struct store_counters {
    uint64_t commits;       /* transactions so far */
    uint64_t top;           /* height of the last block, or of the state that was installed above all blocks */
    uint64_t base;          /* as long as blocks below an installed state may be missing: its height; 0: none are */
    uint64_t pruned;        /* blocks up to this height were dropped */
    uint64_t snapshots;     /* how many are kept */
    uint64_t records;       /* how many there are, */
    struct digest tally;    /* and the sum (XOR) of their digests: none is gone */
    uint64_t flags;         /* how many were ever set */
    uint64_t last_sequence; /* of all records and snapshots ever */
};

/* table: one of 'c', 'f', 'm', 'r', 'b', 's', after the names above. */
struct digest store_row_digest(char table, uint64_t a, uint64_t b, struct bytes bytes);
void store_tally(struct digest *tally, const struct digest *digest); /* adds a row, or takes it away */
/* Compares a row's digest, which stands in this column. ERR_MISMATCH names the row. */
enum err store_row_check(sqlite3_stmt *row, int column, const struct digest *wanted, struct diag *diag, const char *fmt,
                         ...) PRINTF_LIKE(5, 6) MUST_CHECK;

/* What is behind the first open of a file: tables without rows but for the counters, the federation and, where
 * it recovers, that flag. Errors of sql_run(). */
enum err store_rows_make(sqlite3 *db, const struct digest *federation_id, bool recovers, struct diag *diag) MUST_CHECK;
enum err store_flag_prepare(sqlite3 *db, sqlite3_stmt **out, struct diag *diag) MUST_CHECK; /* for the next one */
enum err store_flag_put(sqlite3_stmt *put, const char *name, uint64_t value, struct diag *diag) MUST_CHECK;
/* Is it a store of this version (ERR_STATE), of this federation (NULL: of any; ERR_STATE)? ERR_MISMATCH, ERR_SYNTAX:
 * damaged. *federation_id_out may be NULL. */
enum err store_rows_check(sqlite3 *db, const struct digest *federation_id, struct digest *federation_id_out,
                          struct diag *diag) MUST_CHECK;

/* Errors: ERR_MISMATCH, ERR_SYNTAX: damaged; ERR_IO. */
enum err store_counters_read(sqlite3 *db, struct store_counters *out, struct diag *diag) MUST_CHECK;
enum err store_counters_prepare(sqlite3 *db, sqlite3_stmt **out, struct diag *diag) MUST_CHECK; /* for the next one */
enum err store_counters_write(sqlite3_stmt *put, const struct store_counters *c, struct diag *diag) MUST_CHECK;
/* Is there what the counters say, as far as a few look-ups can tell? ERR_MISMATCH says what is not. */
enum err store_counters_check(sqlite3 *db, const struct store_counters *c, struct diag *diag) MUST_CHECK;
/* Blocks above the pruned ones are there without a gap up to *out: that is the top, unless some below an installed
 * state are still missing. Errors of sql_number(). */
enum err store_whole(sqlite3 *db, const struct store_counters *c, uint64_t *out, struct diag *diag) MUST_CHECK;
/* The lowest block that a start may need: that of the earlier snapshot, to which it falls back, and from which it looks
 * for blocks that are missing (replica/backfill.h). Errors of sql_number(). */
enum err store_needed(sqlite3 *db, const struct store_counters *c, uint64_t *out, struct diag *diag) MUST_CHECK;
/* May the blocks up to this height go? ERR_STATE: a start needs some of them. Errors of store_counters_read(). */
enum err store_may_prune(sqlite3 *db, uint64_t height, struct diag *diag) MUST_CHECK;

#endif
