#include <string.h>

#include "storm/world.h"

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ (h >> 29);
}

/* Two chains, so that neither waits for the other. */
static uint64_t mix_bytes(uint64_t h, struct bytes in)
{
    uint64_t other = in.len, words[2];
    size_t i = 0;

    for (; i + sizeof words <= in.len; i += sizeof words) {
        memcpy(words, in.data + i, sizeof words);
        h = mix(h, words[0]);
        other = mix(other, words[1]);
    }
    for (; i < in.len; i++)
        other = mix(other, in.data[i]);
    return mix(h, other);
}

/* One number over all effects of all machines; compared by the campaign with a second run of the seed. */
void repeat_effect(struct machine *m, const void *effect)
{
    const struct effect *e = effect;
    struct world *w = m->world;

    if (!w->hashing)
        return;
    uint64_t h = mix(w->trace, (uint64_t)m->index << 32 | (uint64_t)e->kind << 16 | (uint32_t)e->to);
    h = mix(mix(h, e->number), (uint64_t)e->at_ns ^ e->timer);
    w->trace = e->blob != NULL ? mix_bytes(h, blob_bytes(e->blob)) : h;
}
