#include "aggregate/npy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mutate.h"

enum { PREFIX = 8, HEADER_MAX = 4096, ALIGNMENT = 64 };

static const uint8_t magic[6] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

bool npy_is(struct bytes bytes)
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

static uint64_t big_get(const uint8_t *in, unsigned size)
{
    uint64_t value = 0;
    for (unsigned k = 0; k < size; k++)
        value = value << 8 | in[k];
    return value;
}

/* ---- the header */

/* "(3, 4)", "(4,)" or "()": whole numbers from 1 on, whose product is at most 2^48. */
static enum err shape_parse(const char *text, struct npy_array *out)
{
    out->dimensions = 0;
    out->total = 1;
    while (out->dimensions < NPY_DIMENSIONS_MAX && *text >= '1' && *text <= '9') {
        char *end;
        unsigned long long value = strtoull(text, &end, 10);
        if (value > (UINT64_C(1) << 48) / out->total)
            return ERR_LIMIT;
        out->counts[out->dimensions++] = (size_t)value;
        out->total *= (size_t)value;
        text = end;
        text += *text == ',';
        text += *text == ' ';
    }
    return *text == ')' ? ERR_OK : ERR_SYNTAX;
}

static enum err header_parse(const char *file, const char *header, struct npy_array *out, struct diag *diag)
{
    char type[8], order[8];
    int used = 0;
    if (sscanf(header, "{'descr': '%7[<>|=a-zA-Z0-9]', 'fortran_order': %7[A-Za-z], 'shape': (%n", type, order,
               &used) != 2 ||
        used == 0)
        return diag_set(diag, ERR_TYPE, "%s: not an array of numbers as NumPy writes it", file);
    bool is_known = strlen(type) == 3 && (type[0] == '<' || type[0] == '>') && type[1] == 'f' &&
                    (type[2] == '2' || type[2] == '4' || type[2] == '8');
    if (!is_known)
        return diag_set(diag, ERR_TYPE, "%s: numbers of type %s: expected f2, f4 or f8, with < or > before it", file,
                        type);
    if (strcmp(order, "False") != 0 && strcmp(order, "True") != 0)
        return diag_set(diag, ERR_TYPE, "%s: 'fortran_order' is %s: expected True or False", file, order);
    out->size = (unsigned)(type[2] - '0');
    out->is_big_endian = type[0] == '>';
    out->is_fortran = order[0] == 'T';
    enum err err = shape_parse(header + used, out);
    return err == ERR_OK ? ERR_OK : diag_set(diag, err, "%s: a shape without numbers, or too large", file);
}

enum err npy_parse(const char *file, struct bytes bytes, struct npy_array *out, struct diag *diag)
{
    char header[HEADER_MAX + 1];
    unsigned version = bytes.len > PREFIX ? bytes.data[6] : 0, width = version == 1 ? 2 : 4;
    if (!npy_is(bytes) || bytes.len < PREFIX + width || version < 1 || version > 3)
        return diag_set(diag, ERR_SYNTAX, "%s: not a .npy file of version 1 to 3", file);
    uint64_t length = little_get(bytes.data + PREFIX, width);
    if (length > HEADER_MAX)
        return diag_set(diag, ERR_LIMIT, "%s: a header of more than %d bytes", file, HEADER_MAX);
    if (bytes.len - PREFIX - width < length)
        return diag_set(diag, ERR_TRUNCATED, "%s: it ends within its header", file);
    memcpy(header, bytes.data + PREFIX + width, length);
    header[length] = 0;
    struct npy_array array = {0};
    enum err err = header_parse(file, header, &array, diag);
    if (err != ERR_OK)
        return err;
    array.numbers = bytes_of(bytes.data + PREFIX + width + length, bytes.len - PREFIX - width - length);
    if (array.numbers.len != array.total * array.size)
        return diag_set(diag, ERR_TRUNCATED, "%s: %zu bytes of numbers, its shape needs %zu x %u", file,
                        array.numbers.len, array.total, array.size);
    *out = array;
    return ERR_OK;
}

/* ---- numbers */

/* IEEE 754 binary16, section 3.6: 1 bit of sign, 5 of exponent, 10 of fraction. */
static double half_of(uint64_t bits)
{
    const unsigned exponent = bits >> 10 & 31, all = 31, bias = 15;
    uint64_t fraction = bits & 0x3ff, wide = (bits >> 15) << 63;
    if (exponent == all) {
        wide |= UINT64_C(0x7ff) << 52 | fraction << 42;
    } else if (exponent > 0) {
        wide |= (uint64_t)(exponent - bias + 1023) << 52 | fraction << 42;
    } else {
        double small = (double)fraction * 0x1p-24;
        return wide != 0 ? -small : small;
    }
    double x;
    memcpy(&x, &wide, sizeof x);
    return x;
}

static double number_at(const struct npy_array *a, size_t place)
{
    const uint8_t *in = a->numbers.data + place * a->size;
    uint64_t bits = a->is_big_endian ? big_get(in, a->size) : little_get(in, a->size);
    uint32_t low = (uint32_t)bits;
    float single;
    double x;
    if (a->size == 2)
        return half_of(bits);
    memcpy(&single, &low, sizeof single);
    memcpy(&x, &bits, sizeof x);
    return a->size == 4 ? (double)single : x;
}

/* The places of a Fortran array in C's order: the last index runs first, and has the longest stride. */
static void fortran_numbers(const struct npy_array *a, double *out)
{
    size_t index[NPY_DIMENSIONS_MAX] = {0}, strides[NPY_DIMENSIONS_MAX], place = 0;
    for (unsigned d = 0; d < a->dimensions; d++)
        strides[d] = d == 0 ? 1 : strides[d - 1] * a->counts[d - 1];
    for (size_t i = 0; i < a->total; i++) {
        out[i] = number_at(a, place);
        for (unsigned d = a->dimensions; d-- > 0;) {
            place += strides[d];
            if (++index[d] < a->counts[d])
                break;
            place -= strides[d] * index[d];
            index[d] = 0;
        }
    }
}

void npy_numbers(const struct npy_array *array, double *out)
{
    if (MUTATE(NPY_FORTRAN_AS_C, false, array->is_fortran)) {
        fortran_numbers(array, out);
        return;
    }
    for (size_t i = 0; i < array->total; i++)
        out[i] = number_at(array, i);
}

void npy_encode(const double *values, size_t count, struct buf *out)
{
    struct buf header = {0};
    buf_printf(&header, "{'descr': '<f8', 'fortran_order': False, 'shape': (%zu,), }", count);
    while ((PREFIX + 2 + header.len + 1) % ALIGNMENT != 0)
        buf_add_byte(&header, ' ');
    buf_add_byte(&header, '\n');
    buf_add(out, magic, sizeof magic);
    buf_add(out, (const uint8_t[]){1, 0, (uint8_t)header.len, (uint8_t)(header.len >> 8)}, 4);
    buf_add(out, header.data, header.len);
    buf_free(&header);
    for (size_t i = 0; i < count; i++) {
        uint64_t bits;
        uint8_t bytes[8];
        memcpy(&bits, &values[i], sizeof bits);
        for (unsigned k = 0; k < 8; k++)
            bytes[k] = (uint8_t)(bits >> 8 * k);
        buf_add(out, bytes, sizeof bytes);
    }
}
