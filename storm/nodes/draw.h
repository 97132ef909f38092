#ifndef PRISMFED_STORM_NODES_DRAW_H
#define PRISMFED_STORM_NODES_DRAW_H

#include "codec/json.h"

/* A random scenario from a seed: valid, cheap to run, with trouble at first and calm at its end. Whoever lies or loses
 * a disk as a validator counts among the faulty that the federation says it can bear; all that stops starts again. */

struct node_plan {
    json_t *scenario; /* owned */
    uint64_t epochs;
};

/* attempt: how often the reader has refused what this seed made of the links, which get wider each time. */
void node_plan_draw(uint64_t seed, unsigned attempt, struct node_plan *out);
void node_plan_free(struct node_plan *p);

#endif
