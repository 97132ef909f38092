/* A sink in one SQLite file. */
#include "sink/database.h"
#include "sql/sql.h"

static void bind(sqlite3_stmt *statement, int place, const struct value *v)
{
    switch (v->kind) {
    case VALUE_NULL:
        ASSERT(sqlite3_bind_null(statement, place) == SQLITE_OK);
        break;
    case VALUE_NUMBER:
        sql_bind(statement, place, (uint64_t)v->number);
        break;
    case VALUE_TEXT:
        ASSERT(sqlite3_bind_text64(statement, place, (const char *)v->bytes.data, v->bytes.len, SQLITE_STATIC,
                                   SQLITE_UTF8) == SQLITE_OK);
        break;
    case VALUE_BYTES:
        sql_bind_bytes(statement, place, v->bytes);
        break;
    }
}

static struct value column(sqlite3_stmt *statement, int place)
{
    switch (sqlite3_column_type(statement, place)) {
    case SQLITE_NULL:
        return (struct value){.kind = VALUE_NULL};
    case SQLITE_INTEGER:
        return (struct value){.kind = VALUE_NUMBER, .number = sqlite3_column_int64(statement, place)};
    case SQLITE_BLOB:
        return value_bytes(sql_column_bytes(statement, place));
    default:
        return value_text((const char *)sqlite3_column_text(statement, place));
    }
}

enum { COLUMNS_MAX = 16 };

static enum err give(sqlite3_stmt *statement, database_row *row, void *context, struct diag *diag)
{
    struct value columns[COLUMNS_MAX];
    int count = sqlite3_column_count(statement);

    ASSERT(count <= COLUMNS_MAX);
    for (int i = 0; i < count; i++)
        columns[i] = column(statement, i);
    return row(context, columns, (unsigned)count, diag);
}

static enum err run(void *context, const char *text, const struct value *values, unsigned count, database_row *row,
                    void *row_context, uint64_t *changed, struct diag *diag)
{
    sqlite3 *db = context;
    sqlite3_stmt *statement;
    enum err err = sql_prepare(db, text, &statement, diag);

    if (err != ERR_OK)
        return err;
    for (unsigned i = 0; i < count; i++)
        bind(statement, (int)i + 1, &values[i]);
    while ((err = sql_step(statement, diag)) == ERR_OK) {
        if (row != NULL && (err = give(statement, row, row_context, diag)) != ERR_OK)
            break;
    }
    if (err == ERR_MISSING) {
        err = ERR_OK;
        if (changed != NULL)
            *changed = (uint64_t)sqlite3_changes(db);
    } else if (err == ERR_IO && (sqlite3_errcode(db) & 0xff) == SQLITE_CONSTRAINT) {
        err = ERR_MISMATCH;
    }
    sqlite3_finalize(statement);
    return err;
}

static void close_file(void *context)
{
    sql_close(context);
}

static const struct database_kind kind = {"BLOB", "BEGIN IMMEDIATE", run, close_file};

enum err sqlite_open(const char *path, bool read_only, struct database *out, struct diag *diag)
{
    sqlite3 *db = NULL;
    enum err err = sql_open(path, read_only ? SQL_READ : SQL_CREATE, &db, diag);

    if (err == ERR_OK && !read_only)
        err = sql_run(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL", diag);
    if (err == ERR_OK)
        *out = (struct database){&kind, db};
    else
        sql_close(db);
    return err;
}
