#ifndef PRISMFED_WORLD_DISK_H
#define PRISMFED_WORLD_DISK_H

#include "ledger/ledger.h"

/* A node's virtual disk: what is durable, and what is on its way there. Writes are synced in groups, one sync at a
 * time: a write that is asked for while a sync runs waits for the next one. */

struct disk_record {
    uint64_t number;
    struct blob *blob; /* one holding */
};

enum disk_kind { DISK_RECORD, DISK_BLOCK, DISK_SNAPSHOT };

struct disk_write {
    enum disk_kind kind;
    uint64_t serial; /* of the driver's */
    uint64_t number; /* what the record is filed under; the height of a block or snapshot */
    struct blob *blob;
    int64_t done_ns;
};

/* The fields are the disk's own. */
struct disk {
    struct spool_room *room; /* of the ledger */
    struct ledger blocks;
    struct ledger_store ledger;  /* a view of it */
    uint64_t height;             /* of the last block without a gap below */
    struct disk_record *records; /* owned; in the order of writing */
    size_t count, cap;
    int64_t sync_start_ns, sync_end_ns; /* of the last sync */
    struct disk_write *writes;          /* owned; [write_first, write_count) are under way */
    size_t write_first, write_count, write_cap;
};

void disk_init(struct disk *d, struct spool_room *room); /* room: of the ledger; borrowed; NULL: in memory */
void disk_fini(struct disk *d);

/* Begins a write; a sync takes takes_ns. True: it is in a sync of its own so far, which ends at *done_ns; false: in one
 * that an earlier write opened. Never durable before an earlier one. blob: a holding of its own. */
bool disk_begin(struct disk *d, int64_t now_ns, int64_t takes_ns, enum disk_kind kind, uint64_t serial, uint64_t number,
                struct blob *blob, int64_t *done_ns);
/* Makes the next write durable whose sync has ended by now; its serial, or 0: there is none. */
uint64_t disk_finish(struct disk *d, int64_t now_ns);
/* The power is gone: no sync is under way. */
void disk_crash(struct disk *d, int64_t now_ns);

void disk_forget(struct disk *d, uint64_t number); /* drops records filed under it or less */
void disk_wipe(struct disk *d);                    /* all of it is lost */

#endif
