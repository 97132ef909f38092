#include <inttypes.h>

#include "sim/node.h"
#include "sim/checkers.h"

static struct height_seen *height_at(struct checkers *c, uint64_t height)
{
    if (height >= c->height_cap) {
        size_t cap = c->height_cap > 0 ? c->height_cap : 64;

        while (cap <= height)
            cap *= 2;
        c->heights = mem_resize(c->heights, cap, sizeof *c->heights);
        c->height_cap = cap;
    }
    while (c->height_count <= height)
        c->heights[c->height_count++] = (struct height_seen){0};
    return &c->heights[height];
}

void check_agreement(struct checkers *c, const struct sim_node *n, int64_t now_ns)
{
    const struct federation_state *s = fed_state(n->fed);
    struct height_seen *seen;

    if (s->height < n->height) {
        checkers_violation(c, now_ns, n->name, "its height falls from %" PRIu64 " to %" PRIu64, n->height, s->height);
        return;
    }
    seen = height_at(c, s->height);
    if (digest_is_zero(&seen->block_id))
        *seen = (struct height_seen){.block_id = s->block_id, .node = n->index};
#ifndef MUTANT_SIM_AGREEMENT_UNCHECKED
    else if (!digest_equal(&seen->block_id, &s->block_id))
        checkers_violation(c, now_ns, n->name, "its block %" PRIu64 " is another one than node %u has", s->height,
                           seen->node);
#endif
}
