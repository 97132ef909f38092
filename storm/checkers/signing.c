#include "storm/world.h"

/* A VIEW-CHANGE and a NEW-VIEW are one for a view, whatever their sequence; a CHECKPOINT has no view. */
void signing_sent(struct machine *m, const struct epoch *e, const struct claim *claim)
{
    struct world *w = m->world;
    const struct statement *s = &claim->says;
    uint64_t sequence = s->type >= MESSAGE_VIEW_CHANGE ? 0 : s->sequence;
    uint64_t key = (uint64_t)s->type << 60 | (uint64_t)m->replica << 54 | (uint64_t)(e - w->epochs) << 48 |
                   (s->view & 0xffffff) << 24 | (sequence & 0xffffff);

    if (m->amnesia)
        world_fail(w, "6 signing", "machine %u signs a %s before it has recovered", m->index,
                   statement_subject(s->type));
    bool proposes = s->type == MESSAGE_PRE_PREPARE || s->type == MESSAGE_PREPARE;
    if (proposes && e == machine_epoch(m) && machine_pbft(m) != NULL &&
        s->sequence > pbft_status(machine_pbft(m)).stable + w->plan.window)
        world_fail(w, "6 signing", "machine %u votes for %llu above its window", m->index,
                   (unsigned long long)s->sequence);
    const struct digest *first = seen_first(&w->checkers.signed_ones, key, &s->digest);
    if (!digest_equal(first, &s->digest))
        world_fail(w, "6 signing", "machine %u signs two digests: %s of view %llu at %llu", m->index,
                   statement_subject(s->type), (unsigned long long)s->view, (unsigned long long)s->sequence);
}
