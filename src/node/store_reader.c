#include "node/store_reader.h"

#include <inttypes.h>

#include "base/mutate.h"

/* ---- blocks and snapshots, as the ledger's store */

static enum err read_block(void *context, uint64_t height, struct blob **block)
{
    struct store_reader *r = context;

    if (height > INT64_MAX)
        return ERR_MISSING;
    sql_bind(r->block, 1, height);
    enum err err = sql_step(r->block, NULL);
    if (err == ERR_OK) {
        struct bytes bytes = sql_column_bytes(r->block, 1);
        struct digest digest = store_row_digest('b', height, 0, bytes);
        err = store_row_check(r->block, 0, &digest, NULL, "block %" PRIu64, height);
        if (err == ERR_OK)
            *block = blob_new(bytes);
    }
    sqlite3_reset(r->block);
    return err;
}

/* A height that cannot be had, either, is beyond all others: then no node takes its blocks for all that there were. */
static uint64_t height_of(struct store_reader *r, unsigned number)
{
    sql_bind(r->snapshot_height, 1, number);
    uint64_t height = sql_step(r->snapshot_height, NULL) == ERR_OK ? sql_column(r->snapshot_height, 0) : UINT64_MAX;
    sqlite3_reset(r->snapshot_height);
    return height;
}

static enum err read_snapshot(void *context, unsigned number, uint64_t *height, struct blob **snapshot)
{
    struct store_reader *r = context;

    sql_bind(r->snapshot, 1, number);
    enum err err = sql_step(r->snapshot, NULL);
    if (err == ERR_OK) {
        uint64_t found = sql_column(r->snapshot, 1);
        struct bytes bytes = sql_column_bytes(r->snapshot, 3);
        struct digest digest = store_row_digest('s', sql_column(r->snapshot, 0), found, bytes);
        err = store_row_check(r->snapshot, 2, &digest, NULL, "snapshot at height %" PRIu64, found);
        if (err == ERR_OK) {
            *snapshot = blob_new(bytes);
            *height = found;
        }
    }
    sqlite3_reset(r->snapshot);
    if (err != ERR_OK && err != ERR_MISSING)
        *height = height_of(r, number);
    return err;
}

enum err store_reader_init(struct store_reader *r, sqlite3 *db, struct diag *diag)
{
    enum err err;

    *r = (struct store_reader){.db = db};
    r->ledger = (struct ledger_store){.context = r, .read = read_block, .snapshot = read_snapshot};
    if ((err = sql_prepare(db, "SELECT digest, bytes FROM block WHERE height = ?1", &r->block, diag)) != ERR_OK ||
        (err = sql_prepare(db,
                           "SELECT sequence, height, digest, bytes FROM snapshot "
                           "ORDER BY sequence DESC LIMIT 1 OFFSET ?1",
                           &r->snapshot, diag)) != ERR_OK ||
        (err = sql_prepare(db, "SELECT height FROM snapshot ORDER BY sequence DESC LIMIT 1 OFFSET ?1",
                           &r->snapshot_height, diag)) != ERR_OK ||
        (err = sql_prepare(db, "SELECT value, digest FROM flag WHERE name = ?1", &r->flag, diag)) != ERR_OK)
        store_reader_fini(r);
    return err;
}

enum err store_reader_open(struct store_reader *r, const char *path, const struct digest *federation_id,
                           struct digest *out, struct diag *diag)
{
    sqlite3 *db;
    enum err err = sql_open(path, SQL_READ, &db, diag);

    if (err != ERR_OK)
        return err;
    err = store_rows_check(db, federation_id, out, diag);
    if (err != ERR_OK) {
        sql_close(db);
        return err;
    }
    err = store_reader_init(r, db, diag);
    if (err == ERR_OK)
        err = sql_run(db, "BEGIN", diag);
    if (err != ERR_OK)
        store_reader_fini(r);
    return err;
}

void store_reader_fini(struct store_reader *r)
{
    sql_close(r->db);
    *r = (struct store_reader){0};
}

/* ---- records */

struct tally {
    uint64_t count;
    struct digest sum;
};

static enum err read_record(sqlite3_stmt *row, struct tally *t, struct bytes *out, struct diag *diag)
{
    uint64_t sequence = sql_column(row, 0), number = sql_column(row, 1);
    struct bytes bytes = sql_column_bytes(row, 3);
    struct digest digest = store_row_digest('r', sequence, number, bytes);

    t->count++;
    store_tally(&t->sum, &digest);
    *out = bytes;
    return store_row_check(row, 2, &digest, diag, "record %" PRIu64 " of the node's own", sequence);
}

static enum err check_tally(struct store_reader *r, const struct tally *t, struct diag *diag)
{
    struct store_counters c;
    enum err err = store_counters_read(r->db, &c, diag);

    if (err != ERR_OK)
        return err;
    if (MUTATE(STORE_RECORDS_UNCOUNTED, true, t->count == c.records && digest_equal(&t->sum, &c.tally)))
        return ERR_OK;
    return diag_set(diag, ERR_MISMATCH,
                    "%s: %" PRIu64 " records of the node's own are there, and they are not the %" PRIu64
                    " that should be",
                    sqlite3_db_filename(r->db, "main"), t->count, c.records);
}

static enum err read_all(struct store_reader *r, sqlite3_stmt *row,
                         enum err (*each)(void *context, struct bytes record), void *context, struct diag *diag)
{
    struct tally tally = {0};
    struct bytes record;
    enum err err;

    while ((err = sql_step(row, diag)) == ERR_OK && (err = read_record(row, &tally, &record, diag)) == ERR_OK) {
        err = each(context, record);
        if (err != ERR_OK)
            return diag_set(diag, err, "record %" PRIu64 " of the node's own is refused: %s", sql_column(row, 0),
                            err_text(err));
    }
    return err == ERR_MISSING ? check_tally(r, &tally, diag) : err;
}

enum err store_reader_records(struct store_reader *r, enum err (*each)(void *context, struct bytes record),
                              void *context, struct diag *diag)
{
    sqlite3_stmt *row;
    enum err err = sql_run(r->db, "SAVEPOINT records", diag); /* rows and counters of one moment */

    if (err != ERR_OK)
        return err;
    err = sql_prepare(r->db,
                      MUTATE(STORE_RECORDS_IN_ANY_ORDER,
                             "SELECT sequence, number, digest, bytes FROM record ORDER BY number, sequence",
                             "SELECT sequence, number, digest, bytes FROM record ORDER BY sequence"),
                      &row, diag);
    if (err == ERR_OK) {
        err = read_all(r, row, each, context, diag);
        sqlite3_finalize(row);
    }
    enum err end = sql_run(r->db, "RELEASE records", err == ERR_OK ? diag : NULL);
    return err == ERR_OK ? end : err;
}

/* ---- flags */

enum err store_reader_flag(struct store_reader *r, const char *name, uint64_t *value, struct diag *diag)
{
    ASSERT(sqlite3_bind_text(r->flag, 1, name, -1, SQLITE_STATIC) == SQLITE_OK);
    enum err err = sql_step(r->flag, diag);
    if (err == ERR_OK) {
        uint64_t found = sql_column(r->flag, 0);
        struct digest digest = store_row_digest('f', found, 0, bytes_of_text(name));
        err = store_row_check(r->flag, 1, &digest, diag, "flag %s", name);
        if (err == ERR_OK)
            *value = found;
    } else if (err == ERR_MISSING) {
        *value = 0;
        err = ERR_OK;
    }
    sqlite3_reset(r->flag);
    return err;
}
