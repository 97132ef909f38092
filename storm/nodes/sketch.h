#ifndef PRISMFED_STORM_NODES_SKETCH_H
#define PRISMFED_STORM_NODES_SKETCH_H

#include <stdbool.h>

#include "base/prng.h"
#include "codec/json.h"

/* A scenario while it is drawn; between the files of draw.h. */

enum { SKETCH_NODES_MAX = 12, CALM_EPOCHS = 4 };

struct sketch_node {
    bool core, joins, changes; /* changes: leaves, joins or gets another key; one of these is enough */
    bool faulty;               /* lies or loses its disk */
    bool discloses;
};

struct sketch {
    struct prng prng;
    unsigned attempt;
    unsigned validators, participants, count, regions;
    unsigned bears; /* faulty validators, whoever leaves */
    unsigned quorum;
    struct sketch_node nodes[SKETCH_NODES_MAX]; /* validators first */
    bool thin;                                  /* some link carries a limited number of bytes */
    uint64_t epochs, troubled;                  /* trouble begins in the first `troubled` epochs */
    json_t *scenario, *events;                  /* events: borrowed from scenario */
};

uint64_t sketch_draw(struct sketch *s, uint64_t lo, uint64_t hi); /* both may come */
bool sketch_chance(struct sketch *s, unsigned percent);
json_t *sketch_name(const struct sketch *s, unsigned node); /* new reference */

/* draw_events.c */
void sketch_events(struct sketch *s);

#endif
