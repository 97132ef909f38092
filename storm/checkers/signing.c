#include "storm/world.h"

/* A VIEW-CHANGE and a NEW-VIEW are one for a view, whatever their sequence; a CHECKPOINT has no view. */
void signing_sent(struct machine *m, const struct claim *claim)
{
    struct world *w = m->world;
    const struct statement *s = &claim->says;
    uint64_t sequence = s->type >= MESSAGE_VIEW_CHANGE ? 0 : s->sequence;
    uint64_t key =
        (uint64_t)s->type << 60 | (uint64_t)claim->signer << 54 | (s->view & 0x7ffffff) << 27 | (sequence & 0x7ffffff);

    bool proposes = s->type == MESSAGE_PRE_PREPARE || s->type == MESSAGE_PREPARE;
    if (proposes && s->sequence > pbft_status(m->pbft).stable + w->plan.window)
        world_fail(w, "6 signing", "machine %u votes for %llu above its window", m->index,
                   (unsigned long long)s->sequence);
    const struct digest *first = seen_first(&w->checkers.signed_ones, key, &s->digest);
    if (!digest_equal(first, &s->digest))
        world_fail(w, "6 signing", "machine %u signs two digests: %s of view %llu at %llu", m->index,
                   statement_subject(s->type), (unsigned long long)s->view, (unsigned long long)s->sequence);
}
