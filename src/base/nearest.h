#ifndef PRISMFED_BASE_NEAREST_H
#define PRISMFED_BASE_NEAREST_H

/* The name that somebody probably meant: the one at the smallest edit distance (Levenshtein 1966), the first
 * of several. NULL when none is nearer than half of the word. names ends with NULL. */
const char *nearest_name(const char *word, const char *const names[]);

#endif
