#include "node/store_file.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/mutate.h"

/* Of a file that is another program's nothing is changed. A WAL that grew while somebody read (store check) is cut
 * again. */
static enum err set_up(sqlite3 *db, const struct digest *federation_id, bool is_first, bool *is_new, struct diag *diag)
{
    int64_t tables;
    enum err err = sql_number(db, "SELECT count(*) FROM sqlite_master", &tables, diag);

    if (err != ERR_OK)
        return err;
    *is_new = tables == 0 && federation_id != NULL;
    if (!*is_new)
        err = store_rows_check(db, federation_id, NULL, diag);
    if (err == ERR_OK)
        err = sql_run(db, "PRAGMA journal_mode=WAL;PRAGMA cell_size_check=ON;PRAGMA journal_size_limit=16777216", diag);
    if (err == ERR_OK)
        err = sql_run(db, MUTATE(STORE_UNSYNCED, "PRAGMA synchronous=NORMAL", "PRAGMA synchronous=FULL"), diag);
    return err == ERR_OK && *is_new
               ? store_rows_make(db, federation_id, MUTATE(STORE_LOSS_UNSAID, false, !is_first), diag)
               : err;
}

static enum err check_mark(const struct store_file *f, const char *path, struct diag *diag)
{
    uint64_t commits = 0;
    enum err err = store_mark_read(&f->mark, &commits, diag);

    if (err != ERR_OK || MUTATE(STORE_OLDER_IS_FINE, true, f->writer.counters.commits >= commits))
        return err;
    return diag_set(diag, ERR_STATE,
                    "%s: it has lost what was durable: it ends with transaction %" PRIu64 ", and there were %" PRIu64
                    "; once this file and %s-mark are moved away, the node can start as one that has lost its disk",
                    path, f->writer.counters.commits, commits, path);
}

static enum err open_locked(const char *path, const struct digest *federation_id, bool is_first, struct store_file *f,
                            struct diag *diag)
{
    sqlite3 *db;
    enum err err = sql_open(path, federation_id != NULL ? SQL_CREATE : SQL_WRITE, &db, diag);

    if (err != ERR_OK)
        return err;
    err = set_up(db, federation_id, is_first, &f->is_new, diag);
    if (err != ERR_OK) {
        sql_close(db);
        return err;
    }
    err = store_writer_init(&f->writer, db, diag);
    return err == ERR_OK ? check_mark(f, path, diag) : err;
}

enum err store_file_open(const char *path, const struct digest *federation_id, bool is_first, struct store_file *out,
                         struct diag *diag)
{
    struct store_file f = {.mark.fd = -1};
    enum err err;

    if (federation_id == NULL && access(path, F_OK) != 0)
        return diag_set(diag, ERR_MISSING, "%s: %s", path, strerror(errno));
    err = store_mark_open(path, &f.mark, diag);
    if (err == ERR_OK)
        err = open_locked(path, federation_id, is_first, &f, diag);
    if (err == ERR_OK)
        *out = f;
    else
        store_file_close(&f);
    return err;
}

void store_file_close(struct store_file *f)
{
    store_writer_fini(&f->writer);
    store_mark_close(&f->mark);
}

enum err store_file_commit(struct store_file *f, struct diag *diag)
{
    if (MUTATE(STORE_MARK_AHEAD, true, false))
        store_mark_write(&f->mark, f->writer.counters.commits + 1);
    enum err err = store_writer_commit(&f->writer, diag);
    if (err == ERR_OK)
        store_mark_write(&f->mark, f->writer.counters.commits);
    return err;
}
