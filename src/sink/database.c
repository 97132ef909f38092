#include "sink/database.h"

#include <stdio.h>

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool is_postgresql(const char *url)
{
    return begins(url, "postgresql://") || begins(url, "postgres://");
}

enum err database_check(const char *url, struct diag *diag)
{
    char name[DATABASE_NAME_MAX];

    database_name(url, name);
    if (begins(url, DATABASE_SQLITE) && url[strlen(DATABASE_SQLITE)] != '\0')
        return ERR_OK;
    if (!is_postgresql(url))
        return diag_set(diag, ERR_SYNTAX, "sink \"%s\": expected sqlite:FILE or postgresql://HOST/DATABASE", name);
    if (!postgresql_is_built())
        return diag_set(diag, ERR_SYNTAX, "sink \"%s\": this program was built without libpq, which it takes", name);
    return ERR_OK;
}

void database_name(const char *url, char out[DATABASE_NAME_MAX])
{
    const char *from = url, *at = strrchr(url, '@');
    size_t scheme = 0;

    if (is_postgresql(url)) {
        scheme = (size_t)(strstr(url, "://") - url) + 3;
        from = at != NULL ? at + 1 : url + scheme;
        snprintf(out, DATABASE_NAME_MAX, "%.*s%.*s", (int)scheme, url, (int)strcspn(from, "?"), from);
    } else {
        snprintf(out, DATABASE_NAME_MAX, "%s", url);
    }
}

enum err database_open(const char *url, bool read_only, const struct patience *patience, struct database *out,
                       struct diag *diag)
{
    enum err err = database_check(url, diag);

    if (err != ERR_OK)
        return err;
    if (is_postgresql(url))
        return postgresql_open(url, read_only, patience, out, diag);
    return sqlite_open(url + strlen(DATABASE_SQLITE), read_only, out, diag);
}

void database_close(struct database *d)
{
    if (d->kind != NULL)
        d->kind->close(d->context);
    *d = (struct database){0};
}

enum err database_run(struct database *d, const char *text, const struct value *values, unsigned count,
                      struct diag *diag)
{
    return d->kind->run(d->context, text, values, count, NULL, NULL, NULL, diag);
}

enum err database_change(struct database *d, const char *text, const struct value *values, unsigned count,
                         uint64_t *changed, struct diag *diag)
{
    return d->kind->run(d->context, text, values, count, NULL, NULL, changed, diag);
}

enum err database_query(struct database *d, const char *text, const struct value *values, unsigned count,
                        database_row *row, void *context, struct diag *diag)
{
    return d->kind->run(d->context, text, values, count, row, context, NULL, diag);
}
