#ifndef PRISMFED_AGGREGATE_NPY_H
#define PRISMFED_AGGREGATE_NPY_H

#include "base/bytes.h"

/* NumPy's file format of one array (numpy.lib.format, versions 1.0 to 3.0): magic, version, the header's length, a
 * header that is a Python literal (always written in one form), the numbers. */

enum { NPY_DIMENSIONS_MAX = 32 };

/* Of floats: f2, f4 or f8, in either order of bytes, and in C's or Fortran's order. */
struct npy_array {
    unsigned dimensions; /* 0: one number */
    size_t counts[NPY_DIMENSIONS_MAX];
    size_t total;  /* of numbers, 1 to 2^48 */
    unsigned size; /* of a number in bytes */
    bool is_big_endian, is_fortran;
    struct bytes numbers; /* within the file, borrowed */
};

bool npy_is(struct bytes bytes);
/* A whole file, whose name is for errors only. ERR_SYNTAX, ERR_TYPE, ERR_LIMIT, ERR_TRUNCATED. */
enum err npy_parse(const char *file, struct bytes bytes, struct npy_array *out, struct diag *diag) MUST_CHECK;
/* All of its numbers in C's order, whichever order the file has. */
void npy_numbers(const struct npy_array *array, double *out);
/* A file of one dimension of <f8. */
void npy_encode(const double *values, size_t count, struct buf *out);

#endif
