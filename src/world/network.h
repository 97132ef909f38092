#ifndef PRISMFED_WORLD_NETWORK_H
#define PRISMFED_WORLD_NETWORK_H

#include "base/dmath.h"
#include "base/prng.h"
#include "scenario/scenario.h"

/* The virtual network: what happens to a message between two nodes. A link joins two regions (or one with
 * itself) and serves what is sent over it one message after the other, in each direction. All draws come from the
 * seed, a stream of its own for each pair of nodes. */

struct network_link {
    int64_t latency_ns, jitter_ns;
    uint64_t loss_ppm, bytes_per_second;
    int64_t free_ns; /* when the message that is being sent now has left */
};

struct network {
    unsigned nodes, regions;
    unsigned *region_of;        /* one for each node; owned, like the arrays below */
    struct network_link *links; /* regions x regions, from x to */
    struct prng *draws;         /* nodes x nodes, from x to */
    uint64_t *group_of;         /* while partitioned */
    bool partitioned;
    int64_t factor_ppm;       /* of latency and jitter; PPM when calm */
    uint64_t burst_ppm;       /* loss on top of the link's own */
    uint64_t messages, bytes; /* delivered */
    uint64_t dropped;
};

void network_init(struct network *n, const struct scenario *scenario, uint64_t seed);
void network_fini(struct network *n);

/* Sends size bytes at now_ns; *arrival_ns is when they come in, unless they get lost (false). */
bool network_send(struct network *n, int64_t now_ns, unsigned from, unsigned to, size_t size, int64_t *arrival_ns);
/* Does what `from` says reach `to`, as the partition stands? */
bool network_hears(const struct network *n, unsigned from, unsigned to);
/* Groups of scenario_event: members of one group hear each other, group 0 is alone. */
void network_partition(struct network *n, const uint64_t *group_of);
void network_heal(struct network *n);

#endif
