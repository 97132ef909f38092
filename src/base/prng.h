#ifndef PRISMFED_BASE_PRNG_H
#define PRISMFED_BASE_PRNG_H

#include <stdint.h>

/* xoshiro256** (Blackman and Vigna 2018), seeded through splitmix64. Not for
 * keys. Copying the struct forks the stream. */
struct prng {
    uint64_t s[4];
};

void prng_seed(struct prng *p, uint64_t seed);
/* A stream of its own for each (seed, label, index): what one part draws never
 * shifts what another part sees. */
void prng_stream(struct prng *p, uint64_t seed, const char *label, uint64_t index);
uint64_t prng_next(struct prng *p);
/* Uniform in [0, bound), unbiased (Lemire 2019); bound > 0. */
uint64_t prng_below(struct prng *p, uint64_t bound);
/* Uniform in [0, 1), a multiple of 2^-53. */
double prng_unit(struct prng *p);

#endif
