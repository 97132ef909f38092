#include "base/sample.h"

#include "base/err.h"

void sample_begin(struct sample *s, uint64_t seed, uint64_t wanted, uint64_t of)
{
    prng_seed(&s->prng, seed);
    s->wanted = wanted < of ? wanted : of;
    s->left = of;
}

bool sample_takes(struct sample *s)
{
    ASSERT(s->left > 0);
    bool taken = prng_below(&s->prng, s->left--) < s->wanted;

    s->wanted -= taken;
    return taken;
}
