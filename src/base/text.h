#ifndef PRISMFED_BASE_TEXT_H
#define PRISMFED_BASE_TEXT_H

#include <stdbool.h>

#include "base/bytes.h"

/* Hex (lower case out, lower case only in) and base64 (RFC 4648 section 4,
 * with padding; the strict reader refuses non-zero trailing bits). All append
 * to out; ERR_SYNTAX. */
void hex_encode(struct bytes in, struct buf *out);
enum err hex_decode(struct bytes in, struct buf *out) MUST_CHECK;
void base64_encode(struct bytes in, struct buf *out);
enum err base64_decode(struct bytes in, struct buf *out) MUST_CHECK;

/* RFC 3629 UTF-8: no surrogates, no overlong forms. */
bool utf8_valid(struct bytes in);

/* ---- text of unknown origin that a person is to see */

/* Appends `in` on one line, so that it can do nothing to a terminal and hide nothing: control characters (C0, DEL, C1),
 * line and paragraph separators, marks of the direction of writing, and whatever has no width become \u{HEX}; bytes
 * that are not UTF-8 become \x{HEX}. All else stays as it is, so that a text that was escaped is not changed by
 * escaping it again. Every text that comes from outside goes through here before it is printed. */
void text_escape(struct bytes in, struct buf *out);
/* Would text_escape() leave it as it is? */
bool text_is_plain(struct bytes in);
#define TEXT_NOT_PLAIN "control characters, and characters that nobody sees, are not allowed here"
/* Appends a word as a POSIX shell (2.2.2) takes it for one: of letters, digits and the like as it is, any other between
 * apostrophes. */
void text_shell_word(const char *word, struct buf *out);
/* How many of the first `limit` bytes to keep so that no character is cut in two. */
size_t text_cut(struct bytes in, size_t limit);

/* A new text, the caller's (mem_free()), that ends with a zero. */
char *text_copy(struct bytes in);

/* A name (of a node, a region, a federation, a label of artifacts): 1 to max bytes, letters, digits and . _ + - of
 * ASCII, with a letter or a digit in front. It can stand in a path, on a command line and in a report as it is. */
bool name_valid(struct bytes name, size_t max);
#define NAME_ALPHABET "letters, digits and . _ + - of ASCII, with a letter or a digit in front"

/* Decimal digits only, no sign, no leading zero (except "0"): ERR_SYNTAX;
 * ERR_RANGE from 2^64 on. */
enum err u64_parse(const char *text, uint64_t *out) MUST_CHECK;

#endif
