#include "file_disk.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void need(bool ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    exit(2);
}

static const char *path_of(const struct file_disk *d, const char *name, uint64_t number)
{
    static char path[256];

    snprintf(path, sizeof path, number > 0 ? "%s/%s-%llu" : "%s/%s", d->folder, name, (unsigned long long)number);
    return path;
}

static FILE *file_open(const struct file_disk *d, const char *name)
{
    FILE *file = fopen(path_of(d, name, 0), "a+b");

    need(file != NULL, name);
    return file;
}

static uint64_t number_read(FILE *file)
{
    uint8_t bytes[8];

    need(fread(bytes, 1, sizeof bytes, file) == sizeof bytes, "a number");
    return be64_get(bytes);
}

static void number_write(FILE *file, uint64_t number)
{
    uint8_t bytes[8];

    be64_put(bytes, number);
    need(fwrite(bytes, 1, sizeof bytes, file) == sizeof bytes, "a number");
}

static struct blob *bytes_read(FILE *file, size_t len)
{
    struct blob *blob = blob_sized(len);

    need(fread(blob->data, 1, len, file) == len, "bytes");
    return blob;
}

static void seek(FILE *file, uint64_t offset)
{
    need(fseeko(file, (off_t)offset, SEEK_SET) == 0, "seek");
}

/* ---- records: their count, then number, length and bytes of each; and the heights of the snapshots before them */

static void state_read(struct file_disk *d)
{
    FILE *file = fopen(path_of(d, "records", 0), "rb");

    if (file == NULL)
        return;
    for (unsigned i = 0; i < SNAPSHOTS_KEPT; i++)
        d->snapshots[i] = number_read(file);
    d->record_count = d->record_cap = (size_t)number_read(file);
    d->records = mem_array(d->record_count + 1, sizeof *d->records);
    for (size_t i = 0; i < d->record_count; i++) {
        d->records[i].number = number_read(file);
        d->records[i].blob = bytes_read(file, (size_t)number_read(file));
    }
    fclose(file);
}

static void state_write(const struct file_disk *d)
{
    FILE *file = fopen(path_of(d, "records", 0), "wb");

    need(file != NULL, "records");
    for (unsigned i = 0; i < SNAPSHOTS_KEPT; i++)
        number_write(file, d->snapshots[i]);
    number_write(file, d->record_count);
    for (size_t i = 0; i < d->record_count; i++) {
        const struct blob *blob = d->records[i].blob;
        number_write(file, d->records[i].number);
        number_write(file, blob->len);
        need(fwrite(blob->data, 1, blob->len, file) == blob->len, "records");
    }
    need(fclose(file) == 0, "records");
}

void file_disk_open(struct file_disk *d, const char *folder)
{
    *d = (struct file_disk){.folder = folder};
    d->blocks = file_open(d, "blocks");
    d->ends = file_open(d, "ends");
    need(fseeko(d->ends, 0, SEEK_END) == 0, "ends");
    d->height = (uint64_t)ftello(d->ends) / 8;
    state_read(d);
}

void file_disk_close(struct file_disk *d, bool keep)
{
    if (keep)
        state_write(d);
    need(fclose(d->blocks) == 0, "blocks");
    need(fclose(d->ends) == 0, "ends");
    for (size_t i = 0; i < d->record_count; i++)
        blob_drop(d->records[i].blob);
    mem_free(d->records);
    *d = (struct file_disk){0};
}

void file_disk_record(struct file_disk *d, uint64_t number, struct bytes record)
{
    if (d->record_count == d->record_cap) {
        d->record_cap = 2 * d->record_cap + 64;
        d->records = mem_resize(d->records, d->record_cap, sizeof *d->records);
    }
    d->records[d->record_count++] = (struct file_record){number, blob_new(record)};
}

void file_disk_forget(struct file_disk *d, uint64_t number)
{
    size_t kept = 0;

    for (size_t i = 0; i < d->record_count; i++) {
        if (d->records[i].number > number)
            d->records[kept++] = d->records[i];
        else
            blob_drop(d->records[i].blob);
    }
    d->record_count = kept;
}

/* ---- blocks */

static uint64_t end_of(struct file_disk *d, uint64_t height)
{
    if (height == 0)
        return 0;
    seek(d->ends, 8 * (height - 1));
    return number_read(d->ends);
}

void file_disk_block(struct file_disk *d, uint64_t height, struct bytes block)
{
    uint64_t end = end_of(d, d->height) + block.len;

    need(height == d->height + 1, "blocks come in their order");
    seek(d->ends, 8 * d->height);
    number_write(d->ends, end);
    need(fwrite(block.data, 1, block.len, d->blocks) == block.len, "blocks");
    d->height = height;
    d->block_bytes += block.len;
}

static enum err store_read(void *context, uint64_t height, struct blob **out)
{
    struct file_disk *d = context;

    if (height == 0 || height > d->height)
        return ERR_MISSING;
    uint64_t begin = end_of(d, height - 1), end = end_of(d, height);
    seek(d->blocks, begin);
    *out = bytes_read(d->blocks, (size_t)(end - begin));
    return ERR_OK;
}

/* ---- snapshots */

void file_disk_snapshot(struct file_disk *d, uint64_t height, struct bytes snapshot)
{
    FILE *file = fopen(path_of(d, "snapshot", height), "wb");

    need(file != NULL && fwrite(snapshot.data, 1, snapshot.len, file) == snapshot.len && fclose(file) == 0, "snapshot");
    if (d->snapshots[SNAPSHOTS_KEPT - 1] > 0)
        need(unlink(path_of(d, "snapshot", d->snapshots[SNAPSHOTS_KEPT - 1])) == 0, "an old snapshot");
    memmove(d->snapshots + 1, d->snapshots, (SNAPSHOTS_KEPT - 1) * sizeof d->snapshots[0]);
    d->snapshots[0] = height;
    d->snapshot_bytes += snapshot.len;
}

static enum err store_snapshot(void *context, unsigned number, uint64_t *height, struct blob **out)
{
    const struct file_disk *d = context;

    if (number >= SNAPSHOTS_KEPT || d->snapshots[number] == 0)
        return ERR_MISSING;
    FILE *file = fopen(path_of(d, "snapshot", d->snapshots[number]), "rb");
    need(file != NULL && fseeko(file, 0, SEEK_END) == 0, "snapshot");
    size_t len = (size_t)ftello(file);
    seek(file, 0);
    *out = bytes_read(file, len);
    *height = d->snapshots[number];
    fclose(file);
    return ERR_OK;
}

struct ledger_store file_disk_store(struct file_disk *d)
{
    return (struct ledger_store){.context = d, .read = store_read, .snapshot = store_snapshot};
}
