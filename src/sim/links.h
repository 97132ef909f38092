#ifndef PRISMFED_SIM_LINKS_H
#define PRISMFED_SIM_LINKS_H

#include "base/prng.h"
#include "base/table.h"
#include "scenario/scenario.h"
#include "world/network.h"

/* The network of a scenario: a link joins two regions (or one with itself), in each direction. Chance comes from the
 * seed, a stream of its own for each pair of nodes. */

/* The fields are the links' own. */
struct links {
    uint64_t seed;
    struct table streams; /* of pairs that have spoken */
};

/* Sets up *network, which draws from *l as long as it lives. */
void links_init(struct links *l, const struct scenario *scenario, uint64_t seed, struct agenda *agenda,
                struct network *network);
/* So much more (or less) is lost between two regions, or within one. */
void links_lose(const struct scenario *s, struct network *n, unsigned from, unsigned to, int64_t more_ppm);
void links_fini(struct links *l);

#endif
