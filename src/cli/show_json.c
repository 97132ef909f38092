#include <jansson.h>
#include <string.h>

#include "aggregate/rank.h"
#include "aggregate/row_distance.h"
#include "base/text.h"
#include "cli/show.h"
#include "codec/decimal.h"
#include "codec/json.h"
#include "ledger/epoch_file.h"

/* One value in a few characters: texts shortened, numbers and names as they are. */
static void add_value(struct buf *out, const json_t *value)
{
    struct bytes text = bytes_of(json_string_value(value), json_string_length(value));

    if (json_is_string(value))
        text_escape(bytes_of(text.data, text_cut(text, 16)), out);
    else if (json_is_integer(value))
        buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        decimal_print(json_real_value(value), out);
    else if (json_is_boolean(value))
        buf_add_text(out, json_is_true(value) ? "yes" : "no");
    else
        buf_add_text(out, "-");
}

/* The same, with the whole of a text. */
static void add_whole(struct buf *out, const json_t *value)
{
    if (json_is_string(value))
        text_escape(bytes_of(json_string_value(value), json_string_length(value)), out);
    else
        add_value(out, value);
}

static void add_member(struct buf *out, const json_t *object, const char *key)
{
    buf_printf(out, "%-18s ", key);
    add_whole(out, json_object_get(object, key));
    buf_add_byte(out, '\n');
}

/* A table: one row an element, one column a key. */
static void add_table(struct buf *out, const json_t *rows, const char *const keys[])
{
    size_t i;
    json_t *row;

    for (unsigned k = 0; keys[k] != NULL; k++)
        buf_printf(out, "%-17s ", keys[k]);
    buf_add_byte(out, '\n');
    json_array_foreach((json_t *)(uintptr_t)rows, i, row)
    {
        for (unsigned k = 0; keys[k] != NULL; k++) {
            struct buf cell = {0};

            add_value(&cell, json_object_get(row, keys[k]));
            buf_printf(out, "%-17s ", buf_text(&cell));
            buf_free(&cell);
        }
        buf_add_byte(out, '\n');
    }
}

/* The genes of a genome by name. */
static void add_genes(struct buf *out, const json_t *genes)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)genes, name, value)
    {
        struct buf plain = {0};

        text_escape(bytes_of_text(name), &plain);
        buf_printf(out, "  %-24s  ", buf_text(&plain));
        if (json_is_boolean(value))
            buf_add_text(out, json_is_true(value) ? "1" : "0"); /* as a program is told it */
        else
            add_whole(out, value);
        buf_add_byte(out, '\n');
        buf_free(&plain);
    }
}

/* ---- an epoch file */

/* The rows of scores that counted: whose order of the candidates is how far from the others'
 * (aggregate/row_distance.h). */
struct shown_rows {
    unsigned count, candidates;
    const json_t *names[RANK_SITES_MAX];
    uint64_t *costs; /* owned */
};

static void take_row(const json_t *entry, struct shown_rows *rows)
{
    const json_t *costs = json_object_get(json_object_get(json_object_get(entry, "decoded"), "body"), "costs");
    const char *kind = json_string_value(json_object_get(entry, "kind"));
    const char *verdict = json_string_value(json_object_get(entry, "verdict"));
    size_t count = json_array_size(costs);

    if (kind == NULL || strcmp(kind, "score") != 0 || verdict == NULL || strcmp(verdict, VERDICT_ACCEPTED) != 0)
        return;
    if (rows->count == RANK_SITES_MAX || count == 0 || count > RANK_CANDIDATES_MAX ||
        (rows->count > 0 && count != rows->candidates))
        return;
    rows->candidates = (unsigned)count;
    rows->costs = mem_resize(rows->costs, (rows->count + 1) * count, sizeof rows->costs[0]);
    for (size_t j = 0; j < count; j++)
        rows->costs[rows->count * count + j] = (uint64_t)json_integer_value(json_array_get(costs, j));
    rows->names[rows->count++] = json_object_get(entry, "node_id");
}

static void add_rows(struct buf *out, const json_t *entries)
{
    static const char *const keys[] = {"node_id", "distance", NULL};
    struct shown_rows *rows = mem_alloc(sizeof *rows);
    uint64_t far[RANK_SITES_MAX];
    json_t *table = json_array(), *entry;
    size_t i;

    json_array_foreach((json_t *)(uintptr_t)entries, i, entry)
    {
        take_row(entry, rows);
    }
    if (rows->count > 0)
        row_distances(rows->costs, rows->count, rows->candidates, far);
    for (unsigned k = 0; k < rows->count; k++) {
        struct buf distance = {0};
        json_t *row = json_object();

        buf_printf(&distance, "%u.%02u", (unsigned)(far[k] / 1000000), (unsigned)(far[k] / 10000 % 100));
        json_object_set(row, "node_id", (json_t *)(uintptr_t)rows->names[k]);
        json_put(row, "distance", json_string(buf_text(&distance)));
        json_push(table, row);
        buf_free(&distance);
    }
    if (rows->count > 1) {
        buf_add_text(
            out, "\nhow far each site's scores are from the others' order of the candidates (0: the same order, 1: the "
                 "opposite one)\n");
        add_table(out, table, keys);
    }
    json_decref(table);
    mem_free(rows->costs);
    mem_free(rows);
}

static void show_epoch_file(const json_t *root, struct buf *out)
{
    static const char *const blocks[] = {"height", "entry_count", "view", "ledger_block_id", NULL};
    static const char *const entries[] = {"leaf_index", "node_id", "kind", "verdict", "anchor_hash", NULL};
    const json_t *outcome = json_object_get(root, "outcome");

    buf_add_text(out, "epoch file\n");
    add_member(out, root, "federation");
    add_member(out, root, "simulated");
    add_member(out, root, "epoch");
    add_member(out, root, "anchored");
    add_member(out, root, "merkle_root");
    add_member(out, outcome, "false_claims");
    if (json_object_get(outcome, "left_out") != NULL)
        add_member(out, outcome, "left_out");
    add_member(out, outcome, "incumbent");
    add_genes(out, json_object_get(outcome, "genes"));
    buf_add_byte(out, '\n');
    add_table(out, json_object_get(root, "blocks"), blocks);
    buf_add_byte(out, '\n');
    add_table(out, json_object_get(root, "entries"), entries);
    add_rows(out, json_object_get(root, "entries"));
}

/* ---- a summary */

/* Like the table of a run: what never began, in one line. */
static bool never_began(const json_t *epoch)
{
    const json_t *virtual_ms = json_object_get(epoch, "virtual_ms");

    return json_is_null(json_object_get(epoch, "incumbent")) && json_is_integer(virtual_ms) &&
           json_integer_value(virtual_ms) == 0;
}

static void add_epochs(struct buf *out, const json_t *epochs)
{
    static const char *const keys[] = {
        "epoch",        "quorum_reached", "stalled",   "view_changes", "participants",  "left_out", "aggregated_delta",
        "false_claims", "quarantined",    "convicted", "virtual_ms",   "ledger_merkle", NULL};
    json_t *began = json_array();
    size_t count = json_array_size(epochs), kept = count;

    while (kept > 1 && never_began(json_array_get(epochs, kept - 1)))
        kept--;
    for (size_t i = 0; i < kept; i++)
        json_array_append(began, json_array_get(epochs, i));
    add_table(out, began, keys);
    if (kept < count)
        buf_printf(out, "the last %zu epochs never began\n", count - kept);
    json_decref(began);
}

/* The shared genome, and what it costs. */
static void show_genome(const json_t *root, struct buf *out)
{
    static const char *const costs[] = {"node_id", "first", "last", "unit", NULL};
    const json_t *genome = json_object_get(root, "genome");

    buf_add_text(out, "the shared genome\n");
    add_member(out, genome, "hash");
    add_member(out, genome, "offered_by");
    add_genes(out, json_object_get(genome, "genes"));
    buf_add_text(out, "\nwhat the first and the last shared genome cost each site, on its own work\n");
    add_table(out, json_object_get(root, "costs"), costs);
    buf_add_byte(out, '\n');
}

static void show_summary(const json_t *root, struct buf *out)
{
    static const char *const events[] = {"epoch", "virtual_ms", "kind", "node_id", "behaviour", "ends", "effect", NULL};
    static const char *const nodes[] = {"node_id", "role", "status", "false_claims", "up", "height", "restarts", NULL};
    static const char *const quorum[] = {"validators", "max_byzantine", "quorum"};
    static const char *const network[] = {"messages", "bytes", "dropped"};

    buf_add_text(out, "summary of a rehearsal\n");
    add_member(out, root, "scenario");
    add_member(out, root, "label");
    add_member(out, root, "seed");
    add_member(out, root, "epoch_count");
    for (unsigned i = 0; i < 3; i++)
        add_member(out, json_object_get(root, "quorum"), quorum[i]);
    for (unsigned i = 0; i < 3; i++)
        add_member(out, json_object_get(root, "network"), network[i]);
    add_member(out, root, "gain");
    buf_add_byte(out, '\n');
    show_genome(root, out);
    add_epochs(out, json_object_get(root, "epochs"));
    if (json_array_size(json_object_get(root, "events")) > 0) {
        buf_add_text(out, "\nwhat happened\n");
        add_table(out, json_object_get(root, "events"), events);
    }
    buf_add_byte(out, '\n');
    add_table(out, json_object_get(root, "nodes"), nodes);
}

/* ---- a genesis document */

static void show_genesis(const json_t *root, struct buf *out)
{
    static const char *const members[] = {"name", "role", "site", "region", "stake", "key", "work", NULL};
    static const char *const words[] = {"name", "version", "simulated", "epoch_start", "max_byzantine", "quorum"};
    const json_t *document = json_object_get(root, "decoded"), *policy = json_object_get(document, "policy");
    const char *key;
    json_t *value;

    buf_add_text(out, "genesis document\n");
    add_member(out, root, "federation_id");
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
        add_member(out, document, words[i]);
    buf_add_byte(out, '\n');
    add_table(out, json_object_get(document, "members"), members);
    buf_add_text(out, "\npolicy\n");
    json_object_foreach((json_t *)(uintptr_t)policy, key, value)
    {
        struct buf plain = {0};

        text_escape(bytes_of_text(key), &plain);
        buf_printf(out, "%-24s ", buf_text(&plain));
        add_value(out, value);
        buf_add_byte(out, '\n');
        buf_free(&plain);
    }
    buf_add_text(out, "\ngenes\n");
    json_render(json_object_get(json_object_get(document, "genome_schema"), "genes"), out);
}

enum err show_json(const char *name, struct bytes text, struct buf *out, struct diag *diag)
{
    struct json_doc doc;
    enum err err = json_doc_parse(&doc, name, text, diag);

    if (err != ERR_OK)
        return err;
    const char *format = json_string_value(json_object_get(doc.root, "format"));
    if (format != NULL && strcmp(format, "prismfed.epoch-summary") == 0)
        show_summary(doc.root, out);
    else if (format != NULL && strcmp(format, "prismfed.genesis") == 0 &&
             json_is_object(json_object_get(json_object_get(doc.root, "decoded"), "genome_schema")))
        show_genesis(doc.root, out);
    else if (json_is_array(json_object_get(doc.root, "blocks")))
        show_epoch_file(doc.root, out);
    else if (json_is_object(json_object_get(doc.root, "decoded")))
        json_render(json_object_get(doc.root, "decoded"), out);
    else
        json_render(doc.root, out);
    json_doc_free(&doc);
    return ERR_OK;
}
