#ifndef PRISMFED_NODE_STORE_WRITER_H
#define PRISMFED_NODE_STORE_WRITER_H

#include "node/store_rows.h"

enum { STORE_PRUNED_AT_ONCE = 256 /* blocks in a transaction */ };

/* The writing connection of a store: what one write does to the rows, as world/disk.h does it to a virtual disk. The
 * fields are the writer's own. */
struct store_writer {
    sqlite3 *db;
    struct store_counters counters; /* with what the open transaction has done */
    uint64_t whole;                 /* blocks above the pruned ones up to here have no gap; top, where there is none */
    uint64_t keep;                  /* so many blocks stay; 0: all */
    uint64_t first;                 /* the sequence of a write is this and its serial */
    sqlite3_stmt *put_counters, *put_record, *forget, *put_block, *drop_blocks, *put_snapshot, *drop_snapshots,
        *put_flag, *has_flag; /* the connection's */
};

/* db: taken over, also when it fails. Errors of store_counters_read() and store_counters_check(). */
enum err store_writer_init(struct store_writer *w, sqlite3 *db, struct diag *diag) MUST_CHECK;
void store_writer_fini(struct store_writer *w);

/* Whatever stands between the two is durable together, or nothing of it is. After an error of any of these nothing more
 * can be done but fini. ERR_IO, ERR_SYNTAX as in node/sql.h; ERR_STATE: a block or a snapshot out of order. */
enum err store_writer_begin(struct store_writer *w, struct diag *diag) MUST_CHECK;
enum err store_writer_commit(struct store_writer *w, struct diag *diag) MUST_CHECK;

enum err store_writer_record(struct store_writer *w, uint64_t serial, uint64_t number, struct bytes record,
                             struct diag *diag) MUST_CHECK;
enum err store_writer_forget(struct store_writer *w, uint64_t serial, uint64_t number, struct diag *diag) MUST_CHECK;
enum err store_writer_block(struct store_writer *w, uint64_t height, struct bytes block, struct diag *diag) MUST_CHECK;
enum err store_writer_snapshot(struct store_writer *w, uint64_t serial, uint64_t height, struct bytes snapshot,
                               struct diag *diag) MUST_CHECK;
/* store_keep(): what a snapshot lets go. */
void store_writer_keep(struct store_writer *w, uint64_t blocks);
/* Drops the blocks up to this height, which must be below the last one, and below each snapshot that is to be of use.
 * ERR_STATE: that cannot be. */
enum err store_writer_prune(struct store_writer *w, uint64_t height, struct diag *diag) MUST_CHECK;
/* As if a state had been installed at `to`, and the blocks up to it had come only below `from`; where blocks were
 * pruned, those up to `to` are, too. Of a snapshot at `to`. ERR_IO, ERR_SYNTAX. */
enum err store_writer_reopen(struct store_writer *w, uint64_t from, uint64_t to, struct diag *diag) MUST_CHECK;
/* Of a store without blocks: those up to this height count as pruned. */
void store_writer_start_above(struct store_writer *w, uint64_t height);
enum err store_writer_flag(struct store_writer *w, const char *name, uint64_t value, struct diag *diag) MUST_CHECK;

#endif
