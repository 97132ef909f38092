#include "pbft/internal.h"

#include <string.h>

#include "storm/world.h"

/* The most that one step may ask for: a view's worth of slots said again to everybody, and as much decided. Who needs
 * nobody else decides in one step all that waits, request by request at worst. Who is given blocks stores each, the
 * state behind it where that is a checkpoint, and signs that. */
static size_t effects_allowed(const struct storm_plan *p, const struct pbft *pbft)
{
    bool alone = pbft != NULL && pbft->members.quorum == 1;
    return 64 + 6 * REPLICA_BLOCKS_MAX + 16 * ((size_t)p->window + p->interval + (alone ? p->pending_max : 0)) +
           4 * (size_t)p->replicas;
}

/* A broadcast is one effect for each of those who get it, in a row. */
static bool is_again(const struct effects *effects, size_t i)
{
    return i > 0 && effects->items[i].kind == EFFECT_SEND && effects->items[i].number != 0 &&
           effects->items[i - 1].blob == effects->items[i].blob;
}

static size_t count_effects(const struct effects *effects)
{
    size_t count = 0;

    for (size_t i = 0; i < effects->count; i++)
        count += !is_again(effects, i);
    return count;
}

/* What pbft sends to one replica alone is an answer to it. */
static void count_answers(struct machine *m, const struct effects *effects)
{
    struct world *w = m->world;
    int64_t now = clock_now(&m->clock);

    for (size_t i = 0; i < effects->count; i++) {
        const struct effect *e = &effects->items[i];
        if (e->kind == EFFECT_NOTE && strcmp(e->name, "replica.membership") == 0)
            memset(m->answers, 0, sizeof m->answers);
        if (e->kind != EFFECT_SEND || e->number != 0 || !pbft_owns(blob_bytes(e->blob)))
            continue;
        struct answers *a = &m->answers[e->to];
        if (a->count == 0 || now - a->since >= w->plan.resend)
            *a = (struct answers){now, 0};
        /* Two of the machine's own periods may lie in ours, which does not grow with the time-out. */
        if (++a->count > 2 * ANSWERS_MAX)
            world_fail(w, "16 memory", "machine %u answers %d without measure", m->index, (int)e->to);
    }
}

void memory_step(struct machine *m, const struct effects *effects)
{
    struct world *w = m->world;
    size_t kept = 0;

    const struct pbft *p = machine_pbft(m);

    if (effects->count > effects_allowed(&w->plan, p) && count_effects(effects) > effects_allowed(&w->plan, p))
        world_fail(w, "16 memory", "one step of machine %u has %zu effects", m->index, effects->count);
    if (p == NULL)
        return;
    if (outbox_in_flight(&m->outbox) > machine_writes_allowed(w) + effects_allowed(&w->plan, p))
        world_fail(w, "16 memory", "machine %u has %llu writes in flight", m->index,
                   (unsigned long long)outbox_in_flight(&m->outbox));
    count_answers(m, effects);
    if (w->steps % 64 > 0)
        return;
    for (unsigned i = 0; i < p->members.n; i++) {
        const struct peer *peer = &p->peers[i];
        if (peer->change.message != NULL && peer->change.message->len > PBFT_MESSAGE_SIZE_MAX)
            world_fail(w, "16 memory", "machine %u keeps %zu bytes for %u", m->index, peer->change.message->len, i);
    }
    for (unsigned i = 0; i < p->log.ring; i++)
        kept += p->log.slots[i].batch_count;
    if (kept > (size_t)p->log.ring * SLOT_BATCHES || p->pool.count > w->plan.pending_max)
        world_fail(w, "16 memory", "machine %u keeps %zu batches and %u requests", m->index, kept, p->pool.count);
}
