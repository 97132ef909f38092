#include "sink/sink.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "base/mutate.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "sink/rows.h"
#include "sink/schema.h"

struct sink {
    struct database db;
    char name[DATABASE_NAME_MAX];
    char *label; /* owned; of sink_begin() */
    uint64_t last_epoch;
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- opening */

static enum err take_number(void *context, const struct value *columns, unsigned count, struct diag *diag)
{
    uint64_t *out = context;

    ASSERT(count == 1);
    if (columns[0].kind == VALUE_NULL)
        return ERR_OK;
    if (columns[0].kind != VALUE_NUMBER || columns[0].number < 0)
        return diag_set(diag, ERR_SYNTAX, "the sink has something else where a number should be");
    *out = (uint64_t)columns[0].number;
    return ERR_OK;
}

static enum err make_table(struct sink *s, const char *text, struct diag *diag)
{
    struct buf own = {0};
    const char *at;
    enum err err;

    while ((at = strstr(text, " BLOB")) != NULL) {
        buf_add(&own, text, (size_t)(at - text) + 1);
        buf_add_text(&own, s->db.kind->bytes_type);
        text = at + strlen(" BLOB");
    }
    buf_add_text(&own, text);
    err = database_run(&s->db, buf_text(&own), NULL, 0, diag);
    buf_free(&own);
    return err;
}

/* Two that make it at the same time: one of them is told so, and tries again. */
static enum err make_tables(struct sink *s, struct diag *diag)
{
    const struct value format = value_number(SINK_FORMAT);
    enum err err = database_run(&s->db, s->db.kind->begin, NULL, 0, diag);

    for (unsigned i = 0; i < COUNT(sink_schema) && err == ERR_OK; i++)
        err = make_table(s, sink_schema[i], diag);
    if (err == ERR_OK)
        err = database_run(&s->db, "INSERT INTO prismfed_sink (format) VALUES ($1) ON CONFLICT DO NOTHING", &format, 1,
                           diag);
    return err == ERR_OK ? database_run(&s->db, "COMMIT", NULL, 0, diag) : err;
}

static enum err check_format(struct sink *s, struct diag *diag)
{
    uint64_t format = 0;
    enum err err = database_query(&s->db, "SELECT MAX(format) FROM prismfed_sink", NULL, 0, take_number, &format, diag);

    if (err == ERR_OK && format != SINK_FORMAT)
        return diag_set(diag, ERR_SYNTAX, "a sink of format %" PRIu64 "; this program knows format %d", format,
                        (int)SINK_FORMAT);
    return err;
}

enum err sink_open(const char *url, enum sink_mode mode, const struct patience *patience, struct sink **out,
                   struct diag *diag)
{
    struct sink *s = mem_alloc(sizeof *s);
    enum err err = database_open(url, mode == SINK_READ, patience, &s->db, diag);

    database_name(url, s->name);
    if (err == ERR_OK && mode == SINK_WRITE)
        err = make_tables(s, diag);
    if (err == ERR_OK)
        err = check_format(s, diag);
    if (err == ERR_OK) {
        *out = s;
        return ERR_OK;
    }
    err = diag_prefix(diag, err, "sink %s", s->name);
    sink_close(s);
    return err;
}

void sink_close(struct sink *s)
{
    if (s == NULL)
        return;
    database_close(&s->db);
    mem_free(s->label);
    mem_free(s);
}

/* ---- documents */

static const char *const kinds[] = {[SINK_GENESIS] = "genesis",
                                    [SINK_EPOCH] = "epoch",
                                    [SINK_CHECKPOINT] = "checkpoint",
                                    [SINK_GOVERNANCE] = "governance",
                                    [SINK_SUMMARY] = "summary"};

struct found {
    struct buf *text;
    bool any;
};

static enum err take_bytes(void *context, const struct value *columns, unsigned count, struct diag *diag)
{
    struct found *found = context;

    ASSERT(count == 1);
    if (columns[0].kind != VALUE_BYTES)
        return diag_set(diag, ERR_SYNTAX, "the sink has something else where a document should be");
    found->any = true;
    buf_add(found->text, columns[0].bytes.data, columns[0].bytes.len);
    return ERR_OK;
}

enum err sink_document(struct sink *s, const char *label, enum sink_document kind, uint64_t epoch, struct buf *text,
                       struct diag *diag)
{
    const struct value values[] = {value_text(label), value_text(kinds[kind]), value_number(epoch)};
    struct found found = {.text = text};
    enum err err = database_query(&s->db, "SELECT bytes FROM document WHERE label = $1 AND kind = $2 AND epoch = $3",
                                  values, COUNT(values), take_bytes, &found, diag);

    if (err == ERR_OK && !found.any)
        err =
            diag_set(diag, ERR_MISSING, "%s %" PRIu64 " of the ledger \"%s\" is not there", kinds[kind], epoch, label);
    return err == ERR_OK ? ERR_OK : diag_prefix(diag, err, "sink %s", s->name);
}

/* In the place of what was there. */
static enum err put_document(struct sink *s, enum sink_document kind, uint64_t epoch, struct bytes text,
                             struct diag *diag)
{
    const struct value values[] = {value_text(s->label), value_text(kinds[kind]), value_number(epoch),
                                   value_bytes(text)};

    return database_run(&s->db,
                        "INSERT INTO document (label, kind, epoch, bytes) VALUES ($1, $2, $3, $4) "
                        "ON CONFLICT (label, kind, epoch) DO UPDATE SET bytes = excluded.bytes",
                        values, COUNT(values), diag);
}

/* What is there must be what is given. */
static enum err compare(struct sink *s, enum sink_document kind, uint64_t epoch, struct bytes text, struct diag *diag)
{
    struct buf there = {0};
    enum err err = sink_document(s, s->label, kind, epoch, &there, diag);

    if (err == ERR_OK && MUTATE(SINK_ANY_HISTORY, false, !bytes_equal(bytes_of_buf(&there), text)))
        err = diag_set(diag, ERR_MISMATCH,
                       "sink %s: the ledger \"%s\" has another %s %" PRIu64
                       " already; what is there stays, so take another label or another sink",
                       s->name, s->label, kinds[kind], epoch);
    buf_free(&there);
    return err;
}

/* ---- writing */

static enum err make_ledger(struct sink *s, struct bytes genesis, struct diag *diag)
{
    struct json_doc doc;
    enum err err = json_doc_parse(&doc, "genesis.json", genesis, diag);
    const char *id;

    if (err != ERR_OK)
        return err;
    id = json_string_value(json_object_get(doc.root, "federation_id"));
    const struct value values[] = {value_text(s->label), value_text(id)};
    if (id == NULL)
        err = json_doc_complain(&doc, "/federation_id", diag, ERR_MISSING, "expected the federation's id");
    if (err == ERR_OK)
        err = database_run(&s->db, s->db.kind->begin, NULL, 0, diag);
    if (err == ERR_OK)
        err = database_run(&s->db, "INSERT INTO ledger (label, federation_id, last_epoch) VALUES ($1, $2, 0)", values,
                           COUNT(values), diag);
    if (err == ERR_OK)
        err = put_document(s, SINK_GENESIS, 0, genesis, diag);
    if (err == ERR_OK)
        err = database_run(&s->db, "COMMIT", NULL, 0, diag);
    json_doc_free(&doc);
    return err;
}

static enum err position(struct sink *s, bool *there, uint64_t *last_epoch, struct diag *diag)
{
    const struct value label = value_text(s->label);

    *last_epoch = UINT64_MAX;
    enum err err = database_query(&s->db, "SELECT last_epoch FROM ledger WHERE label = $1", &label, 1, take_number,
                                  last_epoch, diag);
    *there = *last_epoch != UINT64_MAX;
    return err;
}

enum err sink_begin(struct sink *s, const char *label, struct bytes genesis, uint64_t *last_epoch, struct diag *diag)
{
    bool there;
    enum err err;

    mem_free(s->label);
    s->label = text_copy(bytes_of_text(label));
    err = position(s, &there, &s->last_epoch, diag);
    if (err == ERR_OK && there) {
        err = compare(s, SINK_GENESIS, 0, genesis, diag);
    } else if (err == ERR_OK) {
        s->last_epoch = 0;
        err = make_ledger(s, genesis, diag);
        if (err != ERR_OK)
            err = diag_prefix(diag, err, "sink %s", s->name);
    }
    if (err == ERR_OK)
        *last_epoch = s->last_epoch;
    return err;
}

/* The position moves only from where this writer knows it: of two that write the same ledger, one is refused. */
static enum err move(struct sink *s, uint64_t epoch, struct diag *diag)
{
    const struct value values[] = {value_number(epoch), value_text(s->label), value_number(s->last_epoch)};
    uint64_t changed = 0;
    enum err err = database_change(&s->db, "UPDATE ledger SET last_epoch = $1 WHERE label = $2 AND last_epoch = $3",
                                   values, COUNT(values), &changed, diag);

    if (err == ERR_OK && MUTATE(SINK_POSITION_ANY, false, changed != 1))
        err = diag_set(diag, ERR_IO, "somebody else writes the ledger \"%s\", too", s->label);
    return err;
}

static enum err write_epoch(struct sink *s, uint64_t epoch, struct bytes text, struct bytes checkpoint,
                            struct diag *diag)
{
    struct json_doc doc;
    char name[40];
    enum err err;

    snprintf(name, sizeof name, "epoch_%03" PRIu64 ".json", epoch);
    err = json_doc_parse(&doc, name, text, diag);
    if (err != ERR_OK)
        return err;
    err = database_run(&s->db, s->db.kind->begin, NULL, 0, diag);
    if (err == ERR_OK)
        err = MUTATE(SINK_POSITION_STAYS, ERR_OK, move(s, epoch, diag));
    if (err == ERR_OK)
        err = put_document(s, SINK_EPOCH, epoch, text, diag);
    if (err == ERR_OK && checkpoint.len > 0)
        err = put_document(s, SINK_CHECKPOINT, epoch, checkpoint, diag);
    if (err == ERR_OK)
        err = rows_write(&s->db, s->label, epoch, &doc, diag);
    if (err == ERR_OK)
        err = database_run(&s->db, "COMMIT", NULL, 0, diag);
    json_doc_free(&doc);
    return err;
}

static enum err renew_checkpoint(struct sink *s, uint64_t epoch, struct bytes checkpoint, struct diag *diag)
{
    enum err err = checkpoint.len > 0 ? put_document(s, SINK_CHECKPOINT, epoch, checkpoint, diag) : ERR_OK;

    return err == ERR_OK ? ERR_OK : diag_prefix(diag, err, "sink %s", s->name);
}

enum err sink_put_epoch(struct sink *s, uint64_t epoch, struct bytes text, struct bytes checkpoint, struct diag *diag)
{
    enum err err;

    ASSERT(s->label != NULL);
    if (epoch == 0 || epoch > INT64_MAX)
        return diag_set(diag, ERR_RANGE, "sink %s: there is no epoch %" PRIu64, s->name, epoch);
    if (epoch <= s->last_epoch) {
        err = compare(s, SINK_EPOCH, epoch, text, diag);
        return err == ERR_OK ? renew_checkpoint(s, epoch, checkpoint, diag) : err;
    }
    if (MUTATE(SINK_GAP, false, s->last_epoch != 0 && epoch != s->last_epoch + 1))
        return diag_set(diag, ERR_STATE,
                        "sink %s: the ledger \"%s\" ends with epoch %" PRIu64 ", and epoch %" PRIu64
                        " does not follow it",
                        s->name, s->label, s->last_epoch, epoch);
    err = write_epoch(s, epoch, text, checkpoint, diag);
    if (err != ERR_OK)
        return diag_prefix(diag, err, "sink %s", s->name);
    s->last_epoch = epoch;
    return ERR_OK;
}

enum err sink_put_governance(struct sink *s, struct bytes text, struct diag *diag)
{
    enum err err = put_document(s, SINK_GOVERNANCE, 0, text, diag);

    return err == ERR_OK ? ERR_OK : diag_prefix(diag, err, "sink %s", s->name);
}

enum err sink_put_summary(struct sink *s, struct bytes text, struct diag *diag)
{
    enum err err = put_document(s, SINK_SUMMARY, 0, text, diag);

    return err == ERR_OK ? ERR_OK : diag_prefix(diag, err, "sink %s", s->name);
}

/* ---- reading */

struct listing {
    enum err (*each)(void *context, const char *label, uint64_t last_epoch, struct diag *diag);
    void *context;
};

static enum err take_ledger(void *context, const struct value *columns, unsigned count, struct diag *diag)
{
    const struct listing *l = context;
    char *label;
    enum err err;

    ASSERT(count == 2);
    if (columns[0].kind != VALUE_TEXT || columns[1].kind != VALUE_NUMBER)
        return diag_set(diag, ERR_SYNTAX, "the sink has something else where a label and an epoch should be");
    label = text_copy(columns[0].bytes);
    err = l->each(l->context, label, (uint64_t)columns[1].number, diag);
    mem_free(label);
    return err;
}

enum err sink_ledgers(struct sink *s,
                      enum err (*each)(void *context, const char *label, uint64_t last_epoch, struct diag *diag),
                      void *context, struct diag *diag)
{
    struct listing l = {each, context};

    return database_query(&s->db, "SELECT label, last_epoch FROM ledger ORDER BY label", NULL, 0, take_ledger, &l,
                          diag);
}

enum err sink_epochs(struct sink *s, const char *label, uint64_t *first, uint64_t *last, struct diag *diag)
{
    const struct value value = value_text(label);
    enum err err;

    *first = *last = 0;
    err = database_query(&s->db, "SELECT MIN(epoch) FROM document WHERE label = $1 AND kind = 'epoch'", &value, 1,
                         take_number, first, diag);
    if (err == ERR_OK)
        err = database_query(&s->db, "SELECT MAX(epoch) FROM document WHERE label = $1 AND kind = 'epoch'", &value, 1,
                             take_number, last, diag);
    return err == ERR_OK ? ERR_OK : diag_prefix(diag, err, "sink %s", s->name);
}

enum err sink_signature(struct sink *s, uint64_t epoch, struct buf *signature, struct diag *diag)
{
    const struct value values[] = {value_text(s->label), value_number(epoch)};
    struct found found = {.text = signature};
    enum err err = database_query(&s->db, "SELECT signature FROM anchor WHERE label = $1 AND epoch = $2", values,
                                  COUNT(values), take_bytes, &found, diag);

    if (err == ERR_OK && !found.any)
        err = diag_set(diag, ERR_MISSING, "the anchor of epoch %" PRIu64 " is not there", epoch);
    return err == ERR_OK ? ERR_OK : diag_prefix(diag, err, "sink %s", s->name);
}
