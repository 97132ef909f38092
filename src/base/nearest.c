#include "base/nearest.h"

#include <stddef.h>
#include <string.h>

enum { WORD_MAX = 40 };

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* By rows of the matrix; both words are at most WORD_MAX long. */
static size_t distance(const char *a, const char *b)
{
    size_t row[WORD_MAX + 1], length = strlen(b);

    for (size_t j = 0; j <= length; j++)
        row[j] = j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];

        row[0] = i + 1;
        for (size_t j = 0; j < length; j++) {
            size_t above = row[j + 1];

            row[j + 1] = least(above + 1, row[j] + 1, diagonal + (a[i] != b[j]));
            diagonal = above;
        }
    }
    return row[length];
}

const char *nearest_name(const char *word, const char *const names[])
{
    size_t best = strlen(word) / 2 + 1;
    const char *nearest = NULL;

    if (strlen(word) > WORD_MAX)
        return NULL;
    for (size_t i = 0; names[i] != NULL; i++) {
        size_t d = strlen(names[i]) <= WORD_MAX ? distance(word, names[i]) : best;

        if (d < best) {
            best = d;
            nearest = names[i];
        }
    }
    return nearest;
}
