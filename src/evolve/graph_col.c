#include <string.h>

#include "base/file.h"
#include "evolve/edge_list.h"

/* DIMACS .col, line by line. */

enum { EDGE_LINES_MAX = 4 * GRAPH_EDGES_MAX, FIELD_MAX = 10 };

struct col_parser {
    const char *name;
    struct diag *diag;
    unsigned line;
    bool has_header;
    uint32_t vertices;
    struct edge_list list;
};

/* Takes the next field, blanks before it skipped; empty at the end of the line. */
static struct bytes field_take(struct bytes *line)
{
    size_t from = 0;
    while (from < line->len && (line->data[from] == ' ' || line->data[from] == '\t'))
        from++;
    size_t to = from;
    while (to < line->len && line->data[to] != ' ' && line->data[to] != '\t')
        to++;
    struct bytes field = bytes_of(line->data + from, to - from);
    *line = bytes_of(line->data + to, line->len - to);
    return field;
}

static bool field_is(struct bytes field, const char *text)
{
    return bytes_equal(field, bytes_of_text(text));
}

/* Decimal digits only. */
static bool field_number(struct bytes field, uint64_t *out)
{
    uint64_t v = 0;
    if (field.len < 1 || field.len > FIELD_MAX)
        return false;
    for (size_t i = 0; i < field.len; i++) {
        if (field.data[i] < '0' || field.data[i] > '9')
            return false;
        v = v * 10 + (uint64_t)(field.data[i] - '0');
    }
    *out = v;
    return true;
}

static enum err header_parse(struct col_parser *p, struct bytes rest)
{
    uint64_t vertices, edges;
    if (p->has_header)
        return diag_set(p->diag, ERR_DUPLICATE, "%s:%u: a second \"p\" line", p->name, p->line);
    struct bytes format = field_take(&rest);
    if (!field_is(format, "edge") && !field_is(format, "edges") && !field_is(format, "col"))
        return diag_set(p->diag, ERR_SYNTAX, "%s:%u: expected \"p edge N M\" or \"p col N M\"", p->name, p->line);
    if (!field_number(field_take(&rest), &vertices) || !field_number(field_take(&rest), &edges) ||
        field_take(&rest).len > 0)
        return diag_set(p->diag, ERR_SYNTAX, "%s:%u: expected two numbers after \"p\" and the format", p->name,
                        p->line);
    if (vertices < 1 || vertices > GRAPH_VERTICES_MAX)
        return diag_set(p->diag, ERR_LIMIT, "%s:%u: %llu vertices, 1 to %d are possible", p->name, p->line,
                        (unsigned long long)vertices, GRAPH_VERTICES_MAX);
    p->vertices = (uint32_t)vertices; /* edges: not believed, files in the wild double it */
    p->has_header = true;
    return ERR_OK;
}

static enum err edge_parse(struct col_parser *p, struct bytes rest)
{
    uint64_t u, v;
    if (!p->has_header)
        return diag_set(p->diag, ERR_MISSING, "%s:%u: an edge before the \"p\" line", p->name, p->line);
    if (!field_number(field_take(&rest), &u) || !field_number(field_take(&rest), &v) || field_take(&rest).len > 0)
        return diag_set(p->diag, ERR_SYNTAX, "%s:%u: expected \"e U V\"", p->name, p->line);
    if (u < 1 || v < 1 || u > p->vertices || v > p->vertices)
        return diag_set(p->diag, ERR_RANGE, "%s:%u: edge %llu %llu, vertices are 1 to %u", p->name, p->line,
                        (unsigned long long)u, (unsigned long long)v, p->vertices);
    if (u == v)
        return diag_set(p->diag, ERR_RANGE, "%s:%u: vertex %llu joined to itself", p->name, p->line,
                        (unsigned long long)u);
    if (p->list.count >= EDGE_LINES_MAX)
        return diag_set(p->diag, ERR_LIMIT, "%s:%u: more than %d edge lines", p->name, p->line, EDGE_LINES_MAX);
    edge_list_add(&p->list, (uint32_t)u - 1, (uint32_t)v - 1);
    return ERR_OK;
}

static enum err line_parse(struct col_parser *p, struct bytes line)
{
    if (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--;
    struct bytes kind = field_take(&line);
    if (kind.len == 0 || field_is(kind, "c"))
        return ERR_OK;
    if (field_is(kind, "p"))
        return header_parse(p, line);
    if (field_is(kind, "e"))
        return edge_parse(p, line);
    return diag_set(p->diag, ERR_SYNTAX, "%s:%u: a line starts with \"c\", \"p\" or \"e\"", p->name, p->line);
}

static enum err lines_parse(struct col_parser *p, struct bytes text)
{
    while (text.len > 0) {
        const uint8_t *end = memchr(text.data, '\n', text.len);
        size_t len = end ? (size_t)(end - text.data) : text.len;
        p->line++;
        enum err err = line_parse(p, bytes_of(text.data, len));
        if (err != ERR_OK)
            return err;
        size_t used = end ? len + 1 : len;
        text = bytes_of(text.data + used, text.len - used);
    }
    return ERR_OK;
}

enum err graph_parse_col(const char *name, struct bytes text, struct graph **out, struct diag *diag)
{
    struct col_parser p = {.name = name, .diag = diag};
    enum err err = ERR_OK;
    if (text.len > GRAPH_FILE_MAX)
        return diag_set(diag, ERR_LIMIT, "%s: %zu bytes, %d are possible", name, text.len, GRAPH_FILE_MAX);
    err = lines_parse(&p, text);
    if (err != ERR_OK)
        goto done;
    if (!p.has_header) {
        err = diag_set(diag, ERR_MISSING, "%s:%u: the text ends without a \"p\" line", name, p.line);
        goto done;
    }
    if (edge_list_tidy(&p.list) > GRAPH_EDGES_MAX) {
        err =
            diag_set(diag, ERR_LIMIT, "%s:%u: %zu edges, %d are possible", name, p.line, p.list.count, GRAPH_EDGES_MAX);
        goto done;
    }
    *out = edge_list_graph(&p.list, p.vertices);
done:
    edge_list_free(&p.list);
    return err;
}

enum err graph_load_col(const char *path, struct graph **out, struct diag *diag)
{
    struct buf text = {0};
    enum err err = file_read(path, GRAPH_FILE_MAX, &text, diag);
    if (err == ERR_OK)
        err = graph_parse_col(path, bytes_of_buf(&text), out, diag);
    buf_free(&text);
    return err;
}
