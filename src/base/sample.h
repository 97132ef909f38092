#ifndef PRISMFED_BASE_SAMPLE_H
#define PRISMFED_BASE_SAMPLE_H

#include <stdbool.h>

#include "base/prng.h"

/* Selection sampling (Knuth, volume 2, 3.4.2, algorithm S): of things that pass by one after the other so many are
 * taken, and each set of that size is as likely as any other. */
struct sample {
    struct prng prng;
    uint64_t wanted, left; /* still to be taken; still to pass by */
};

/* wanted: at most; all of them when there are no more. The same seed takes the same ones. */
void sample_begin(struct sample *s, uint64_t seed, uint64_t wanted, uint64_t of);
/* Is the next one taken? To be asked at most `of` times. */
bool sample_takes(struct sample *s);

#endif
