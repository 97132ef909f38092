#include "pbft/internal.h"

#include "storm/world.h"

/* The most that one step may ask for: a view's worth of slots said again to everybody, and as much decided. */
static size_t effects_allowed(const struct storm_plan *p)
{
    return 64 + 16 * (size_t)(p->window + p->interval) + 4 * (size_t)p->replicas;
}

void memory_look(struct machine *m, size_t effects)
{
    struct world *w = m->world;
    size_t kept = 0;

    if (effects > w->checkers.effects)
        w->checkers.effects = effects;
    if (effects > effects_allowed(&w->plan))
        world_fail(w, "16 memory", "one step of machine %u has %zu effects", m->index, effects);
    if (w->steps % 64 > 0 || m->pbft == NULL)
        return;
    const struct pbft *p = m->pbft;
    for (unsigned i = 0; i < p->members.n; i++) {
        const struct peer *peer = &p->peers[i];
        if (peer->view_change != NULL && peer->view_change->len > PBFT_MESSAGE_SIZE_MAX)
            world_fail(w, "16 memory", "machine %u keeps %zu bytes for %u", m->index, peer->view_change->len, i);
    }
    for (unsigned i = 0; i < p->ring; i++)
        kept += p->slots[i].batch_count;
    if (kept > (size_t)p->ring * SLOT_BATCHES || p->pool.count > w->plan.pending_max)
        world_fail(w, "16 memory", "machine %u keeps %zu batches and %u requests", m->index, kept, p->pool.count);
}
