#include <string.h>

#include "genome/configurations.h"
#include "genome/scan.h"

/* A table as R writes and reads it: fields between blanks. */

struct field {
    size_t at;
    struct bytes text;
    bool quoted;
};

struct table {
    struct scan scan;
    const struct space *space;
    unsigned column_count;
    int *columns; /* owned; the gene of each, -1: a column that means nothing */
    unsigned field_count, field_cap;
    struct field *fields; /* owned; of the present line */
};

static struct bytes bare_word(struct scan *s)
{
    struct bytes word = {s->text.data + s->pos, 0};

    for (int c = scan_peek(s); c > ' ' && c != '"' && c != '\'' && c != '#'; c = scan_peek(s)) {
        s->pos++;
        word.len++;
    }
    return word;
}

/* The fields of the line, whose end is skipped. */
static void line_read(struct table *t)
{
    struct scan *s = &t->scan;

    t->field_count = 0;
    while (!scan_line_ends(s) && s->err == ERR_OK) {
        int c = scan_peek(s);
        struct field f = {.at = s->pos, .quoted = c == '"' || c == '\''};

        f.text = f.quoted ? scan_quoted(s) : bare_word(s);
        if (s->err != ERR_OK || (!f.quoted && f.text.len == 0)) {
            scan_fail_found(s, s->pos, "a value");
            return;
        }
        if (t->field_count == t->field_cap) {
            t->field_cap = t->field_cap > 0 ? 2 * t->field_cap : 16;
            t->fields = mem_resize(t->fields, t->field_cap, sizeof t->fields[0]);
        }
        t->fields[t->field_count++] = f;
    }
    scan_line_skip(s);
}

/* irace keeps books in such columns. */
static bool is_bookkeeping(struct bytes name)
{
    return name.len > 2 && name.data[0] == '.' && name.data[name.len - 1] == '.';
}

static void columns_read(struct table *t)
{
    struct buf reason = {0};

    while (t->field_count == 0 && scan_peek(&t->scan) >= 0)
        line_read(t);
    t->column_count = t->field_count;
    t->columns = mem_array(t->column_count, sizeof t->columns[0]);
    for (unsigned i = 0; i < t->column_count && t->scan.err == ERR_OK; i++) {
        const struct field *f = &t->fields[i];

        t->columns[i] = -1;
        if (is_bookkeeping(f->text))
            continue;
        t->columns[i] = configuration_gene(t->space, f->text, &reason);
        if (t->columns[i] < 0)
            scan_fail(&t->scan, f->at, ERR_UNKNOWN, "%s", buf_text(&reason));
        for (unsigned k = 0; k < i && t->columns[i] >= 0; k++) {
            if (t->columns[k] == t->columns[i])
                scan_fail(&t->scan, f->at, ERR_SYNTAX, "a second column %s",
                          t->space->schema.genes[t->columns[i]].name);
        }
    }
    buf_free(&reason);
}

/* R's word for nothing; in quotes it can be a choice. */
static bool is_missing(const struct table *t, unsigned gene, const struct field *f)
{
    struct gene_value ignored;
    struct buf reason = {0};
    bool is_choice = f->quoted && configuration_value(t->space, gene, f->text, &ignored, &reason);

    buf_free(&reason);
    return !is_choice && (bytes_equal(f->text, bytes_of_text("NA")) || bytes_equal(f->text, bytes_of_text("<NA>")));
}

static void cell_read(struct table *t, unsigned gene, const struct field *f, struct configuration_row *row)
{
    struct buf reason = {0};

    if (is_missing(t, gene, f))
        return;
    row->given[gene] = configuration_value(t->space, gene, f->text, &row->values[gene], &reason);
    if (!row->given[gene])
        scan_fail(&t->scan, f->at, ERR_RANGE, "row %u, parameter %s: %s", row->number,
                  t->space->schema.genes[gene].name, buf_text(&reason));
    buf_free(&reason);
}

/* Where the row has its value of the gene, or where it begins. */
static size_t place_of(const struct table *t, int gene, unsigned first)
{
    for (unsigned i = 0; i < t->column_count; i++) {
        if (gene >= 0 && t->columns[i] == gene)
            return t->fields[first + i].at;
    }
    return t->fields[0].at;
}

static void row_read(struct table *t, struct configuration_row *row, struct configurations *out)
{
    unsigned first = t->field_count == t->column_count + 1; /* R puts the row's name before it */
    struct buf reason = {0};
    int gene;

    if (t->field_count != t->column_count + first) {
        scan_fail(&t->scan, t->fields[0].at, ERR_SYNTAX, "row %u: expected %u values, found %u", row->number,
                  t->column_count, t->field_count);
        return;
    }
    for (unsigned i = 0; i < t->column_count && t->scan.err == ERR_OK; i++) {
        if (t->columns[i] >= 0)
            cell_read(t, (unsigned)t->columns[i], &t->fields[first + i], row);
    }
    if (t->scan.err == ERR_OK && !configuration_add(t->space, row, out, &gene, &reason)) {
        if (gene >= 0)
            scan_fail(&t->scan, place_of(t, gene, first), ERR_RANGE, "row %u, parameter %s: %s", row->number,
                      t->space->schema.genes[gene].name, buf_text(&reason));
        else
            scan_fail(&t->scan, place_of(t, gene, first), ERR_RANGE, "row %u: %s", row->number, buf_text(&reason));
    }
    buf_free(&reason);
}

enum err configurations_parse(const char *name, struct bytes text, const struct space *space,
                              struct configurations *out, struct diag *diag)
{
    struct table t = {.scan = {.name = name, .text = text, .diag = diag}, .space = space};
    struct configuration_row *row = mem_alloc(sizeof *row);
    unsigned rows = 0;

    (void)scan_accept(&t.scan, "\xef\xbb\xbf");
    columns_read(&t);
    while (t.scan.err == ERR_OK && scan_peek(&t.scan) >= 0) {
        line_read(&t);
        if (t.field_count == 0 || t.scan.err != ERR_OK)
            continue;
        *row = (struct configuration_row){.number = ++rows};
        row_read(&t, row, out);
    }
    if (t.scan.err == ERR_OK && rows == 0)
        scan_fail(&t.scan, text.len, ERR_SYNTAX, "expected a line of names and at least one configuration");
    mem_free(row);
    mem_free(t.columns);
    mem_free(t.fields);
    return t.scan.err;
}
