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

/* Decimal digits only, no sign, no leading zero (except "0"): ERR_SYNTAX;
 * ERR_RANGE from 2^64 on. */
enum err u64_parse(const char *text, uint64_t *out) MUST_CHECK;

#endif
