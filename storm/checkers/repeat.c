#include "storm/world.h"

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ (h >> 29);
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
    for (size_t i = 0; e->blob != NULL && i < e->blob->len; i++)
        h = mix(h, e->blob->data[i]);
    w->trace = h;
}
