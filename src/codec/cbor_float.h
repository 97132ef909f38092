#ifndef PRISMFED_CODEC_CBOR_FLOAT_H
#define PRISMFED_CODEC_CBOR_FLOAT_H

#include <stdint.h>

/* A number in the bits of one of the three floats that CBOR has. */
struct cbor_float {
    unsigned size; /* 2, 4 or 8 bytes */
    uint64_t bits;
};

/* The shortest float that has exactly this value (RFC 8949 section 4.2.1); every
 * NaN becomes the half 0x7e00 (section 4.2.2). */
struct cbor_float cbor_float_shortest(double v);
double cbor_float_value(struct cbor_float f);

#endif
