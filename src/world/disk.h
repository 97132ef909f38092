#ifndef PRISMFED_WORLD_DISK_H
#define PRISMFED_WORLD_DISK_H

#include "ledger/ledger.h"

/* A node's virtual disk: what is durable and when. Writes are synced in groups, one sync at a time: a write that
 * is asked for while a sync runs waits for the next one. Only what is durable is in here. */

struct disk_record {
    uint64_t number;
    struct blob *blob; /* one holding */
};

struct disk {
    struct spool_room *room; /* of the ledger */
    struct ledger blocks;
    struct ledger_store ledger;  /* a view of it */
    uint64_t height;             /* of the last block without a gap below */
    struct disk_record *records; /* owned; in the order of writing */
    size_t count, cap;
    int64_t sync_start_ns, sync_end_ns; /* of the last sync */
};

void disk_init(struct disk *d, struct spool_room *room); /* room: of the ledger; borrowed; NULL: in memory */
void disk_fini(struct disk *d);

/* When a write that is asked for now will be durable. Never before an earlier one. */
int64_t disk_sync_ns(struct disk *d, int64_t now_ns, int64_t takes_ns);
/* The power is gone: no sync is under way. */
void disk_crash(struct disk *d, int64_t now_ns);

void disk_put_record(struct disk *d, uint64_t number, struct blob *blob); /* takes a holding of its own */
void disk_put_block(struct disk *d, uint64_t height, struct bytes block);
void disk_put_snapshot(struct disk *d, uint64_t height, struct blob *snapshot); /* takes a holding of its own */
void disk_forget(struct disk *d, uint64_t number); /* drops records filed under it or less */
void disk_wipe(struct disk *d);                    /* all of it is lost */

#endif
