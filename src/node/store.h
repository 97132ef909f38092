#ifndef PRISMFED_NODE_STORE_H
#define PRISMFED_NODE_STORE_H

#include "crypto/digest.h"
#include "ledger/store.h"

/* A node's durable store: its own records, decided blocks, the latest snapshots, a few flags, in one file (SQLite in
 * WAL mode with synchronous=FULL, https://sqlite.org/wal.html). What is durable, in which order, and what a start finds
 * is what base/effect.h promises of EFFECT_PERSIST, APPEND, SNAPSHOT and FORGET.
 *
 * One thread of the store's writes: whatever was asked for since it last looked becomes durable in one transaction with
 * one sync (group commit). Everything below is called from one thread, the loop's, in which all holdings of blobs are
 * taken and dropped.
 *
 * Nothing that was durable is ever forgotten in silence. Every row carries a digest of its bytes and its place; the
 * store counts its rows; and a file beside it, PATH-mark, which also keeps a second process out, remembers how many
 * transactions were durable, so that a damaged or an older file is found out. A store that has lost something of its
 * own is refused, and its node may go on as one that has lost its disk (fed/fed.h), after the files were moved away. */

struct store;

enum store_kind { STORE_RECORD, STORE_BLOCK, STORE_SNAPSHOT };

/* Whoever starts from this store has forgotten what its node has signed (fed_config.recovering), until
 * EFFECT_RECOVERED. */
#define STORE_RECOVERING "recovering" /* a flag */

/* Opens the store, or makes one. is_first: the node has never had one; else one that is made has STORE_RECOVERING set
 * from the beginning. The work does not grow with the number of blocks. ERR_STATE: it is another federation's, another
 * process has it open, or it has lost what was durable; ERR_SYNTAX, ERR_MISMATCH: damaged, and the place is named;
 * ERR_IO. */
enum err store_open(const char *path, const struct digest *federation_id, bool is_first, struct store **out,
                    struct diag *diag) MUST_CHECK;
/* What was asked for and is not durable becomes so first, unless a write has failed. NULL is fine. */
void store_close(struct store *s);
bool store_is_new(const struct store *s); /* store_open() has made it */

/* ---- reading: what is durable */

/* For fed_new(), read only, as long as the store is open. read: ERR_SYNTAX, ERR_MISMATCH: the block is damaged. */
const struct ledger_store *store_ledger(const struct store *s);
/* Calls each() for the records that were not forgotten, in the order of their writing; they are borrowed for the call.
 * What it returns besides ERR_OK ends it. ERR_SYNTAX, ERR_MISMATCH: one is damaged or some are gone; ERR_IO. */
enum err store_records(struct store *s, enum err (*each)(void *context, struct bytes record), void *context,
                       struct diag *diag) MUST_CHECK;
/* 0 where it was never set. Errors as of store_records(). */
enum err store_flag(struct store *s, const char *name, uint64_t *value, struct diag *diag) MUST_CHECK;

/* ---- writing */

/* Waits until it is durable, with all that was asked for before. Errors as of store_finished(). */
enum err store_flag_set(struct store *s, const char *name, uint64_t value, struct diag *diag) MUST_CHECK;
/* Asks for a write. serial: of the driver's (driver/outbox.h), counted from 1 since the store was opened, without a
 * gap. number: what a record is filed under, or a height. blob: a holding of its own. */
void store_write(struct store *s, enum store_kind kind, uint64_t serial, uint64_t number, struct blob *blob);
/* Of the writes up to `serial`, all durable, the records filed under numbers <= number are dropped; at the latest with
 * the next write. */
void store_forget(struct store *s, uint64_t serial, uint64_t number);

/* Readable when store_finished() has news. */
int store_fd(const struct store *s);
/* *serial: the last write that is durable, as are all before it. An error: a write has failed, none after *serial is
 * durable, and none will be; the node must stop. It is said at every call; the diag names the cause. ERR_IO: the disk
 * is full, or refuses; ERR_SYNTAX: the file is damaged; ERR_STATE: a block or snapshot out of order. */
enum err store_finished(struct store *s, uint64_t *serial, struct diag *diag) MUST_CHECK;

/* ---- what is old */

/* From now on old blocks are dropped behind each snapshot, in its transaction, so that `blocks` of them stay, and those
 * that a start may need. 0: all stay. */
void store_keep(struct store *s, uint64_t blocks);
/* Drops the blocks up to this height, in steps between which other writes go on; waits until that is durable, with all
 * that was asked for before. The blocks from the earlier of the kept snapshots on must stay, and all of them while
 * peers are to send some below an installed state: ERR_STATE. Errors as of store_finished(). */
enum err store_prune(struct store *s, uint64_t height, struct diag *diag) MUST_CHECK;
uint64_t store_pruned(struct store *s); /* blocks up to this height were dropped; 0: none */

#endif
