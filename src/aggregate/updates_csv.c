#include <stdio.h>
#include <string.h>

#include "aggregate/updates.h"
#include "codec/decimal.h"

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r';
}

/* Up to the next of the separators (left out) or the end, without spaces at both ends; moves text behind it. */
static struct bytes piece_take(struct bytes *text, uint8_t separator)
{
    struct bytes piece = {text->data, 0};
    while (piece.len < text->len && text->data[piece.len] != separator)
        piece.len++;
    size_t used = piece.len < text->len ? piece.len + 1 : piece.len;
    text->data += used;
    text->len -= used;
    for (; piece.len > 0 && is_blank(piece.data[piece.len - 1]); piece.len--)
        ;
    for (; piece.len > 0 && is_blank(piece.data[0]); piece.len--)
        piece.data++;
    return piece;
}

static size_t fields_count(struct bytes line)
{
    size_t count = 1;
    for (size_t i = 0; i < line.len; i++)
        count += line.data[i] == ',';
    return count;
}

static enum err name_take(struct bytes *line, const char *place, char name[UPDATE_NAME_MAX + 1], struct diag *diag)
{
    struct bytes field = piece_take(line, ',');
    if (field.len == 0 || field.len > UPDATE_NAME_MAX)
        return diag_set(diag, ERR_SYNTAX, "%s: a name has 1 to %d bytes", place, UPDATE_NAME_MAX);
    for (size_t i = 0; i < field.len; i++)
        if (field.data[i] < ' ' || field.data[i] == 0x7f)
            return diag_set(diag, ERR_SYNTAX, "%s: a control character in a name", place);
    memcpy(name, field.data, field.len);
    name[field.len] = 0;
    return ERR_OK;
}

/* What others print for a number that is none or has no end; the rules know what to do with it. */
static bool special_parse(struct bytes field, double *out)
{
    static const char *const names[] = {"nan", "inf", "infinity"};
    static const double zero = 0;
    bool is_negative = field.len > 0 && field.data[0] == '-';
    size_t sign = field.len > 0 && (is_negative || field.data[0] == '+');
    for (unsigned i = 0; i < 3; i++) {
        size_t k = 0, len = strlen(names[i]);
        while (k < len && sign + k < field.len && (field.data[sign + k] | 0x20) == names[i][k])
            k++;
        if (k < len || sign + len != field.len)
            continue;
        *out = i == 0 ? zero / zero : is_negative ? -1 / zero : 1 / zero;
        return true;
    }
    return false;
}

static enum err line_add(struct updates *u, const char *place, struct bytes line, bool is_named, struct diag *diag)
{
    char name[UPDATE_NAME_MAX + 1] = "";
    size_t columns = fields_count(line) - (is_named ? 1 : 0);
    double *row;
    enum err err = is_named ? name_take(&line, place, name, diag) : ERR_OK;
    if (err == ERR_OK)
        err = updates_add_row(u, place, columns, &row, diag);
    if (err != ERR_OK)
        return err;
    memcpy(u->names[u->rows - 1], name, sizeof name);
    for (size_t i = 0; i < columns; i++) {
        struct bytes field = piece_take(&line, ',');
        if (decimal_parse(field, &row[i]) != ERR_OK && !special_parse(field, &row[i]))
            return diag_set(diag, ERR_SYNTAX, "%s, field %zu: not a number", place, i + 1 + is_named);
    }
    return ERR_OK;
}

enum err updates_add_csv(struct updates *u, const char *file, struct bytes text, bool is_named, struct diag *diag)
{
    enum err err = ERR_OK;
    unsigned before = u->rows;
    for (unsigned long number = 1; text.len > 0 && err == ERR_OK; number++) {
        struct bytes line = piece_take(&text, '\n');
        char place[256];
        if (line.len == 0 || line.data[0] == '#')
            continue;
        (void)snprintf(place, sizeof place, "%.200s:%lu", file, number);
        err = line_add(u, place, line, is_named, diag);
    }
    if (err == ERR_OK && u->rows == before)
        err = diag_set(diag, ERR_MISSING, "%s: no numbers in it", file);
    return err;
}

void updates_encode_csv(const double *values, size_t columns, struct buf *out)
{
    for (size_t i = 0; i < columns; i++)
        buf_printf(out, "%.17g%c", values[i], i + 1 < columns ? ',' : '\n');
}
