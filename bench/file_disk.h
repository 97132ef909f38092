#ifndef PRISMFED_BENCH_FILE_DISK_H
#define PRISMFED_BENCH_FILE_DISK_H

#include <stdio.h>

#include "ledger/store.h"

/* What a node stores, in files of one folder, so that what is measured of a process is the node's: blocks one behind
 * the other, where each ends, snapshots under their heights, and records. Nothing is synced: a benchmark does not
 * crash. What goes wrong with a file ends the process. */
struct file_disk {
    const char *folder; /* borrowed */
    FILE *blocks, *ends;
    uint64_t height;                      /* of the last block */
    uint64_t block_bytes, snapshot_bytes; /* written since it was opened */
    uint64_t snapshots[SNAPSHOTS_KEPT];   /* heights, the latest first; 0: none */
    struct file_record {
        uint64_t number;
        struct blob *blob;
    } * records; /* owned; written as a whole when it is closed */
    size_t record_count, record_cap;
};

void file_disk_open(struct file_disk *d, const char *folder);
void file_disk_close(struct file_disk *d, bool keep); /* keep: the records as they are now, for the next one */
void file_disk_block(struct file_disk *d, uint64_t height, struct bytes block);
void file_disk_snapshot(struct file_disk *d, uint64_t height, struct bytes snapshot);
void file_disk_record(struct file_disk *d, uint64_t number, struct bytes record);
void file_disk_forget(struct file_disk *d, uint64_t number);
/* For reading; lives as long as d. */
struct ledger_store file_disk_store(struct file_disk *d);

#endif
