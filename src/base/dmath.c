#include "base/dmath.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/err.h"
#include "base/wide.h"

/* Each operation rounds to double at once; compiled with -ffp-contract=off. */
_Static_assert(FLT_EVAL_METHOD == 0, "doubles are evaluated in another precision");

/* ln 2 in two parts; the first has 32 significant bits, so that its product
 * with an exponent is exact. */
static const double ln2_high = 0x1.62e42fee00000p-1;
static const double ln2_low = 0x1.a39ef35793c76p-33;

enum { EXPONENT_BIAS = 1023, MANTISSA_BITS = 52 };

/* x = mantissa * 2^exponent, mantissa in [sqrt(1/2), sqrt(2)). */
static double split(double x, int *exponent)
{
    uint64_t bits;
    int e = 0;

    if (x < DBL_MIN) {
        x *= 0x1.0p54;
        e = -54;
    }
    memcpy(&bits, &x, sizeof bits);
    e += (int)(bits >> MANTISSA_BITS) - EXPONENT_BIAS;
    bits = (bits & ((UINT64_C(1) << MANTISSA_BITS) - 1)) | (uint64_t)EXPONENT_BIAS << MANTISSA_BITS;
    memcpy(&x, &bits, sizeof bits);
    if (x > 0x1.6a09e667f3bcdp+0) {
        x *= 0.5;
        e++;
    }
    *exponent = e;
    return x;
}

double dmath_log(double x)
{
    double s, s2, sum = 0;
    int e;

    ASSERT(x > 0 && x <= DBL_MAX);
    x = split(x, &e);
    /* ln x = 2 atanh s = 2 (s + s^3/3 + s^5/5 + ...); s^2 < 0.0295, so that the
     * first term left out is below 2^-60 of the sum */
    s = (x - 1) / (x + 1);
    s2 = s * s;
    for (int k = 23; k >= 1; k -= 2)
        sum = sum * s2 + 1.0 / k;
    return e * ln2_high + (2 * s * sum + e * ln2_low);
}

double dmath_exp(double x)
{
    double r, sum = 1, scale;
    uint64_t bits;
    int k;

    ASSERT(x >= -700 && x <= 700);
    k = (int)(x * 0x1.71547652b82fep+0 + (x < 0 ? -0.5 : 0.5));
    r = (x - k * ln2_high) - k * ln2_low;
    /* Taylor's series; |r| < 0.35, the first term left out is below 2^-57 */
    for (int i = 14; i >= 1; i--)
        sum = 1 + r / i * sum;
    bits = (uint64_t)(EXPONENT_BIAS + k) << MANTISSA_BITS;
    memcpy(&scale, &bits, sizeof bits);
    return sum * scale;
}

double dmath_sqrt(double x)
{
    ASSERT(x >= 0);
    return sqrt(x); /* the one function that IEEE 754 requires to be correctly rounded */
}

static uint64_t magnitude(int64_t v)
{
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

/* n / d with n.high < d: the quotient fits. */
static uint64_t wide_div(struct wide n, uint64_t d)
{
    uint64_t rest = n.high, quotient = 0;

    if (n.high == 0)
        return n.low / d;
    for (int i = 63; i >= 0; i--) {
        uint64_t carry = rest >> 63;

        rest = rest << 1 | (n.low >> i & 1);
        quotient <<= 1;
        if (carry || rest >= d) {
            rest -= d;
            quotient |= 1;
        }
    }
    return quotient;
}

int64_t dmath_muldiv(int64_t a, int64_t b, int64_t c)
{
    struct wide product = wide_mul(magnitude(a), magnitude(b));
    uint64_t quotient;
    bool negative = (a < 0) != (b < 0);

    ASSERT(c > 0 && product.high < (uint64_t)c);
    quotient = wide_div(product, (uint64_t)c);
    ASSERT(quotient <= (uint64_t)INT64_MAX + negative);
    if (!negative)
        return (int64_t)quotient;
    return quotient == 0 ? 0 : -(int64_t)(quotient - 1) - 1;
}
