#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregate/updates.h"

/* NumPy's file format: numpy.lib.format, versions 1.0 to 3.0: magic, version, the header's length, a header that is
 * a Python literal (always written in this one form), the numbers. */

enum { PREFIX = 8, HEADER_MAX = 4096, ALIGNMENT = 64 };

static const uint8_t magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

struct shape {
    size_t rows, columns;
    unsigned size; /* of a number: 4 or 8 */
};

bool updates_is_npy(struct bytes bytes)
{
    return bytes.len >= sizeof magic && memcmp(bytes.data, magic, sizeof magic) == 0;
}

static uint64_t little_get(const uint8_t *in, unsigned size)
{
    uint64_t value = 0;
    for (unsigned k = size; k-- > 0;)
        value = value << 8 | in[k];
    return value;
}

/* "(3, 4)" or "(4,)": whole numbers from 1 to 2^48. */
static enum err shape_parse(const char *text, struct shape *out)
{
    size_t counts[2];
    unsigned dimensions = 0;
    while (dimensions < 2 && *text >= '1' && *text <= '9') {
        char *end;
        unsigned long long value = strtoull(text, &end, 10);
        if (value > UINT64_C(1) << 48)
            return ERR_LIMIT;
        counts[dimensions++] = (size_t)value;
        text = end;
        text += *text == ',';
        text += *text == ' ';
    }
    if (dimensions == 0 || *text != ')')
        return ERR_SYNTAX;
    out->rows = dimensions == 2 ? counts[0] : 1;
    out->columns = counts[dimensions - 1];
    return ERR_OK;
}

static enum err header_parse(const char *file, const char *header, struct shape *out, struct diag *diag)
{
    char type[8], order[8];
    int used = 0;
    if (sscanf(header, "{'descr': '%7[<>|=a-zA-Z0-9]', 'fortran_order': %7[A-Za-z], 'shape': (%n", type, order,
               &used) != 2 ||
        used == 0)
        return diag_set(diag, ERR_TYPE, "%s: not an array of numbers as NumPy writes it", file);
    if (strcmp(type, "<f8") != 0 && strcmp(type, "<f4") != 0)
        return diag_set(diag, ERR_TYPE, "%s: numbers of type %s: expected <f8 or <f4", file, type);
    if (strcmp(order, "False") != 0)
        return diag_set(diag, ERR_TYPE, "%s: in Fortran's order: expected C's", file);
    out->size = type[2] == '8' ? 8 : 4;
    enum err err = shape_parse(header + used, out);
    return err == ERR_OK ? ERR_OK : diag_set(diag, err, "%s: a shape other than (n,) or (rows, n)", file);
}

/* Finds the numbers behind the header. */
static enum err file_parse(const char *file, struct bytes bytes, struct shape *shape, struct bytes *numbers,
                           struct diag *diag)
{
    char header[HEADER_MAX + 1];
    unsigned version = bytes.len > PREFIX ? bytes.data[6] : 0, width = version == 1 ? 2 : 4;
    if (!updates_is_npy(bytes) || bytes.len < PREFIX + width || version < 1 || version > 3)
        return diag_set(diag, ERR_SYNTAX, "%s: not a .npy file of version 1 to 3", file);
    uint64_t length = little_get(bytes.data + PREFIX, width);
    if (length > HEADER_MAX)
        return diag_set(diag, ERR_LIMIT, "%s: a header of more than %d bytes", file, HEADER_MAX);
    if (bytes.len - PREFIX - width < length)
        return diag_set(diag, ERR_TRUNCATED, "%s: it ends within its header", file);
    memcpy(header, bytes.data + PREFIX + width, length);
    header[length] = 0;
    enum err err = header_parse(file, header, shape, diag);
    if (err != ERR_OK)
        return err;
    *numbers = (struct bytes){bytes.data + PREFIX + width + length, bytes.len - PREFIX - width - length};
    if (shape->rows > VECTOR_ROWS_MAX)
        return diag_set(diag, ERR_LIMIT, "%s: %zu rows: at most %d", file, shape->rows, VECTOR_ROWS_MAX);
    if (numbers->len != shape->rows * shape->columns * shape->size)
        return diag_set(diag, ERR_TRUNCATED, "%s: %zu bytes of numbers, %zu x %zu need %zu", file, numbers->len,
                        shape->rows, shape->columns, shape->rows * shape->columns * shape->size);
    return ERR_OK;
}

static void numbers_take(const uint8_t *in, unsigned size, size_t count, double *out)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t bits = little_get(in + i * size, size);
        if (size == 8) {
            memcpy(&out[i], &bits, sizeof out[i]);
            continue;
        }
        uint32_t half = (uint32_t)bits;
        float value;
        memcpy(&value, &half, sizeof value);
        out[i] = (double)value;
    }
}

enum err updates_add_npy(struct updates *u, const char *file, struct bytes bytes, struct diag *diag)
{
    struct shape shape;
    struct bytes numbers;
    enum err err = file_parse(file, bytes, &shape, &numbers, diag);
    for (size_t i = 0; err == ERR_OK && i < shape.rows; i++) {
        double *row;
        err = updates_add_row(u, file, shape.columns, &row, diag);
        if (err == ERR_OK)
            numbers_take(numbers.data + i * shape.columns * shape.size, shape.size, shape.columns, row);
    }
    return err;
}

void updates_encode_npy(const double *values, size_t columns, struct buf *out)
{
    struct buf header = {0};
    buf_printf(&header, "{'descr': '<f8', 'fortran_order': False, 'shape': (%zu,), }", columns);
    while ((PREFIX + 2 + header.len + 1) % ALIGNMENT != 0)
        buf_add_byte(&header, ' ');
    buf_add_byte(&header, '\n');
    buf_add(out, magic, sizeof magic);
    buf_add(out, (const uint8_t[]){1, 0, (uint8_t)header.len, (uint8_t)(header.len >> 8)}, 4);
    buf_add(out, header.data, header.len);
    buf_free(&header);
    for (size_t i = 0; i < columns; i++) {
        uint64_t bits;
        uint8_t bytes[8];
        memcpy(&bits, &values[i], sizeof bits);
        for (unsigned k = 0; k < 8; k++)
            bytes[k] = (uint8_t)(bits >> 8 * k);
        buf_add(out, bytes, sizeof bytes);
    }
}
