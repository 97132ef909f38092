#ifndef PRISMFED_SQL_SQL_H
#define PRISMFED_SQL_SQL_H

#include <sqlite3.h>

#include "base/bytes.h"

/* What a store and a sink need of SQLite, with this project's errors: ERR_SYNTAX: the file is damaged, or no database;
 * ERR_IO: whatever else the system or SQLite refuses, a full disk too. The place and the reason are in diag. A
 * connection and its statements belong to one thread at a time. */

enum sql_mode {
    SQL_CREATE, /* a file that is not there is made, for its owner alone (mode 0600) */
    SQL_WRITE,
    SQL_READ
};

/* path: any file's name; none has a meaning of its own. Errors as above, and ERR_MISSING: there is no such file. */
enum err sql_open(const char *path, enum sql_mode mode, sqlite3 **out, struct diag *diag) MUST_CHECK;
void sql_close(sqlite3 *db); /* NULL is fine; its statements are finalized */

/* Statements that give no rows (or whose rows nobody wants), one behind the other. Errors as above. */
enum err sql_run(sqlite3 *db, const char *text, struct diag *diag) MUST_CHECK;
enum err sql_prepare(sqlite3 *db, const char *text, sqlite3_stmt **out, struct diag *diag) MUST_CHECK;
/* One statement's only value; 0 where it gives no row. Errors as above. */
enum err sql_number(sqlite3 *db, const char *text, int64_t *out, struct diag *diag) MUST_CHECK;

/* To the next row: ERR_MISSING: there is none. Errors as above. Whoever is done with the rows calls sqlite3_reset(). */
enum err sql_step(sqlite3_stmt *statement, struct diag *diag) MUST_CHECK;
/* A statement without rows that is run and reset; what was bound is free again. Errors as above. */
enum err sql_done(sqlite3_stmt *statement, struct diag *diag) MUST_CHECK;

/* Numbers are at most INT64_MAX: heights and sequence numbers are. */
void sql_bind(sqlite3_stmt *statement, int place, uint64_t number);
void sql_bind_bytes(sqlite3_stmt *statement, int place, struct bytes bytes); /* borrowed until it is reset */
uint64_t sql_column(sqlite3_stmt *statement, int place);
struct bytes sql_column_bytes(sqlite3_stmt *statement, int place); /* valid until the next step or reset */

#endif
