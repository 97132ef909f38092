#include "sql/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { BUSY_MS = 5000 }; /* somebody else reads the file and tidies it: store check */

static enum err kind_of(int code)
{
    return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB ? ERR_SYNTAX : ERR_IO;
}

static enum err fail(sqlite3 *db, struct diag *diag)
{
    const char *path = sqlite3_db_filename(db, "main");
    int code = sqlite3_extended_errcode(db), system = sqlite3_system_errno(db);

    path = path != NULL ? path : "";
    if ((code & 0xff) == SQLITE_FULL || system == ENOSPC || system == EDQUOT)
        return diag_set(diag, ERR_IO, "%s: the disk is full", path);
    if (kind_of(code) == ERR_SYNTAX)
        return diag_set(diag, ERR_SYNTAX, "%s: damaged: %s", path, sqlite3_errmsg(db));
    if (system != 0)
        return diag_set(diag, ERR_IO, "%s: %s: %s", path, sqlite3_errmsg(db), strerror(system));
    return diag_set(diag, ERR_IO, "%s: %s", path, sqlite3_errmsg(db));
}

/* ---- a connection */

/* SQLite would make it with the permissions of any file. */
static enum err make(const char *path, struct diag *diag)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0)
        return diag_set(diag, ERR_IO, "%s: %s", path, strerror(errno));
    close(fd);
    return ERR_OK;
}

static enum err open_file(const char *path, int flags, sqlite3 **out, struct diag *diag)
{
    struct buf name = {0};
    enum err err = ERR_OK;
    sqlite3 *db = NULL;

    buf_printf(&name, "%s%s", path[0] == '/' ? "" : "./", path); /* no name is ":memory:" or a URI */
    if (sqlite3_open_v2(buf_text(&name), &db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        err = db != NULL ? diag_set(diag, ERR_IO, "%s: %s", path, sqlite3_errmsg(db)) : ERR_IO;
        sqlite3_close(db);
    } else {
        sqlite3_busy_timeout(db, BUSY_MS);
        sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL); /* the file may be a stranger's */
        sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        *out = db;
    }
    buf_free(&name);
    return err;
}

enum err sql_open(const char *path, enum sql_mode mode, sqlite3 **out, struct diag *diag)
{
    enum err err = mode == SQL_CREATE ? make(path, diag) : ERR_OK;

    if (err != ERR_OK)
        return err;
    if (access(path, F_OK) != 0)
        return diag_set(diag, ERR_MISSING, "%s: %s", path, strerror(errno));
    return open_file(path, mode == SQL_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE, out, diag);
}

void sql_close(sqlite3 *db)
{
    sqlite3_stmt *statement;

    if (db == NULL)
        return;
    while ((statement = sqlite3_next_stmt(db, NULL)) != NULL)
        sqlite3_finalize(statement);
    sqlite3_close(db);
}

/* ---- statements */

enum err sql_run(sqlite3 *db, const char *text, struct diag *diag)
{
    return sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK ? ERR_OK : fail(db, diag);
}

enum err sql_prepare(sqlite3 *db, const char *text, sqlite3_stmt **out, struct diag *diag)
{
    sqlite3_stmt *statement;

    if (sqlite3_prepare_v3(db, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) != SQLITE_OK)
        return fail(db, diag);
    *out = statement;
    return ERR_OK;
}

enum err sql_step(sqlite3_stmt *statement, struct diag *diag)
{
    int code = sqlite3_step(statement);

    if (code == SQLITE_ROW)
        return ERR_OK;
    return code == SQLITE_DONE ? ERR_MISSING : fail(sqlite3_db_handle(statement), diag);
}

enum err sql_done(sqlite3_stmt *statement, struct diag *diag)
{
    enum err err = sql_step(statement, diag);

    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return err == ERR_MISSING ? ERR_OK : err;
}

enum err sql_number(sqlite3 *db, const char *text, int64_t *out, struct diag *diag)
{
    sqlite3_stmt *statement;
    enum err err = sql_prepare(db, text, &statement, diag);

    if (err != ERR_OK)
        return err;
    err = sql_step(statement, diag);
    if (err == ERR_OK || err == ERR_MISSING)
        *out = err == ERR_OK ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return err == ERR_MISSING ? ERR_OK : err;
}

/* ---- values */

void sql_bind(sqlite3_stmt *statement, int place, uint64_t number)
{
    ASSERT(number <= INT64_MAX && sqlite3_bind_int64(statement, place, (sqlite3_int64)number) == SQLITE_OK);
}

void sql_bind_bytes(sqlite3_stmt *statement, int place, struct bytes bytes)
{
    const void *data = bytes.len > 0 ? (const void *)bytes.data : "";

    ASSERT(sqlite3_bind_blob64(statement, place, data, bytes.len, SQLITE_STATIC) == SQLITE_OK);
}

uint64_t sql_column(sqlite3_stmt *statement, int place)
{
    return (uint64_t)sqlite3_column_int64(statement, place);
}

struct bytes sql_column_bytes(sqlite3_stmt *statement, int place)
{
    const void *data = sqlite3_column_blob(statement, place); /* before the size: it may convert */

    return bytes_of(data, (size_t)sqlite3_column_bytes(statement, place));
}
