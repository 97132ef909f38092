#include "world/disk.h"

static struct ledger_store store_new(const struct disk *d)
{
    return d->shelf != NULL ? shelf_store_new(d->shelf) : ledger_store_new(d->room);
}

void disk_init(struct disk *d, struct spool_room *room)
{
    *d = (struct disk){.room = room, .sync_start_ns = -1, .sync_end_ns = -1};
    ledger_init(&d->blocks, store_new(d), store_new(d));
    d->ledger = ledger_view(&d->blocks);
}

void disk_share(struct disk *d, struct shelf *shelf)
{
    ASSERT(d->written == 0);
    d->shelf = shelf;
    disk_wipe(d);
}

static void writes_drop(struct disk *d)
{
    while (d->write_first < d->write_count)
        blob_drop(d->writes[d->write_first++].blob);
    d->write_first = d->write_count = 0;
}

static void drop_records(struct disk *d)
{
    while (d->count > 0)
        blob_drop(d->records[--d->count].blob);
}

void disk_fini(struct disk *d)
{
    writes_drop(d);
    mem_free(d->writes);
    drop_records(d);
    mem_free(d->records);
    ledger_fini(&d->blocks);
    *d = (struct disk){0};
}

static int64_t sync_end(struct disk *d, int64_t now_ns, int64_t takes_ns)
{
    if (now_ns > d->sync_start_ns) {
        d->sync_start_ns = now_ns > d->sync_end_ns ? now_ns : d->sync_end_ns;
        d->sync_end_ns = d->sync_start_ns + takes_ns;
    }
    return d->sync_end_ns;
}

bool disk_begin(struct disk *d, int64_t now_ns, int64_t takes_ns, enum disk_kind kind, uint64_t serial, uint64_t number,
                struct blob *blob, int64_t *done_ns)
{
    bool opens;

    *done_ns = sync_end(d, now_ns, takes_ns);
    opens = d->write_first == d->write_count || d->writes[d->write_count - 1].done_ns < *done_ns;
    if (d->write_count == d->write_cap && d->write_first > d->write_cap / 2) {
        d->write_count -= d->write_first;
        memmove(d->writes, d->writes + d->write_first, d->write_count * sizeof *d->writes);
        d->write_first = 0;
    }
    if (d->write_count == d->write_cap) {
        d->write_cap = d->write_cap > 0 ? 2 * d->write_cap : 64;
        d->writes = mem_resize(d->writes, d->write_cap, sizeof *d->writes);
    }
    d->writes[d->write_count++] = (struct disk_write){kind, serial, number, blob_hold(blob), *done_ns};
    return opens;
}

static void put_record(struct disk *d, uint64_t number, struct blob *blob)
{
    if (d->count == d->cap) {
        d->cap = d->cap > 0 ? 2 * d->cap : 64;
        d->records = mem_resize(d->records, d->cap, sizeof *d->records);
    }
    d->records[d->count++] = (struct disk_record){.number = number, .blob = blob_hold(blob)};
}

static void put_block(struct disk *d, uint64_t height, struct bytes block)
{
    enum err err = ledger_append(&d->blocks, height, block, NULL);

    ASSERT(err == ERR_OK);
    d->height = d->blocks.height;
}

static void make_durable(struct disk *d, const struct disk_write *w)
{
    if (w->kind == DISK_RECORD)
        put_record(d, w->number, w->blob);
    else if (w->kind == DISK_BLOCK)
        put_block(d, w->number, blob_bytes(w->blob));
    else if (w->number > d->blocks.top)
        ledger_install(&d->blocks, w->number, w->blob, store_new(d));
    else
        ledger_keep(&d->blocks, w->number, w->blob);
}

static void finish_next(struct disk *d, struct disk_write *out)
{
    ASSERT(d->write_first < d->write_count);
    *out = d->writes[d->write_first++];
    if (d->write_first == d->write_count)
        d->write_first = d->write_count = 0;
    make_durable(d, out);
    d->written++;
}

enum disk_result disk_finish(struct disk *d, int64_t now_ns, struct disk_write *out)
{
    if (d->stuck || d->write_first == d->write_count || d->writes[d->write_first].done_ns > now_ns)
        return DISK_IDLE;
    if (d->full || (d->doomed && d->doomed_after == 0))
        return DISK_FAILS;
    d->doomed_after -= d->doomed;
    finish_next(d, out);
    return DISK_DONE;
}

size_t disk_syncing(const struct disk *d)
{
    size_t count = d->write_first;

    while (count < d->write_count && d->writes[count].done_ns == d->writes[d->write_first].done_ns)
        count++;
    return count - d->write_first;
}

void disk_keep(struct disk *d, struct disk_write *out)
{
    finish_next(d, out);
}

void disk_crash(struct disk *d, int64_t now_ns)
{
    writes_drop(d);
    d->sync_start_ns = -1;
    d->sync_end_ns = now_ns;
    disk_spare(d);
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

/* ---- faults */

void disk_wipe(struct disk *d)
{
    writes_drop(d);
    drop_records(d);
    ledger_fini(&d->blocks);
    ledger_init(&d->blocks, store_new(d), store_new(d));
    d->height = 0;
}

void disk_stick(struct disk *d, bool stuck)
{
    d->stuck = stuck;
}

void disk_fill(struct disk *d, bool full)
{
    d->full = full;
}

void disk_doom(struct disk *d, uint64_t writes)
{
    d->doomed = true;
    d->doomed_after = writes;
}

void disk_spare(struct disk *d)
{
    d->doomed = false;
    d->doomed_after = 0;
}

static struct blob *changed(const struct blob *record, enum disk_damage kind, uint64_t detail)
{
    size_t left = kind == DAMAGE_TORN ? (size_t)(detail % record->len) : record->len;
    struct blob *copy = blob_new(bytes_of(record->data, left));

    if (kind == DAMAGE_FLIPPED)
        copy->data[detail % copy->len] ^= (uint8_t)(1U << (detail >> 32) % 8);
    return copy;
}

void disk_damage(struct disk *d, enum disk_damage kind, size_t at, uint64_t detail)
{
    ASSERT(at < d->count);
    struct blob *old = d->records[at].blob;

    if (kind == DAMAGE_MISDIRECTED) {
        ASSERT(detail < d->count);
        d->records[at].blob = blob_hold(d->records[detail].blob);
    } else if (kind == DAMAGE_LOST) {
        d->count--;
        memmove(&d->records[at], &d->records[at + 1], (d->count - at) * sizeof *d->records);
    } else {
        d->records[at].blob = changed(old, kind, detail);
    }
    blob_drop(old);
}

void disk_damage_snapshot(struct disk *d, uint64_t bit)
{
    ledger_damage(&d->blocks, bit);
}
