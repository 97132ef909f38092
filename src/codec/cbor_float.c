#include "codec/cbor_float.h"

#include <string.h>

static uint64_t bits_of(double v)
{
    uint64_t bits;

    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static double half_value(uint64_t bits)
{
    unsigned exponent = bits >> 10 & 31;
    double v = (double)(bits & 1023);

    if (exponent == 31)
        v = v != 0 ? __builtin_nan("") : __builtin_inf();
    else if (exponent == 0)
        v *= 0x1p-24;
    else
        v = (v + 1024) * (double)(UINT32_C(1) << (exponent - 1)) * 0x1p-24;
    return bits >> 15 ? -v : v;
}

/* Bits of the half that is nearest towards zero; whoever asks compares values. */
static uint64_t half_bits(uint64_t bits)
{
    uint64_t sign = bits >> 63 << 15, mantissa = bits & ((UINT64_C(1) << 52) - 1);
    int exponent = (int)(bits >> 52 & 2047) - 1023;

    if (exponent > 15)
        return sign | 0x7c00;
    if (exponent >= -14)
        return sign | (uint64_t)(exponent + 15) << 10 | mantissa >> 42;
    if (exponent < -24)
        return sign;
    return sign | (mantissa | UINT64_C(1) << 52) >> (42 - 14 - exponent);
}

double cbor_float_value(struct cbor_float f)
{
    double v;

    if (f.size == 2)
        return half_value(f.bits);
    if (f.size == 4) {
        uint32_t bits = (uint32_t)f.bits;
        float single;

        memcpy(&single, &bits, sizeof single);
        return single;
    }
    memcpy(&v, &f.bits, sizeof v);
    return v;
}

struct cbor_float cbor_float_shortest(double v)
{
    struct cbor_float half = {.size = 2, .bits = half_bits(bits_of(v))};
    struct cbor_float whole = {.size = 8, .bits = bits_of(v)};
    uint32_t bits;
    float single;

    if (v != v)
        return (struct cbor_float){.size = 2, .bits = 0x7e00};
    if (bits_of(cbor_float_value(half)) == whole.bits)
        return half;
    if (v < -0x1.fffffep127 || v > 0x1.fffffep127) /* the conversion below would be undefined */
        return whole;
    single = (float)v;
    if ((double)single != v)
        return whole;
    memcpy(&bits, &single, sizeof bits);
    return (struct cbor_float){.size = 4, .bits = bits};
}
