#ifndef PRISMFED_CODEC_JSON_H
#define PRISMFED_CODEC_JSON_H

#include <stdbool.h>

#include "base/bytes.h"

/* As in jansson.h, which whoever looks into a value includes: many more only hand one on. */
typedef struct json_t json_t;

/* JSON in and out (RFC 8259) over jansson. A document keeps its text, so that a
 * complaint about a value can name file, line, column and JSON pointer
 * (RFC 6901), which jansson alone cannot after parsing. */
struct json_doc {
    char *name; /* as given: a path, or "<memory>" */
    struct buf text;
    uint64_t memory; /* what its values take at most, the text not counted */
    json_t *root;
};

/* A document whose values would take more memory is refused before anything is built (ERR_LIMIT): 15 MB of brackets
 * could else become a gigabyte. */
#define JSON_MEMORY_MAX (UINT64_C(512) << 20)

/* Duplicate keys, depth over 64, more than JSON_MEMORY_MAX, bad UTF-8 and trailing bytes are refused; the
 * diag says "name:line:column: reason". json_doc_free() on success. */
enum err json_doc_load(struct json_doc *doc, const char *path, size_t limit, struct diag *diag) MUST_CHECK;
enum err json_doc_parse(struct json_doc *doc, const char *name, struct bytes text, struct diag *diag) MUST_CHECK;
/* The same with less memory than JSON_MEMORY_MAX for the values. */
enum err json_doc_parse_within(struct json_doc *doc, const char *name, struct bytes text, uint64_t memory_max,
                               struct diag *diag) MUST_CHECK;
void json_doc_free(struct json_doc *doc);

/* "name:line:column: pointer: reason". Returns err. */
enum err json_doc_complain(const struct json_doc *doc, const char *pointer, struct diag *diag, enum err err,
                           const char *fmt, ...) PRINTF_LIKE(5, 6);
/* Line and column (from 1) of the value that the pointer names; false if there is none. */
bool json_doc_locate(const struct json_doc *doc, const char *pointer, unsigned *line, unsigned *column);

/* ---- writing: every byte is decided here and none by jansson, whose releases differ (json_write.c) */

/* The one form that artifacts have: two-space indent, keys in the order of insertion, ASCII only, one newline at the
 * end. Numbers with decimals are decimal_print_real()'s. */
void json_render(const json_t *value, struct buf *out);
/* The same values on one line, without white space or a newline: for programs that read line by line. */
void json_line(const json_t *value, struct buf *out);
/* The bytes a digest over JSON is taken of: RFC 8785 (JCS), except that integers are written exactly, also above 2^53.
 */
void json_canonical(const json_t *value, struct buf *out);

/* Constructors that cannot fail (they abort without memory). */
json_t *json_u64(uint64_t v); /* an integer up to 2^53, a decimal string above */
json_t *json_hex(struct bytes v);
json_t *json_base64(struct bytes v);
void json_put(json_t *object, const char *key, json_t *value); /* steals value */
void json_push(json_t *array, json_t *value);                  /* steals value */

/* The first place where two values differ, as a JSON pointer into pointer (a
 * buf that is cleared first); false when they are equal. Object order counts
 * not, array order does. */
bool json_difference(const json_t *a, const json_t *b, struct buf *pointer);

#endif
