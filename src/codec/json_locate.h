#ifndef PRISMFED_CODEC_JSON_LOCATE_H
#define PRISMFED_CODEC_JSON_LOCATE_H

#include "base/bytes.h"

/* Line and column of a byte offset, both from 1; a column is a character. */
void json_position(struct bytes text, size_t offset, unsigned *line, unsigned *column);

/* Offset of the value that an RFC 6901 pointer names, in a text that has been
 * parsed without an error; false if there is none. */
bool json_find(struct bytes text, const char *pointer, size_t *offset);

#endif
