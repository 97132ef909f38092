/* A sink in a PostgreSQL database, through libpq (https://www.postgresql.org/docs/15/libpq-async.html). No call blocks:
 * a server that hangs is waited for in short steps, so that whoever waits can be stopped, and no longer than patience
 * says. */
#include "sink/database.h"

bool postgresql_is_built(void)
{
#ifdef PRISMFED_WITH_POSTGRESQL
    return true;
#else
    return false;
#endif
}

#ifndef PRISMFED_WITH_POSTGRESQL

enum err postgresql_open(const char *url, bool read_only, const struct patience *patience, struct database *out,
                         struct diag *diag)
{
    (void)url, (void)read_only, (void)patience, (void)out;
    return diag_set(diag, ERR_SYNTAX, "this program was built without libpq");
}

#else

#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>

#include "base/text.h"

enum { STEP_MS = 100, VALUES_MAX = 16, OID_BYTES = 17, OID_NUMBER = 20, OID_TEXT = 25 };

struct connection {
    PGconn *pq; /* owned */
    const struct patience *patience;
};

/* The server's words, on one line. */
static enum err fail(const struct connection *c, struct diag *diag)
{
    const char *text = PQerrorMessage(c->pq);

    return diag_set(diag, ERR_IO, "PostgreSQL: %.*s", (int)strcspn(text, "\n"), text);
}

/* ---- waiting */

/* Until the socket is ready; what the steps took together is in *waited_ms. */
static enum err wait_for(struct connection *c, short events, unsigned *waited_ms, struct diag *diag)
{
    for (;;) {
        struct pollfd fd = {.fd = PQsocket(c->pq), .events = events};

        if (c->patience->stop != NULL && atomic_load(c->patience->stop))
            return diag_set(diag, ERR_AGAIN, "PostgreSQL: stopped while it waited for an answer");
        int ready = poll(&fd, 1, STEP_MS);
        if (ready > 0)
            return ERR_OK;
        if (ready < 0 && errno != EINTR)
            return diag_set(diag, ERR_IO, "PostgreSQL: poll: %s", strerror(errno));
        *waited_ms += STEP_MS;
        if (*waited_ms / 1000 >= c->patience->seconds)
            return diag_set(diag, ERR_IO, "PostgreSQL: no answer for %u seconds", c->patience->seconds);
    }
}

static enum err connect_now(struct connection *c, struct diag *diag)
{
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    unsigned waited_ms = 0;
    enum err err = ERR_OK;

    if (PQstatus(c->pq) == CONNECTION_BAD)
        return fail(c, diag);
    while (err == ERR_OK && status != PGRES_POLLING_OK) {
        err = wait_for(c, status == PGRES_POLLING_READING ? POLLIN : POLLOUT, &waited_ms, diag);
        if (err == ERR_OK)
            status = PQconnectPoll(c->pq);
        if (err == ERR_OK && status == PGRES_POLLING_FAILED)
            err = fail(c, diag);
    }
    if (err == ERR_OK && PQsetnonblocking(c->pq, 1) != 0)
        err = fail(c, diag);
    return err;
}

/* What was asked is on its way to the server. */
static enum err flush(struct connection *c, unsigned *waited_ms, struct diag *diag)
{
    int left;

    while ((left = PQflush(c->pq)) > 0) {
        enum err err = wait_for(c, POLLIN | POLLOUT, waited_ms, diag);

        if (err != ERR_OK)
            return err;
        if (PQconsumeInput(c->pq) == 0)
            return fail(c, diag);
    }
    return left == 0 ? ERR_OK : fail(c, diag);
}

static enum err next_result(struct connection *c, unsigned *waited_ms, PGresult **out, struct diag *diag)
{
    while (PQisBusy(c->pq) != 0) {
        enum err err = wait_for(c, POLLIN, waited_ms, diag);

        if (err != ERR_OK)
            return err;
        if (PQconsumeInput(c->pq) == 0)
            return fail(c, diag);
    }
    *out = PQgetResult(c->pq);
    return ERR_OK;
}

/* ---- values, in the binary form of the protocol */

struct sent {
    Oid types[VALUES_MAX];
    const char *values[VALUES_MAX];
    int sizes[VALUES_MAX], forms[VALUES_MAX];
    uint8_t numbers[VALUES_MAX][8];
};

static enum err put(struct sent *s, unsigned i, const struct value *v, struct diag *diag)
{
    static const Oid types[] = {
        [VALUE_NULL] = 0, [VALUE_NUMBER] = OID_NUMBER, [VALUE_TEXT] = OID_TEXT, [VALUE_BYTES] = OID_BYTES};

    if (v->bytes.len > INT32_MAX)
        return diag_set(diag, ERR_LIMIT, "PostgreSQL takes no value of more than 2 GiB");
    s->types[i] = types[v->kind];
    s->forms[i] = 1;
    s->sizes[i] = v->kind == VALUE_NUMBER ? 8 : (int)v->bytes.len;
    s->values[i] = v->kind == VALUE_NUMBER ? (const char *)s->numbers[i]
                   : v->kind == VALUE_NULL ? NULL
                   : v->bytes.len == 0 ? ""
                                       : (const char *)v->bytes.data;
    be64_put(s->numbers[i], (uint64_t)v->number);
    return ERR_OK;
}

static enum err take(const PGresult *result, int row, int i, struct value *out, struct diag *diag)
{
    struct bytes bytes = bytes_of(PQgetvalue(result, row, i), (size_t)PQgetlength(result, row, i));

    *out = (struct value){.kind = VALUE_NULL};
    if (PQgetisnull(result, row, i))
        return ERR_OK;
    *out = (struct value){.kind = PQftype(result, i) == OID_TEXT ? VALUE_TEXT : VALUE_BYTES, .bytes = bytes};
    if (PQftype(result, i) != OID_NUMBER)
        return ERR_OK;
    if (bytes.len != 8)
        return diag_set(diag, ERR_TYPE, "PostgreSQL: a column of numbers is not a BIGINT");
    *out = (struct value){.kind = VALUE_NUMBER, .number = (int64_t)be64_get(bytes.data)};
    return ERR_OK;
}

static enum err give(const PGresult *result, database_row *row, void *context, struct diag *diag)
{
    enum err err = ERR_OK;

    for (int r = 0; r < PQntuples(result) && err == ERR_OK; r++) {
        struct value columns[VALUES_MAX];
        int count = PQnfields(result);

        ASSERT(count <= VALUES_MAX);
        for (int i = 0; i < count && err == ERR_OK; i++)
            err = take(result, r, i, &columns[i], diag);
        if (err == ERR_OK)
            err = row(context, columns, (unsigned)count, diag);
    }
    return err;
}

/* ---- statements */

static enum err use(struct connection *c, const PGresult *result, database_row *row, void *context, uint64_t *changed,
                    struct diag *diag)
{
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        enum err err = fail(c, diag);

        return code != NULL && strncmp(code, "23", 2) == 0 ? ERR_MISMATCH : err; /* a constraint of the schema */
    }
    if (changed != NULL) {
        const char *tuples = PQcmdTuples((PGresult *)(uintptr_t)result);

        if (u64_parse(tuples, changed) != ERR_OK)
            *changed = 0;
    }
    return row != NULL ? give(result, row, context, diag) : ERR_OK;
}

static enum err run(void *context, const char *text, const struct value *values, unsigned count, database_row *row,
                    void *row_context, uint64_t *changed, struct diag *diag)
{
    struct connection *c = context;
    struct sent s;
    unsigned waited_ms = 0;
    enum err err = ERR_OK;
    PGresult *result = NULL;

    ASSERT(count <= VALUES_MAX);
    for (unsigned i = 0; i < count && err == ERR_OK; i++)
        err = put(&s, i, &values[i], diag);
    if (err != ERR_OK)
        return err;
    if (PQsendQueryParams(c->pq, text, (int)count, s.types, s.values, s.sizes, s.forms, 1) == 0)
        return fail(c, diag);
    err = flush(c, &waited_ms, diag);
    while (err == ERR_OK && (err = next_result(c, &waited_ms, &result, diag)) == ERR_OK && result != NULL) {
        err = use(c, result, row, row_context, changed, diag);
        PQclear(result);
    }
    return err;
}

static void close_connection(void *context)
{
    struct connection *c = context;

    PQfinish(c->pq);
    mem_free(c);
}

static const struct database_kind kind = {"BYTEA", "BEGIN", run, close_connection};

enum err postgresql_open(const char *url, bool read_only, const struct patience *patience, struct database *out,
                         struct diag *diag)
{
    struct connection *c = mem_alloc(sizeof *c);
    struct database d = {&kind, c};
    enum err err;

    *c = (struct connection){PQconnectStart(url), patience};
    if (c->pq == NULL)
        mem_none_left();
    err = connect_now(c, diag);
    if (err == ERR_OK) /* a commit that was answered has reached the disk, whatever the server does at first */
        err = database_run(&d, "SET synchronous_commit = on", NULL, 0, diag);
    if (err == ERR_OK)
        err = database_run(&d, "SET client_min_messages = warning", NULL, 0, diag);
    if (err == ERR_OK && read_only)
        err = database_run(&d, "SET default_transaction_read_only = on", NULL, 0, diag);
    if (err == ERR_OK)
        *out = d;
    else
        database_close(&d);
    return err;
}

#endif
