#ifndef PRISMFED_SINK_DATABASE_H
#define PRISMFED_SINK_DATABASE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/bytes.h"

/* One connection to a database, whichever kind: statements with values, and transactions. The statements are those that
 * SQLite and PostgreSQL both take; values are $1, $2, ..., which appear in this order. One thread at a time. */

struct value {
    enum { VALUE_NULL, VALUE_NUMBER, VALUE_TEXT, VALUE_BYTES } kind;
    int64_t number;
    struct bytes bytes; /* of a text, too; borrowed */
};

static inline struct value value_number(uint64_t n)
{
    ASSERT(n <= INT64_MAX);
    return (struct value){.kind = VALUE_NUMBER, .number = (int64_t)n};
}
static inline struct value value_text(const char *text) /* NULL: no value */
{
    return text == NULL ? (struct value){.kind = VALUE_NULL}
                        : (struct value){.kind = VALUE_TEXT, .bytes = bytes_of_text(text)};
}
static inline struct value value_bytes(struct bytes bytes)
{
    return (struct value){.kind = VALUE_BYTES, .bytes = bytes};
}

/* A row of an answer, borrowed for the call. What it returns besides ERR_OK ends the statement. */
typedef enum err database_row(void *context, const struct value *columns, unsigned count, struct diag *diag);

/* The text of one statement, its values, and who hears its rows (NULL: nobody). *changed: rows that were written; NULL:
 * nobody asks. */
struct database_kind {
    const char *bytes_type; /* of a column of bytes */
    const char *begin;      /* a transaction that writes */
    enum err (*run)(void *context, const char *text, const struct value *values, unsigned count, database_row *row,
                    void *row_context, uint64_t *changed, struct diag *diag);
    void (*close)(void *context);
};

/* The fields are the database's own. */
struct database {
    const struct database_kind *kind;
    void *context; /* owned, by way of kind->close() */
};

/* How long somebody waits: until *stop, and at most so long for one answer. */
struct patience {
    const atomic_bool *stop; /* borrowed; NULL: nobody ends it */
    unsigned seconds;
};

enum { DATABASE_NAME_MAX = 256 };

/* url: sqlite:PATH, or postgresql://... as libpq reads it; read_only: nothing is made or changed. patience is borrowed.
 * ERR_SYNTAX: no such URL, or a kind that this program was built without; ERR_MISSING: no such file to read; ERR_IO. */
enum err database_open(const char *url, bool read_only, const struct patience *patience, struct database *out,
                       struct diag *diag) MUST_CHECK;
void database_close(struct database *d); /* what is zero is fine */
/* Is it one that database_open() would try? ERR_SYNTAX as there. */
enum err database_check(const char *url, struct diag *diag) MUST_CHECK;
/* The URL without what is nobody's business: user, password and parameters. */
void database_name(const char *url, char out[DATABASE_NAME_MAX]);

enum err database_run(struct database *d, const char *text, const struct value *values, unsigned count,
                      struct diag *diag) MUST_CHECK;
enum err database_change(struct database *d, const char *text, const struct value *values, unsigned count,
                         uint64_t *changed, struct diag *diag) MUST_CHECK;
enum err database_query(struct database *d, const char *text, const struct value *values, unsigned count,
                        database_row *row, void *context, struct diag *diag) MUST_CHECK;

/* ---- for database.c: the kinds */

#define DATABASE_SQLITE "sqlite:"

enum err sqlite_open(const char *path, bool read_only, struct database *out, struct diag *diag) MUST_CHECK;
bool postgresql_is_built(void);
enum err postgresql_open(const char *url, bool read_only, const struct patience *patience, struct database *out,
                         struct diag *diag) MUST_CHECK;

#endif
