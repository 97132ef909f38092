#ifndef PRISMFED_CODEC_DECIMAL_H
#define PRISMFED_CODEC_DECIMAL_H

#include "base/bytes.h"

/* Decimal numbers as people write them, whatever the locale: [+-] digits [. digits] [e [+-] digits], one digit at
 * least before the exponent. ERR_SYNTAX for anything else, ERR_RANGE past the largest double. Rounds to the nearest. */
enum err decimal_parse(struct bytes text, double *out) MUST_CHECK;

/* Appends x, which is finite, with the fewest digits that read back as it, and of these the nearest to it, in the form
 * of RFC 8785 section 3.2.2.3 (ECMAScript's Number::toString): no exponent from 1e-6 to below 1e21, else "1e-7",
 * "1.5e+21"; no point in a whole number; zero is "0" whatever its sign. The same on every system, in every locale. */
void decimal_print(double x, struct buf *out);

/* The same for a number that must stay one with decimals wherever it is read: ".0" is appended to what has neither
 * point nor exponent, and zero keeps its sign. "3.0", "-0.0", "0.1", "1e+21". */
void decimal_print_real(double x, struct buf *out);

#endif
