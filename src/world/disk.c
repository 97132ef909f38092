#include "world/disk.h"

void disk_init(struct disk *d, struct spool_room *room)
{
    *d = (struct disk){.room = room, .sync_start_ns = -1, .sync_end_ns = -1};
    ledger_init(&d->blocks, ledger_store_new(room), ledger_store_new(room));
    d->ledger = ledger_view(&d->blocks);
}

void disk_fini(struct disk *d)
{
    for (size_t i = 0; i < d->count; i++)
        blob_drop(d->records[i].blob);
    mem_free(d->records);
    ledger_fini(&d->blocks);
    *d = (struct disk){0};
}

int64_t disk_sync_ns(struct disk *d, int64_t now_ns, int64_t takes_ns)
{
    if (now_ns > d->sync_start_ns) {
        d->sync_start_ns = now_ns > d->sync_end_ns ? now_ns : d->sync_end_ns;
        d->sync_end_ns = d->sync_start_ns + takes_ns;
    }
    return d->sync_end_ns;
}

void disk_crash(struct disk *d, int64_t now_ns)
{
    d->sync_start_ns = -1;
    d->sync_end_ns = now_ns;
}

void disk_put_record(struct disk *d, uint64_t number, struct blob *blob)
{
    if (d->count == d->cap) {
        d->cap = d->cap > 0 ? 2 * d->cap : 64;
        d->records = mem_resize(d->records, d->cap, sizeof *d->records);
    }
    d->records[d->count++] = (struct disk_record){.number = number, .blob = blob_hold(blob)};
}

void disk_put_block(struct disk *d, uint64_t height, struct bytes block)
{
    enum err err = ledger_append(&d->blocks, height, block, NULL);

    ASSERT(err == ERR_OK);
    d->height = d->blocks.height;
}

void disk_put_snapshot(struct disk *d, uint64_t height, struct blob *snapshot)
{
    ledger_install(&d->blocks, height, snapshot, ledger_store_new(d->room));
}

void disk_forget(struct disk *d, uint64_t number)
{
    size_t kept = 0;

    for (size_t i = 0; i < d->count; i++) {
        if (d->records[i].number > number)
            d->records[kept++] = d->records[i];
        else
            blob_drop(d->records[i].blob);
    }
    d->count = kept;
}

void disk_wipe(struct disk *d)
{
    int64_t end_ns = d->sync_end_ns;

    struct spool_room *room = d->room;

    disk_fini(d);
    disk_init(d, room);
    d->sync_end_ns = end_ns;
}
