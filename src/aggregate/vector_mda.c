#include <stdlib.h>

#include "aggregate/vector_rules.h"

/* Minimum diameter averaging: the mean of the n - f rows whose greatest distance is least. Leaving out f rows so that
 * no pair is further apart than a limit is a vertex cover of size f: of each pair too far apart one must go, which is
 * tried both ways, at most 2^f of them. */

struct search {
    const double *squares;
    unsigned count;
    double limit; /* squared; no two rows that stay are further apart */
    bool is_gone[VECTOR_ROWS_MAX];
};

/* Whether leaving out at most `spare` more rows is enough; pairs of rows before `from` are near already. */
static bool is_enough(struct search *s, unsigned from, unsigned spare)
{
    for (unsigned i = from; i < s->count; i++) {
        for (unsigned j = 0; !s->is_gone[i] && j < i; j++) {
            if (s->is_gone[j] || s->squares[(size_t)i * s->count + j] <= s->limit)
                continue;
            if (spare == 0)
                return false;
            s->is_gone[i] = true;
            bool enough = is_enough(s, i, spare - 1);
            s->is_gone[i] = false;
            if (enough)
                return true;
            s->is_gone[j] = true;
            enough = is_enough(s, i, spare - 1);
            s->is_gone[j] = false;
            return enough;
        }
    }
    return true;
}

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* The least limit, which is one of the distances. */
static void limit_find(struct search *s, unsigned f)
{
    size_t count = (size_t)s->count * s->count, low = 0, high = count - 1;
    double *sorted = mem_array(count, sizeof sorted[0]);
    for (size_t i = 0; i < count; i++)
        sorted[i] = s->squares[i];
    qsort(sorted, count, sizeof sorted[0], compare);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        s->limit = sorted[middle];
        if (is_enough(s, 0, f))
            high = middle;
        else
            low = middle + 1;
    }
    s->limit = sorted[low];
    mem_free(sorted);
}

/* Whether the row can stay with those before it that do: all that are too far from it go. */
static bool row_keep(struct search *s, unsigned row, unsigned *spare)
{
    struct search with = *s;
    unsigned left = *spare;
    for (unsigned j = 0; j < s->count; j++) {
        if (with.is_gone[j] || s->squares[(size_t)row * s->count + j] <= s->limit)
            continue;
        if (left == 0)
            return false;
        with.is_gone[j] = true;
        left--;
    }
    if (!is_enough(&with, 0, left))
        return false;
    *s = with;
    *spare = left;
    return true;
}

/* Several sets can have the least diameter: rows are taken in order as long as enough can still follow. */
void vector_mda(const struct vector_rows *rows, unsigned f, double *out)
{
    unsigned n = rows->count, kept = 0, spare = f;
    double *squares = mem_array((size_t)n * n, sizeof squares[0]), weights[VECTOR_ROWS_MAX] = {0};
    struct search s = {.squares = squares, .count = n};
    vector_distances(rows, squares);
    limit_find(&s, f);
    for (unsigned i = 0; i < n && kept < n - f; i++) {
        if (s.is_gone[i])
            continue;
        if (row_keep(&s, i, &spare)) {
            weights[i] = 1;
            kept++;
            continue;
        }
        ASSERT(spare > 0);
        s.is_gone[i] = true;
        spare--;
    }
    ASSERT(kept == n - f && vector_average(rows, weights, out));
    mem_free(squares);
}
