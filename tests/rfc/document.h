#ifndef PRISMFED_TESTS_RFC_DOCUMENT_H
#define PRISMFED_TESTS_RFC_DOCUMENT_H

#include "base/bytes.h"

/* Markdown, as far as the tests of documents need it. */

/* The lines of the code block that follows the line `<!-- name -->`, without white space, appended to out; false when
 * there is none. */
bool document_block(const char *text, const char *name, struct buf *out);

/* Goes through the rows of the table that follows `<!-- name -->`, its two heading lines left out: cells gets up to max
 * texts, each trimmed and valid until the next call. Begin with *at NULL; 0 after the last row. */
unsigned document_row(const char *text, const char *name, const char **at, char cells[][64], unsigned max);

#endif
