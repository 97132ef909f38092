#include <string.h>

#include "pbft/record.h"
#include "storm/world.h"

/* A new vote is a new record. */
static bool is_vote(const struct effect *e)
{
    struct record_head head;
    struct cbor_reader r;

    return e->kind == EFFECT_PERSIST && record_head_read(blob_bytes(e->blob), &head, &r) == ERR_OK &&
           (head.kind == RECORD_ACCEPT || head.kind == RECORD_CLAIM);
}

void diverged_step(struct machine *m, const struct effects *effects)
{
    if (m->lie != LIE_ROTTEN)
        return;
    for (size_t i = m->mended_at; i < effects->count; i++) {
        const struct effect *e = &effects->items[i];
        if (e->kind == EFFECT_NOTE && strcmp(e->name, "replica.membership") == 0)
            m->diverged = false;
        if (e->kind == EFFECT_NOTE && strcmp(e->name, "pbft.divergence") == 0) {
            m->diverged = true;
            MARK(m->world, DIVERGED);
        } else if (m->diverged && is_vote(e)) {
            world_fail(m->world, "4 equal roots", "machine %u votes though it knows that its state is wrong", m->index);
        }
    }
    m->mended_at = 0;
}

void diverged_caught_up(struct machine *m)
{
    if (m->live == NULL)
        return; /* it reads its own disk */
    if (m->diverged)
        MARK(m->world, DIVERGED_MENDED);
    m->diverged = false;
    m->mended_at = m->out.count;
}
