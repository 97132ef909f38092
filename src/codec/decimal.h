#ifndef PRISMFED_CODEC_DECIMAL_H
#define PRISMFED_CODEC_DECIMAL_H

#include "base/bytes.h"

/* Decimal numbers as people write them, whatever the locale: [+-] digits [. digits] [e [+-] digits], one digit at
 * least before the exponent. ERR_SYNTAX for anything else, ERR_RANGE past the largest double. Rounds to the nearest. */
enum err decimal_parse(struct bytes text, double *out) MUST_CHECK;

/* Appends the shortest decimal that reads back as x, which is finite; no point in whole numbers below 2^53. */
void decimal_print(double x, struct buf *out);

#endif
