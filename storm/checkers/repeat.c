#include "storm/mix.h"
#include "storm/world.h"

/* One number over all effects of all machines; compared by the campaign with a second run of the seed. */
void repeat_effect(struct machine *m, const void *effect)
{
    const struct effect *e = effect;
    struct world *w = m->world;

    if (!w->hashing)
        return;
    uint64_t h = mix(w->trace, (uint64_t)m->index << 32 | (uint64_t)e->kind << 16 | (uint32_t)e->to);
    h = mix(mix(h, e->number), (uint64_t)e->at_ns ^ e->timer);
    if (e->blob != NULL) {
        uint64_t lanes[MIX_LANES];

        mix_bytes(blob_bytes(e->blob), h, lanes);
        h = mix_lanes(lanes);
    }
    w->trace = h;
}
