#ifndef PRISMFED_WORLD_DISK_H
#define PRISMFED_WORLD_DISK_H

#include "ledger/ledger.h"
#include "ledger/shelf.h"

/* A node's virtual disk: what is durable, what is on its way there, and what can go wrong with it. Writes are synced in
 * groups, one sync at a time: a write that is asked for while a sync runs waits for the next one; what is asked for at
 * the very time at which a sync begins is part of it. */

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

/* What a disk may give back instead of a record. */
enum disk_damage {
    DAMAGE_FLIPPED,     /* one bit is another */
    DAMAGE_TORN,        /* only its beginning is there */
    DAMAGE_LOST,        /* it is gone, and those after it move up */
    DAMAGE_MISDIRECTED, /* another record is in its place */
    DAMAGE_KINDS
};

/* The fields are the disk's own. */
struct disk {
    struct spool_room *room; /* of the ledger, which stands there alone, */
    struct shelf *shelf;     /* or with others here */
    struct ledger blocks;
    struct ledger_store ledger;  /* a view of it */
    uint64_t height;             /* of the last block without a gap below */
    struct disk_record *records; /* owned; in the order of writing */
    size_t count, cap;
    int64_t sync_start_ns, sync_end_ns; /* of the last sync */
    struct disk_write *writes;          /* owned; [write_first, write_count) are under way */
    size_t write_first, write_count, write_cap;
    uint64_t written; /* made durable since disk_init() */
    bool stuck, full, doomed;
    uint64_t doomed_after; /* so many more writes, while doomed */
};

void disk_init(struct disk *d, struct spool_room *room); /* room: of the ledger; borrowed; NULL: in memory */
/* The ledger stands on this shelf, borrowed, with those of other disks. Before anything is written. */
void disk_share(struct disk *d, struct shelf *shelf);
void disk_fini(struct disk *d);

/* Begins a write; a sync takes takes_ns. True: it is in a sync of its own so far, which ends at *done_ns; false: in one
 * that an earlier write opened. Never durable before an earlier one. blob: a holding of its own. */
bool disk_begin(struct disk *d, int64_t now_ns, int64_t takes_ns, enum disk_kind kind, uint64_t serial, uint64_t number,
                struct blob *blob, int64_t *done_ns);

enum disk_result {
    DISK_IDLE, /* no sync has ended by now */
    DISK_DONE, /* a write is durable */
    DISK_FAILS /* its node dies of the next write: the disk is full, or the node is doomed */
};
/* Makes the next write durable whose sync has ended by now. DISK_DONE: *out, whose blob the caller drops. */
enum disk_result disk_finish(struct disk *d, int64_t now_ns, struct disk_write *out) MUST_CHECK;
/* The power is gone: no sync is under way, and what was in one is lost, but for what disk_keep() has saved before. */
void disk_crash(struct disk *d, int64_t now_ns);
/* Writes of the sync that runs: a crash may lose the last of them, or all. */
size_t disk_syncing(const struct disk *d);
/* In a crash: the next write was durable before the power went. Like disk_finish() it gives *out. */
void disk_keep(struct disk *d, struct disk_write *out);

void disk_forget(struct disk *d, uint64_t number); /* drops records filed under it or less */

/* ---- faults */

void disk_wipe(struct disk *d); /* all of it is lost */
/* No sync ends until it goes on; then those end whose time is over. */
void disk_stick(struct disk *d, bool stuck);
void disk_fill(struct disk *d, bool full); /* no write succeeds, until there is room again */
/* The node dies when so many more writes are durable; a crash ends that. */
void disk_doom(struct disk *d, uint64_t writes);
void disk_spare(struct disk *d); /* not doomed any more */
/* One record, while its node is down. detail: which bit, how much is left, or the index of the record that takes its
 * place. */
void disk_damage(struct disk *d, enum disk_damage kind, size_t at, uint64_t detail);
/* The latest snapshot, which must be there: one bit is another. */
void disk_damage_snapshot(struct disk *d, uint64_t bit);

#endif
