#include "base/prng.h"

#include "base/err.h"
#include "base/wide.h"

static const uint64_t splitmix_step = 0x9e3779b97f4a7c15;

/* The output function of splitmix64 (Steele, Lea and Flood 2014): a bijection. */
static uint64_t mix(uint64_t v)
{
    v = (v ^ (v >> 30)) * 0xbf58476d1ce4e5b9;
    v = (v ^ (v >> 27)) * 0x94d049bb133111eb;
    return v ^ (v >> 31);
}

void prng_seed(struct prng *p, uint64_t seed)
{
    for (unsigned i = 0; i < 4; i++)
        p->s[i] = mix(seed + (i + 1) * splitmix_step);
}

void prng_stream(struct prng *p, uint64_t seed, const char *label, uint64_t index)
{
    uint64_t h = mix(seed + splitmix_step);

    for (const char *c = label; *c != '\0'; c++)
        h = mix((h ^ (uint8_t)*c) + splitmix_step);
    h = mix((h ^ 0x100) + splitmix_step); /* no byte: "a" never runs into "ab" */
    prng_seed(p, mix((h ^ index) + splitmix_step));
}

static uint64_t rotate_left(uint64_t v, unsigned by)
{
    return v << by | v >> (64 - by);
}

uint64_t prng_next(struct prng *p)
{
    uint64_t *s = p->s;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t prng_below(struct prng *p, uint64_t bound)
{
    struct wide product;
    uint64_t threshold;

    ASSERT(bound > 0);
    product = wide_mul(prng_next(p), bound);
    if (product.low < bound) {
        threshold = -bound % bound; /* 2^64 mod bound */
        while (product.low < threshold)
            product = wide_mul(prng_next(p), bound);
    }
    return product.high;
}

double prng_unit(struct prng *p)
{
    return (double)(prng_next(p) >> 11) * 0x1.0p-53;
}
