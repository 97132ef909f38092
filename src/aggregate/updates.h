#ifndef PRISMFED_AGGREGATE_UPDATES_H
#define PRISMFED_AGGREGATE_UPDATES_H

#include "aggregate/vector.h"

/* Updates as files have them: tables of numbers, an update a row. CSV (RFC 4180 without quotes; empty lines and lines
 * that begin with # are left out), NumPy's .npy (aggregate/npy.h; one or two dimensions), or its .npz: an archive of
 * one such array is read as that, and the arrays of one with several, of any shapes, are the layers of one update. */

enum { UPDATE_NAME_MAX = 63 };

/* Zero-initialise, updates_free() at the end. */
struct updates {
    unsigned rows;
    size_t columns;                                   /* 0 before the first row */
    double *values;                                   /* row by row, owned */
    size_t cap;                                       /* of values */
    char names[VECTOR_ROWS_MAX][UPDATE_NAME_MAX + 1]; /* who sent it; "" if that is not said */
    bool has_layers;                                  /* an archive of several arrays was read: */
    struct digest layers;                             /* their names and shapes, which all of them have */
};
void updates_free(struct updates *u);

/* Appends the rows of one file, whose name is for errors only. ERR_SYNTAX, ERR_TRUNCATED, ERR_LIMIT, ERR_TYPE, or
 * ERR_MISMATCH when its rows have another length than those before, or its layers other shapes. CSV has decimal numbers
 * (codec/decimal.h), and nan, inf and infinity as they are printed; what is none or too large for the rules is read,
 * and left to them. After an error u is good for updates_free() only. is_named: the first field of each line is the
 * name of the sender.
 */
enum err updates_add_csv(struct updates *u, const char *file, struct bytes text, bool is_named,
                         struct diag *diag) MUST_CHECK;
enum err updates_add_npy(struct updates *u, const char *file, struct bytes bytes, struct diag *diag) MUST_CHECK;
enum err updates_add_npz(struct updates *u, const char *file, struct bytes bytes, struct diag *diag) MUST_CHECK;
/* Whichever of the three it is. */
enum err updates_add(struct updates *u, const char *file, struct bytes bytes, bool is_named,
                     struct diag *diag) MUST_CHECK;

/* What names each row, for vector_reduce: SHA-256 of sender and content. The same update of one sender counts once;
 * two different ones are ERR_DUPLICATE. Equal rows without a sender are different updates. */
enum err updates_hash(const struct updates *u, struct digest hashes[VECTOR_ROWS_MAX], struct diag *diag) MUST_CHECK;

/* SHA-256 of the values as little-endian doubles, which is what a .npy has behind its header. */
struct digest updates_digest(const double *values, size_t columns);
/* One row as a file. CSV has 17 significant digits: reading it gives the same bits. */
void updates_encode_csv(const double *values, size_t columns, struct buf *out);
void updates_encode_npy(const double *values, size_t columns, struct buf *out);

/* For the readers: room for one more row of so many columns, zeroed; it counts at once. */
enum err updates_add_row(struct updates *u, const char *file, size_t columns, double **row,
                         struct diag *diag) MUST_CHECK;

#endif
