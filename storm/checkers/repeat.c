#include "storm/mix.h"
#include "storm/world.h"

/* One number over all effects of all machines; compared by the campaign with a second run of the seed. A broadcast is
 * one effect for each who gets it, in a row, and its bytes are read once. */

static void repeat_effect(struct machine *m, const struct effect *e, uint64_t *content, const struct blob *before)
{
    struct world *w = m->world;

    uint64_t h = mix(w->trace, (uint64_t)m->index << 32 | (uint64_t)e->kind << 16 | (uint32_t)e->to);
    h = mix(mix(h, e->number), (uint64_t)e->at_ns ^ e->timer);
    if (e->blob != NULL && e->blob != before) {
        uint64_t lanes[MIX_LANES];

        mix_bytes(blob_bytes(e->blob), 0, lanes);
        *content = mix_lanes(lanes);
    }
    w->trace = e->blob != NULL ? mix(h, *content) : h;
}

void repeat_step(struct machine *m, const struct effects *effects)
{
    const struct blob *before = NULL;
    uint64_t content = 0;

    if (!m->world->hashing)
        return;
    for (size_t i = 0; i < effects->count; i++) {
        repeat_effect(m, &effects->items[i], &content, before);
        before = effects->items[i].blob;
    }
}
