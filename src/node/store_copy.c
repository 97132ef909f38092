#include "node/store_copy.h"

#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "node/store_reader.h"
#include "node/store_writer.h"

/* The writes that led to the store are done again, in the order of their heights. */

struct copy {
    struct store_reader from;
    struct store_writer to;
    struct store_counters counters; /* of the one that is copied */
    uint64_t whole;
    uint64_t next; /* block */
    uint64_t snapshots;
};

static enum err take_block(struct copy *c, uint64_t height, struct diag *diag)
{
    struct blob *block;
    enum err err = c->from.ledger.read(c->from.ledger.context, height, &block);

    if (err != ERR_OK)
        return diag_set(diag, err, "block %" PRIu64 ": %s", height, err_text(err));
    err = store_writer_block(&c->to, height, blob_bytes(block), diag);
    blob_drop(block);
    return err;
}

/* The blocks below an installed state may be missing; in a copy they are as well. */
static enum err take_blocks(struct copy *c, uint64_t to, struct diag *diag)
{
    enum err err = ERR_OK;

    for (; c->next <= to && err == ERR_OK; c->next++) {
        if (c->next > c->whole && c->next <= c->counters.base)
            continue;
        err = take_block(c, c->next, diag);
    }
    return err;
}

static enum err take_snapshot(struct copy *c, uint64_t height, struct blob *snapshot, uint64_t to, struct diag *diag)
{
    enum err err = take_blocks(c, height < to ? height : to, diag);

    if (err == ERR_OK)
        err = store_writer_snapshot(&c->to, ++c->snapshots, height, blob_bytes(snapshot), diag);
    if (c->next <= height)
        c->next = height + 1;
    return err;
}

/* The oldest first. */
static enum err take_snapshots(struct copy *c, const struct store_part *part, struct diag *diag)
{
    enum err err = ERR_OK;

    for (unsigned i = part->snapshots; i-- > 0 && err == ERR_OK;) {
        struct blob *snapshot = NULL;
        uint64_t height = 0;
        err = c->from.ledger.snapshot(c->from.ledger.context, i, &height, &snapshot);
        if (err == ERR_MISSING) {
            err = ERR_OK;
            continue;
        }
        if (err != ERR_OK)
            return diag_set(diag, err, "snapshot at height %" PRIu64 ": %s", height, err_text(err));
        err = take_snapshot(c, height, snapshot, part->to, diag);
        blob_drop(snapshot);
    }
    return err;
}

static enum err take_all(struct copy *c, const struct store_part *part, struct diag *diag)
{
    enum err err = store_writer_begin(&c->to, diag);

    if (err != ERR_OK)
        return err;
    c->next = part->from;
    if (part->pruned)
        store_writer_start_above(&c->to, part->from - 1);
    err = take_snapshots(c, part, diag);
    if (err == ERR_OK)
        err = take_blocks(c, part->to, diag);
    return err == ERR_OK ? store_writer_commit(&c->to, diag) : err;
}

static enum err open_from(struct copy *c, const char *path, struct digest *id, struct diag *diag)
{
    enum err err = store_reader_open(&c->from, path, NULL, id, diag);

    if (err == ERR_OK)
        err = store_counters_read(c->from.db, &c->counters, diag);
    return err == ERR_OK ? store_whole(c->from.db, &c->counters, &c->whole, diag) : err;
}

static enum err open_to(struct copy *c, const char *path, const struct digest *id, struct diag *diag)
{
    sqlite3 *db;
    enum err err = sql_open(path, SQL_CREATE, &db, diag);

    if (err != ERR_OK)
        return err;
    err = sql_run(db, "PRAGMA synchronous=FULL", diag);
    if (err == ERR_OK)
        err = store_rows_make(db, id, true, diag);
    if (err == ERR_OK)
        return store_writer_init(&c->to, db, diag);
    sql_close(db);
    return err;
}

static enum err copy_to(const char *path, const char *new_path, const struct store_part *part, struct diag *diag)
{
    struct copy c = {0};
    struct digest id;
    enum err err = open_from(&c, path, &id, diag);

    if (err == ERR_OK)
        err = open_to(&c, new_path, &id, diag);
    if (err == ERR_OK)
        err = take_all(&c, part, diag);
    store_writer_fini(&c.to);
    store_reader_fini(&c.from);
    return err;
}

/* Under its name at once, and only if there is none yet. */
static enum err publish(const char *new_path, const char *path, struct diag *diag)
{
    struct buf folder = {0};
    enum err err = ERR_OK;

    if (link(new_path, path) != 0)
        return diag_set(diag, errno == EEXIST ? ERR_STATE : ERR_IO, "%s: %s", path, strerror(errno));
    (void)unlink(new_path);
    buf_add_text(&folder, path);
    (void)buf_text(&folder);
    err = file_sync_folder(dirname((char *)folder.data), diag);
    buf_free(&folder);
    return err;
}

enum err store_copy(const char *path, const char *to_path, const struct store_part *part, struct diag *diag)
{
    struct buf name = {0};
    enum err err;

    if (access(to_path, F_OK) == 0)
        return diag_set(diag, ERR_STATE, "%s: it exists", to_path);
    buf_printf(&name, "%s.%ld.tmp", to_path, (long)getpid());
    (void)unlink(buf_text(&name));
    err = copy_to(path, buf_text(&name), part, diag);
    if (err == ERR_OK)
        err = publish(buf_text(&name), to_path, diag);
    (void)unlink(buf_text(&name));
    buf_free(&name);
    return err;
}
