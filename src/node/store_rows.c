#include "node/store_rows.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/mutate.h"

static const char schema[] =
    "CREATE TABLE meta (name TEXT PRIMARY KEY, bytes BLOB NOT NULL, digest BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE counters (id INTEGER PRIMARY KEY CHECK (id = 0), commits INTEGER NOT NULL, top INTEGER NOT NULL, "
    "base INTEGER NOT NULL, pruned INTEGER NOT NULL, snapshots INTEGER NOT NULL, records INTEGER NOT NULL, "
    "flags INTEGER NOT NULL, last_sequence INTEGER NOT NULL, tally BLOB NOT NULL, digest BLOB NOT NULL);"
    "CREATE TABLE flag (name TEXT PRIMARY KEY, value INTEGER NOT NULL, digest BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE record (sequence INTEGER PRIMARY KEY, number INTEGER NOT NULL, digest BLOB NOT NULL, "
    "bytes BLOB NOT NULL);"
    "CREATE TABLE block (height INTEGER PRIMARY KEY, digest BLOB NOT NULL, bytes BLOB NOT NULL);"
    "CREATE TABLE snapshot (sequence INTEGER PRIMARY KEY, height INTEGER NOT NULL, digest BLOB NOT NULL, "
    "bytes BLOB NOT NULL);";

/* ---- digests */

struct digest store_row_digest(char table, uint64_t a, uint64_t b, struct bytes bytes)
{
    uint8_t head[17] = {(uint8_t)table};
    struct digest_context c;

    be64_put(head + 1, a);
    be64_put(head + 9, b);
    digest_init(&c);
    digest_add(&c, head, sizeof head);
    digest_add(&c, bytes.data, bytes.len);
    return digest_final(&c);
}

void store_tally(struct digest *tally, const struct digest *digest)
{
    for (unsigned i = 0; i < DIGEST_SIZE; i++)
        tally->b[i] ^= digest->b[i];
}

enum err store_row_check(sqlite3_stmt *row, int column, const struct digest *wanted, struct diag *diag, const char *fmt,
                         ...)
{
    struct digest found = digest_from(sql_column_bytes(row, column));
    struct diag place = {0};
    struct buf text = {0};
    va_list args;

    if (MUTATE(STORE_DIGEST_UNCHECKED, true, digest_equal(&found, wanted)))
        return ERR_OK;
    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    diag_set(&place, ERR_MISMATCH, "%s", buf_text(&text));
    buf_free(&text);
    return diag_set(diag, ERR_MISMATCH, "%s: %s: its digest is not that of its bytes",
                    sqlite3_db_filename(sqlite3_db_handle(row), "main"), place.text);
}

/* ---- the counters */

static struct digest counters_digest(const struct store_counters *c)
{
    const uint64_t numbers[] = {c->top, c->base, c->pruned, c->snapshots, c->records, c->flags, c->last_sequence};
    uint8_t bytes[sizeof numbers + DIGEST_SIZE];

    for (unsigned i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        be64_put(bytes + 8 * i, numbers[i]);
    memcpy(bytes + sizeof numbers, c->tally.b, DIGEST_SIZE);
    return store_row_digest('c', c->commits, 0, bytes_of(bytes, sizeof bytes));
}

enum err store_counters_read(sqlite3 *db, struct store_counters *out, struct diag *diag)
{
    struct store_counters c;
    sqlite3_stmt *row;
    enum err err =
        sql_prepare(db,
                    "SELECT commits, top, base, pruned, snapshots, records, flags, last_sequence, tally, digest "
                    "FROM counters WHERE id = 0",
                    &row, diag);

    if (err != ERR_OK)
        return err;
    err = sql_step(row, diag);
    if (err == ERR_MISSING)
        err = diag_set(diag, ERR_MISMATCH, "%s: its counters are gone", sqlite3_db_filename(db, "main"));
    if (err == ERR_OK) {
        c = (struct store_counters){.commits = sql_column(row, 0),
                                    .top = sql_column(row, 1),
                                    .base = sql_column(row, 2),
                                    .pruned = sql_column(row, 3),
                                    .snapshots = sql_column(row, 4),
                                    .records = sql_column(row, 5),
                                    .flags = sql_column(row, 6),
                                    .last_sequence = sql_column(row, 7),
                                    .tally = digest_from(sql_column_bytes(row, 8))};
        struct digest digest = counters_digest(&c);
        err = store_row_check(row, 9, &digest, diag, "the counters");
    }
    sqlite3_finalize(row);
    if (err == ERR_OK)
        *out = c;
    return err;
}

enum err store_counters_prepare(sqlite3 *db, sqlite3_stmt **out, struct diag *diag)
{
    return sql_prepare(db, "INSERT OR REPLACE INTO counters VALUES (0, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)", out,
                       diag);
}

enum err store_counters_write(sqlite3_stmt *put, const struct store_counters *c, struct diag *diag)
{
    const uint64_t numbers[] = {c->commits,   c->top,     c->base,  c->pruned,
                                c->snapshots, c->records, c->flags, c->last_sequence};
    struct digest digest = counters_digest(c);

    for (int i = 0; i < (int)(sizeof numbers / sizeof numbers[0]); i++)
        sql_bind(put, i + 1, numbers[i]);
    sql_bind_bytes(put, 9, digest_bytes(&c->tally));
    sql_bind_bytes(put, 10, digest_bytes(&digest));
    return sql_done(put, diag);
}

/* ---- what it is */

static enum err put_meta(sqlite3 *db, const struct digest *federation_id, struct diag *diag)
{
    struct digest digest = store_row_digest('m', 0, 0, digest_bytes(federation_id));
    sqlite3_stmt *put;
    enum err err = sql_prepare(db, "INSERT INTO meta VALUES ('federation', ?1, ?2)", &put, diag);

    if (err != ERR_OK)
        return err;
    sql_bind_bytes(put, 1, digest_bytes(federation_id));
    sql_bind_bytes(put, 2, digest_bytes(&digest));
    err = sql_done(put, diag);
    sqlite3_finalize(put);
    return err;
}

enum err store_flag_prepare(sqlite3 *db, sqlite3_stmt **out, struct diag *diag)
{
    return sql_prepare(db, "INSERT OR REPLACE INTO flag VALUES (?1, ?2, ?3)", out, diag);
}

enum err store_flag_put(sqlite3_stmt *put, const char *name, uint64_t value, struct diag *diag)
{
    struct digest digest = store_row_digest('f', value, 0, bytes_of_text(name));

    ASSERT(sqlite3_bind_text(put, 1, name, -1, SQLITE_STATIC) == SQLITE_OK);
    sql_bind(put, 2, value);
    sql_bind_bytes(put, 3, digest_bytes(&digest));
    return sql_done(put, diag);
}

static enum err put_recovering(sqlite3 *db, struct diag *diag)
{
    sqlite3_stmt *put;
    enum err err = store_flag_prepare(db, &put, diag);

    if (err != ERR_OK)
        return err;
    err = store_flag_put(put, STORE_RECOVERING, 1, diag);
    sqlite3_finalize(put);
    return err;
}

static enum err put_counters(sqlite3 *db, bool recovers, struct diag *diag)
{
    const struct store_counters none = {.flags = recovers};
    sqlite3_stmt *put;
    enum err err = store_counters_prepare(db, &put, diag);

    if (err != ERR_OK)
        return err;
    err = store_counters_write(put, &none, diag);
    sqlite3_finalize(put);
    return err;
}

enum err store_rows_make(sqlite3 *db, const struct digest *federation_id, bool recovers, struct diag *diag)
{
    char numbers[96];
    enum err err;

    snprintf(numbers, sizeof numbers, "PRAGMA application_id=%d;PRAGMA user_version=%d;", STORE_APPLICATION,
             STORE_VERSION);
    if ((err = sql_run(db, "BEGIN IMMEDIATE", diag)) != ERR_OK || (err = sql_run(db, numbers, diag)) != ERR_OK ||
        (err = sql_run(db, schema, diag)) != ERR_OK || (err = put_meta(db, federation_id, diag)) != ERR_OK ||
        (err = put_counters(db, recovers, diag)) != ERR_OK || (recovers && (err = put_recovering(db, diag)) != ERR_OK))
        return err;
    return sql_run(db, "COMMIT", diag);
}

/* All that a database says of its tables, in one text. */
static enum err tables_of(sqlite3 *db, struct buf *out, struct diag *diag)
{
    sqlite3_stmt *row;
    enum err err = sql_prepare(db, "SELECT type, name, sql FROM sqlite_master ORDER BY name", &row, diag);

    if (err != ERR_OK)
        return err;
    while ((err = sql_step(row, diag)) == ERR_OK) {
        for (int i = 0; i < 3; i++) {
            const char *text = (const char *)sqlite3_column_text(row, i);
            buf_printf(out, "%s\n", text != NULL ? text : "");
        }
    }
    sqlite3_finalize(row);
    return err == ERR_MISSING ? ERR_OK : err;
}

/* A file may come from a stranger (prismfed snapshot restore): a view in place of a table, or a trigger, would run
 * whatever it says. */
static enum err check_tables(sqlite3 *db, struct diag *diag)
{
    struct buf found = {0}, wanted = {0};
    sqlite3 *ours = NULL;
    enum err err = tables_of(db, &found, diag);

    if (err == ERR_OK && sqlite3_open(":memory:", &ours) != SQLITE_OK)
        err = diag_set(diag, ERR_IO, "SQLite: %s", sqlite3_errmsg(ours));
    if (err == ERR_OK)
        err = sql_run(ours, schema, diag);
    if (err == ERR_OK)
        err = tables_of(ours, &wanted, diag);
    if (err == ERR_OK && !bytes_equal(bytes_of_buf(&found), bytes_of_buf(&wanted)))
        err = diag_set(diag, ERR_STATE, "%s: its tables are not those of a store", sqlite3_db_filename(db, "main"));
    sql_close(ours);
    buf_free(&found);
    buf_free(&wanted);
    return err;
}

static enum err check_kind(sqlite3 *db, struct diag *diag)
{
    const char *path = sqlite3_db_filename(db, "main");
    int64_t application, version;
    enum err err = sql_number(db, "PRAGMA application_id", &application, diag);

    if (err == ERR_OK)
        err = sql_number(db, "PRAGMA user_version", &version, diag);
    if (err != ERR_OK)
        return err;
    if (application != STORE_APPLICATION)
        return diag_set(diag, ERR_STATE, "%s: not a store of this program", path);
    if (version != STORE_VERSION)
        return diag_set(diag, ERR_STATE, "%s: a store of version %" PRId64 ", this program knows %d", path, version,
                        STORE_VERSION);
    return check_tables(db, diag);
}

static enum err read_federation(sqlite3 *db, struct digest *out, struct diag *diag)
{
    sqlite3_stmt *row;
    enum err err = sql_prepare(db, "SELECT bytes, digest FROM meta WHERE name = 'federation'", &row, diag);

    if (err != ERR_OK)
        return err;
    err = sql_step(row, diag);
    if (err == ERR_MISSING)
        err = diag_set(diag, ERR_MISMATCH, "%s: it does not say whose store it is", sqlite3_db_filename(db, "main"));
    if (err == ERR_OK) {
        struct bytes id = sql_column_bytes(row, 0);
        struct digest digest = store_row_digest('m', 0, 0, id);
        *out = digest_from(id);
        err = store_row_check(row, 1, &digest, diag, "the federation's id");
    }
    sqlite3_finalize(row);
    return err;
}

enum err store_rows_check(sqlite3 *db, const struct digest *federation_id, struct digest *federation_id_out,
                          struct diag *diag)
{
    char hex[2][2 * DIGEST_SIZE + 1];
    struct digest found;
    enum err err = check_kind(db, diag);

    if (err == ERR_OK)
        err = read_federation(db, &found, diag);
    if (err != ERR_OK)
        return err;
    if (federation_id_out != NULL)
        *federation_id_out = found;
    if (federation_id == NULL || digest_equal(federation_id, &found))
        return ERR_OK;
    digest_hex(&found, hex[0]);
    digest_hex(federation_id, hex[1]);
    return diag_set(diag, ERR_STATE, "%s: the store of federation %s, not of %s", sqlite3_db_filename(db, "main"),
                    hex[0], hex[1]);
}

/* ---- is it all there? */

static enum err check_number(sqlite3 *db, const char *statement, uint64_t wanted, const char *what, struct diag *diag)
{
    int64_t found;
    enum err err = sql_number(db, statement, &found, diag);

    if (err != ERR_OK || (uint64_t)found == wanted)
        return err;
    return diag_set(diag, ERR_MISMATCH, "%s: %s is %" PRId64 ", and should be %" PRIu64,
                    sqlite3_db_filename(db, "main"), what, found, wanted);
}

enum err store_counters_check(sqlite3 *db, const struct store_counters *c, struct diag *diag)
{
    enum err err = check_number(db, "SELECT count(*) FROM snapshot", c->snapshots, "the number of its snapshots", diag);

    if (err == ERR_OK)
        err = MUTATE(STORE_FLAGS_UNCOUNTED, ERR_OK,
                     check_number(db, "SELECT count(*) FROM flag", c->flags, "the number of its flags", diag));
    if (err == ERR_OK && (c->base == 0 || c->top != c->base))
        err = check_number(db, "SELECT max(height) FROM block", c->top, "the height of its last block", diag);
    return err;
}

/* Blocks below an installed state come from the lowest one on. */
enum err store_whole(sqlite3 *db, const struct store_counters *c, uint64_t *out, struct diag *diag)
{
    int64_t last = 0;
    char text[96];
    enum err err;

    snprintf(text, sizeof text, "SELECT max(height) FROM block WHERE height <= %" PRIu64, c->base);
    err = sql_number(db, text, &last, diag);
    if (err != ERR_OK)
        return err;
    uint64_t whole = (uint64_t)last > c->pruned ? (uint64_t)last : c->pruned;
    *out = whole >= c->base ? c->top : whole;
    return ERR_OK;
}

/* ---- what may go */

enum err store_needed(sqlite3 *db, const struct store_counters *c, uint64_t *out, struct diag *diag)
{
    uint64_t whole = 0;
    int64_t lowest = 0;
    enum err err = store_whole(db, c, &whole, diag);

    if (err == ERR_OK)
        err = sql_number(db, "SELECT min(height) FROM snapshot", &lowest, diag);
    if (err == ERR_OK)
        *out = (uint64_t)lowest > (whole < c->top ? c->base : 0) ? (uint64_t)lowest : c->pruned + 1;
    return err;
}

enum err store_may_prune(sqlite3 *db, uint64_t height, struct diag *diag)
{
    struct store_counters c;
    uint64_t needed = 0;
    enum err err = store_counters_read(db, &c, diag);

    if (err == ERR_OK)
        err = store_needed(db, &c, &needed, diag);
    if (err != ERR_OK || MUTATE(STORE_PRUNES_WHAT_IS_NEEDED, true, height < needed))
        return err;
    return diag_set(diag, ERR_STATE, "%s: a start may need the blocks from %" PRIu64 " on",
                    sqlite3_db_filename(db, "main"), needed);
}
