#include "aggregate/updates.h"

#include <string.h>

void updates_free(struct updates *u)
{
    mem_free(u->values);
    *u = (struct updates){0};
}

enum err updates_add_row(struct updates *u, const char *file, size_t columns, double **row, struct diag *diag)
{
    if (columns == 0)
        return diag_set(diag, ERR_SYNTAX, "%s: a row without numbers", file);
    if (u->rows > 0 && columns != u->columns)
        return diag_set(diag, ERR_MISMATCH, "%s: a row of %zu numbers after rows of %zu", file, columns, u->columns);
    if (u->rows == VECTOR_ROWS_MAX)
        return diag_set(diag, ERR_LIMIT, "%s: more than %d rows in all", file, VECTOR_ROWS_MAX);
    u->columns = columns;
    if (u->cap < (u->rows + 1) * columns) {
        unsigned rows = u->rows > 0 ? 2 * u->rows : 1;
        u->values = mem_resize(u->values, rows * columns, sizeof u->values[0]);
        u->cap = rows * columns;
    }
    *row = u->values + u->rows * columns;
    memset(*row, 0, columns * sizeof **row);
    u->names[u->rows][0] = 0;
    u->rows++;
    return ERR_OK;
}

/* ---- hashes */

static void doubles_add(struct digest_context *c, const double *values, size_t count)
{
    uint8_t bytes[256 * 8];
    for (size_t at = 0; at < count;) {
        size_t n = 0;
        for (; n < 256 && at < count; n++, at++) {
            uint64_t bits;
            memcpy(&bits, &values[at], sizeof bits);
            for (unsigned k = 0; k < 8; k++)
                bytes[n * 8 + k] = (uint8_t)(bits >> 8 * k);
        }
        digest_add(c, bytes, n * 8);
    }
}

struct digest updates_digest(const double *values, size_t columns)
{
    struct digest_context c;
    digest_init(&c);
    doubles_add(&c, values, columns);
    return digest_final(&c);
}

/* SHA-256(sender | 0 | which of the equal ones | content) */
static struct digest row_hash(const struct updates *u, unsigned row, unsigned copy)
{
    uint8_t number[8];
    struct digest_context c;
    be64_put(number, copy);
    digest_init(&c);
    digest_add(&c, u->names[row], strlen(u->names[row]) + 1);
    digest_add(&c, number, sizeof number);
    doubles_add(&c, u->values + row * u->columns, u->columns);
    return digest_final(&c);
}

enum err updates_hash(const struct updates *u, struct digest hashes[VECTOR_ROWS_MAX], struct diag *diag)
{
    struct digest plain[VECTOR_ROWS_MAX];
    for (unsigned i = 0; i < u->rows; i++) {
        bool is_named = u->names[i][0] != 0;
        unsigned copies = 0;
        plain[i] = row_hash(u, i, 0);
        for (unsigned j = 0; j < i; j++) {
            bool is_same = digest_equal(&plain[i], &plain[j]);
            if (is_named && !is_same && strcmp(u->names[i], u->names[j]) == 0)
                return diag_set(diag, ERR_DUPLICATE, "%s has sent two different updates (rows %u and %u)", u->names[i],
                                j, i);
            copies += is_same && !is_named;
        }
        hashes[i] = copies > 0 ? row_hash(u, i, copies) : plain[i];
    }
    return ERR_OK;
}
