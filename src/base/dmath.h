#ifndef PRISMFED_BASE_DMATH_H
#define PRISMFED_BASE_DMATH_H

#include <stdint.h>

/* A whole, where parts per million are counted. */
enum { PPM = 1000000 };

/* Elementary functions from + - * / only, in a fixed order, so that every
 * compiler and architecture gives the same bits (no libm). Relative error below
 * 1e-14 on the stated domains. */
double dmath_log(double x);  /* natural; x > 0, finite */
double dmath_exp(double x);  /* |x| <= 700 */
double dmath_sqrt(double x); /* IEEE 754 correctly rounded; x >= 0 */

/* (a * b) / c with a 128-bit product, rounded towards zero; c > 0, the result
 * must fit (asserted). */
int64_t dmath_muldiv(int64_t a, int64_t b, int64_t c);

#endif
