#include <string.h>

#include "base/text.h"
#include "cli/show.h"
#include "codec/json.h"

/* One value in a few characters: texts shortened, numbers and names as they are. */
static void add_value(struct buf *out, const json_t *value)
{
    struct bytes text = bytes_of(json_string_value(value), json_string_length(value));

    if (json_is_string(value))
        text_escape(bytes_of(text.data, text_cut(text, 16)), out);
    else if (json_is_integer(value))
        buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_boolean(value))
        buf_add_text(out, json_is_true(value) ? "yes" : "no");
    else
        buf_add_text(out, "-");
}

static void add_member(struct buf *out, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    buf_printf(out, "%-18s ", key);
    if (json_is_string(value))
        text_escape(bytes_of(json_string_value(value), json_string_length(value)), out);
    else
        add_value(out, value);
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

static void show_epoch_file(const json_t *root, struct buf *out)
{
    static const char *const blocks[] = {"height", "entry_count", "view", "ledger_block_id", NULL};
    static const char *const entries[] = {"leaf_index", "node_id", "kind", "verdict", "anchor_hash", NULL};

    buf_add_text(out, "epoch file\n");
    add_member(out, root, "federation");
    add_member(out, root, "simulated");
    add_member(out, root, "epoch");
    add_member(out, root, "anchored");
    add_member(out, root, "merkle_root");
    add_member(out, json_object_get(root, "outcome"), "false_claims");
    buf_add_byte(out, '\n');
    add_table(out, json_object_get(root, "blocks"), blocks);
    buf_add_byte(out, '\n');
    add_table(out, json_object_get(root, "entries"), entries);
}

static void show_summary(const json_t *root, struct buf *out)
{
    static const char *const epochs[] = {"epoch",
                                         "quorum_reached",
                                         "participants",
                                         "aggregated_delta",
                                         "false_claims",
                                         "quarantined",
                                         "convicted",
                                         "ledger_merkle",
                                         NULL};
    static const char *const nodes[] = {"node_id", "role", "status", "false_claims", NULL};

    buf_add_text(out, "summary of a rehearsal\n");
    add_member(out, root, "scenario");
    add_member(out, root, "label");
    add_member(out, root, "seed");
    add_member(out, root, "epoch_count");
    buf_add_byte(out, '\n');
    add_table(out, json_object_get(root, "epochs"), epochs);
    buf_add_byte(out, '\n');
    add_table(out, json_object_get(root, "nodes"), nodes);
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
    else if (json_is_array(json_object_get(doc.root, "blocks")))
        show_epoch_file(doc.root, out);
    else if (json_is_object(json_object_get(doc.root, "decoded")))
        json_render(json_object_get(doc.root, "decoded"), out);
    else
        json_render(doc.root, out);
    json_doc_free(&doc);
    return ERR_OK;
}
