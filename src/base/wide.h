#ifndef PRISMFED_BASE_WIDE_H
#define PRISMFED_BASE_WIDE_H

#include <stdint.h>

/* The 128-bit product of two 64-bit numbers, by halves: not every C17 compiler
 * and architecture has a 128-bit type. */
struct wide {
    uint64_t high, low;
};

static inline struct wide wide_mul(uint64_t a, uint64_t b)
{
    uint64_t a1 = a >> 32, a0 = a & UINT32_MAX, b1 = b >> 32, b0 = b & UINT32_MAX;
    uint64_t low = a0 * b0;
    uint64_t middle = a1 * b0 + (low >> 32); /* at most (2^32-1)^2 + 2^32-1 < 2^64 */
    uint64_t other = a0 * b1 + (middle & UINT32_MAX);

    return (struct wide){
        .high = a1 * b1 + (middle >> 32) + (other >> 32),
        .low = other << 32 | (low & UINT32_MAX),
    };
}

#endif
