#ifndef PRISMFED_BENCH_UNSYNCED_H
#define PRISMFED_BENCH_UNSYNCED_H

/* From now on no file that SQLite opens in this process is synced: for what takes many writes to build, and does not
 * crash.
 */
void unsynced_begin(void);

#endif
