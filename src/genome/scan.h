#ifndef PRISMFED_GENOME_SCAN_H
#define PRISMFED_GENOME_SCAN_H

#include "base/bytes.h"

/* Reads a text that people wrote, byte by byte. Errors stick: after the first one scan_peek() is at the end, and the
 * diag has "name:line:column: reason" (columns are characters, both from 1). */
struct scan {
    const char *name; /* of the file; NULL: a text inside a file, whose complaints say "character N: reason",
                         or without a text just the reason */
    struct bytes text;
    size_t pos;
    enum err err;
    struct diag *diag;
};

/* Complains about the byte at offset `at`, unless there was an error before. */
void scan_fail(struct scan *s, size_t at, enum err err, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* The byte at the position, -1 at the end of the text and after an error. */
int scan_peek(const struct scan *s);
/* Is this what comes next? Then it is behind the position. */
bool scan_accept(struct scan *s, const char *token);
/* Complains that the token is expected WHERE unless it is accepted. */
void scan_expect(struct scan *s, const char *token, const char *where);
/* Skips blanks and tabs; carriage returns; and what a # begins, up to the end of the line. */
void scan_blank(struct scan *s);
/* Skips blanks; true at the end of a line or of the text. */
bool scan_line_ends(struct scan *s);
/* Skips the rest of the line, its end included. */
void scan_line_skip(struct scan *s);
/* Complains unless the line ends here. */
void scan_line_expect_end(struct scan *s);

/* The bytes from the position on that are letters, digits or among `others`. */
struct bytes scan_word(struct scan *s, const char *others);
/* What stands between this quote (", ' or `) and the next one in the line. */
struct bytes scan_quoted(struct scan *s);
/* The same where a backslash takes its meaning from what stands behind it; both stay in what comes back. */
struct bytes scan_quoted_escaped(struct scan *s);
/* A choice without quotes: up to a blank, a comma, a bracket, a quote, # or | or &&; empty before =. */
struct bytes scan_choice(struct scan *s);
/* The bytes of a decimal number with an optional sign, empty when none begins here. */
struct bytes scan_number(struct scan *s);
/* Complains "expected WHAT, found ...", which is a word of what stands there. */
void scan_fail_found(struct scan *s, size_t at, const char *what);

#endif
