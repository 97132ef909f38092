#include <inttypes.h>

#include "sim/checkers.h"
#include "base/mutate.h"
#include "sim/rehearsal.h"

/* The block's id as some node's ledger has it; false when no disk goes so far. */
static bool id_on_disk(const struct rehearsal *r, uint64_t height, struct height_seen *out)
{
    for (unsigned i = 0; i < r->count; i++) {
        const struct disk *d = &r->nodes[i].disk;
        struct blob *bytes;
        struct block block;
        enum err err;

        if (d->height < height || d->ledger.read(d->ledger.context, height, &bytes) != ERR_OK)
            continue;
        err = block_decode(bytes, &block);
        blob_drop(bytes);
        if (err != ERR_OK)
            continue;
        *out = (struct height_seen){.height = height, .block_id = block_id(&block.header), .node = i};
        block_fini(&block);
        return true;
    }
    return false;
}

void check_agreement(struct checkers *c, const struct rehearsal *r, const struct sim_node *n)
{
    const struct federation_state *s = fed_state(n->fed);
    struct height_seen *slot = &c->heights[s->height % HEIGHTS_SEEN], seen = *slot;

    if (s->height < n->height) {
        checkers_violation(c, r->agenda.now_ns, n->name, "its height falls from %" PRIu64 " to %" PRIu64, n->height,
                           s->height);
        return;
    }
    /* Alone it may decide otherwise after a crash that takes the block from it: nobody else has heard of it. */
    if (s->quorum == 1 && n->disk.height < s->height)
        return;
    if (s->height == 0 || (slot->height > s->height && !id_on_disk(r, s->height, &seen)))
        return;
    if (slot->height < s->height) {
        *slot = (struct height_seen){.height = s->height, .block_id = s->block_id, .node = n->index};
        return;
    }
    if (MUTATE(SIM_AGREEMENT_UNCHECKED, false, !digest_equal(&seen.block_id, &s->block_id)))
        checkers_violation(c, r->agenda.now_ns, n->name, "its block %" PRIu64 " is another one than node %u has",
                           s->height, seen.node);
}
