#ifndef PRISMFED_NODE_STORE_MARK_H
#define PRISMFED_NODE_STORE_MARK_H

#include "crypto/digest.h"

/* The file beside a store: locked while a process has the store open, and what it says of the store: at least so many
 * transactions are durable. It is written behind each transaction and not synced: a power cut may leave an older
 * number, which is true as well, and a process that is killed leaves the last one. So a store with fewer transactions
 * has lost some, however sound the rest looks: SQLite takes a WAL only up to the first frame that is damaged, as if
 * those behind it had never been committed (https://sqlite.org/fileformat2.html#walformat). */
struct store_mark {
    int fd; /* -1: none */
};

/* path: of the store. ERR_STATE: another process has it; ERR_IO. */
enum err store_mark_open(const char *path, struct store_mark *out, struct diag *diag) MUST_CHECK;
void store_mark_close(struct store_mark *m);
/* 0 where nothing is known: a mark that is new or was torn. ERR_IO. */
enum err store_mark_read(const struct store_mark *m, uint64_t *commits, struct diag *diag) MUST_CHECK;
/* The same from outside, of the mark of this store, if there is one. */
uint64_t store_mark_peek(const char *path);
/* Best effort: an old mark says less, and nothing wrong. */
void store_mark_write(const struct store_mark *m, uint64_t commits);

#endif
