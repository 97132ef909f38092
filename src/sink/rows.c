#include "sink/rows.h"

#include <inttypes.h>
#include <jansson.h>

#include "base/text.h"
#include "ledger/epoch_file.h"

struct writing {
    struct database *d;
    const char *label;
    uint64_t epoch;
    const json_t *root;
    struct diag *diag;
};

struct hex {
    char text[2 * DIGEST_SIZE + 1];
};

static struct value hex_value(const struct digest *d, struct hex *out)
{
    digest_hex(d, out->text);
    return value_text(out->text);
}

static struct value text_at(const json_t *object, const char *key)
{
    return value_text(json_string_value(json_object_get(object, key)));
}

static struct value flag_at(const json_t *object, const char *key)
{
    const json_t *flag = json_object_get(object, key);

    return json_is_boolean(flag) ? value_number(json_is_true(flag)) : value_text(NULL);
}

/* On one line; NULL where there is none. */
static struct value json_at(const json_t *object, const char *key, struct buf *out)
{
    const json_t *value = json_object_get(object, key);

    if (value == NULL || json_is_null(value))
        return value_text(NULL);
    json_line(value, out);
    return value_text(buf_text(out));
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- the anchor */

static enum err write_anchor(const struct writing *w, const struct epoch_file *f)
{
    struct anchor_statement a;
    struct cose_sign1 cose;
    struct hex root, id, log, state;
    struct buf genes = {0};
    const json_t *outcome = json_object_get(w->root, "outcome");
    enum err err = anchor_parse(bytes_of_buf(&f->signature), &a, &cose);

    if (err != ERR_OK)
        return diag_set(w->diag, err, "epoch %" PRIu64 ": /signature: %s", w->epoch, err_text(err));
    if (a.epoch != w->epoch || f->epoch != w->epoch)
        return diag_set(w->diag, ERR_MISMATCH, "epoch %" PRIu64 ": its anchor is that of epoch %" PRIu64, w->epoch,
                        a.epoch);
    if (a.height > INT64_MAX || a.log_size > INT64_MAX)
        return diag_set(w->diag, ERR_RANGE, "epoch %" PRIu64 ": its anchor's height or size of the log is out of range",
                        w->epoch);
    const struct value values[] = {
        value_text(w->label),
        value_number(a.epoch),
        value_number(a.anchored),
        a.anchored ? hex_value(&a.merkle_root, &root) : value_text(NULL),
        value_number(a.height),
        hex_value(&a.block_id, &id),
        value_number(a.log_size),
        hex_value(&a.log_root, &log),
        hex_value(&a.state_root, &state),
        value_bytes(bytes_of_buf(&f->signature)),
        flag_at(outcome, "changed"),
        text_at(outcome, "incumbent"),
        json_at(outcome, "genes", &genes),
    };
    err = database_run(w->d,
                       "INSERT INTO anchor (label, epoch, anchored, merkle_root, height, block_id, log_size, log_root, "
                       "state_root, signature, changed, incumbent, genes) "
                       "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
                       values, COUNT(values), w->diag);
    buf_free(&genes);
    return err;
}

/* ---- entries */

static enum err write_cost(const struct writing *w, uint64_t leaf, size_t place, const json_t *cost)
{
    const struct value values[] = {value_text(w->label), value_number(leaf), value_number(place),
                                   value_number((uint64_t)json_integer_value(cost))};

    if (!json_is_integer(cost) || json_integer_value(cost) < 0)
        return ERR_OK;
    return database_run(w->d, "INSERT INTO cost (label, leaf, place, cost) VALUES ($1, $2, $3, $4)", values,
                        COUNT(values), w->diag);
}

/* Of a score the candidates', of an update its genomes', in their order. */
static enum err write_costs(const struct writing *w, uint64_t leaf, const json_t *view)
{
    const json_t *body = json_object_get(json_object_get(view, "decoded"), "body");
    const json_t *costs = json_object_get(body, "costs"), *genomes = json_object_get(body, "genomes");
    enum err err = ERR_OK;

    for (size_t i = 0; i < json_array_size(costs) && err == ERR_OK; i++)
        err = write_cost(w, leaf, i, json_array_get(costs, i));
    for (size_t i = 0; costs == NULL && i < json_array_size(genomes) && err == ERR_OK; i++)
        err = write_cost(w, leaf, i, json_object_get(json_array_get(genomes, i), "cost"));
    return err;
}

static enum err write_entry(const struct writing *w, const struct block *b, unsigned i, const json_t *view)
{
    struct digest hash = entry_leaf_hash(b->entries[i]);
    struct hex hex;
    struct buf decoded = {0};
    uint64_t leaf = b->header.log_size - b->count + i;
    const struct value values[] = {
        value_text(w->label),       value_number(leaf),
        value_number(w->epoch),     value_number(b->header.height),
        text_at(view, "node_id"),   text_at(view, "kind"),
        text_at(view, "verdict"),   hex_value(&hash, &hex),
        value_bytes(b->entries[i]), json_at(view, "decoded", &decoded),
    };
    enum err err = database_run(w->d,
                                "INSERT INTO entry (label, leaf, epoch, height, member, kind, verdict, leaf_hash, "
                                "bytes, decoded) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                                values, COUNT(values), w->diag);

    buf_free(&decoded);
    return err == ERR_OK ? write_costs(w, leaf, view) : err;
}

/* ---- blocks */

static enum err write_signers(const struct writing *w, uint64_t height, const json_t *signers)
{
    enum err err = ERR_OK;

    for (size_t i = 0; i < json_array_size(signers) && err == ERR_OK; i++) {
        const char *name = json_string_value(json_array_get(signers, i));
        const struct value values[] = {value_text(w->label), value_number(height), value_text(name)};

        if (name != NULL)
            err = database_run(w->d, "INSERT INTO signer (label, height, member) VALUES ($1, $2, $3)", values,
                               COUNT(values), w->diag);
    }
    return err;
}

static enum err write_block(const struct writing *w, const struct block *b, const json_t *view)
{
    struct digest id = block_id(&b->header);
    struct hex hex;
    struct buf header = {0};
    enum err err;

    if (b->header.height > INT64_MAX || b->header.log_size > INT64_MAX || b->header.log_size < b->count)
        return diag_set(w->diag, ERR_RANGE, "epoch %" PRIu64 ": a block's height or size of the log is out of range",
                        w->epoch);
    block_header_encode(&b->header, &header);
    const struct value values[] = {
        value_text(w->label), value_number(b->header.height),     value_number(w->epoch),
        hex_value(&id, &hex), value_bytes(bytes_of_buf(&header)), value_bytes(b->certificate),
    };
    err = database_run(w->d,
                       "INSERT INTO block (label, height, epoch, block_id, header, certificate) "
                       "VALUES ($1, $2, $3, $4, $5, $6)",
                       values, COUNT(values), w->diag);
    buf_free(&header);
    return err == ERR_OK ? write_signers(w, b->header.height, json_object_get(view, "signers")) : err;
}

static enum err write_blocks(const struct writing *w, const struct epoch_file *f)
{
    const json_t *blocks = json_object_get(w->root, "blocks"), *entries = json_object_get(w->root, "entries");
    size_t entry = 0;
    enum err err = ERR_OK;

    for (unsigned b = 0; b < f->block_count && err == ERR_OK; b++) {
        err = write_block(w, &f->blocks[b], json_array_get(blocks, b));
        for (unsigned i = 0; i < f->blocks[b].count && err == ERR_OK; i++)
            err = write_entry(w, &f->blocks[b], i, json_array_get(entries, entry++));
    }
    return err;
}

enum err rows_write(struct database *d, const char *label, uint64_t epoch, const struct json_doc *doc,
                    struct diag *diag)
{
    struct writing w = {d, label, epoch, doc->root, diag};
    struct epoch_file f;
    enum err err = epoch_file_parse(doc, &f, diag);

    if (err != ERR_OK)
        return err;
    err = write_anchor(&w, &f);
    if (err == ERR_OK)
        err = write_blocks(&w, &f);
    epoch_file_fini(&f);
    return err;
}
