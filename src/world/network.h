#ifndef PRISMFED_WORLD_NETWORK_H
#define PRISMFED_WORLD_NETWORK_H

#include "base/dmath.h"
#include "world/agenda.h"

/* The virtual network: what happens to a message between two nodes. A link carries in one direction; several pairs of
 * nodes may share one, and what they send leaves it one message after the other. Chance is the policy's: the network
 * asks for each message in the same order, whatever faults there are, so that one fault never shifts the draws of what
 * follows. */

/* What a link does to what is sent over it. */
struct link_traits {
    int64_t latency_ns, jitter_ns; /* one way; jitter is uniform in [0, jitter_ns] */
    uint64_t loss_ppm;
    uint64_t duplicate_ppm; /* of the messages come twice, */
    uint64_t straggle_ppm;  /* take ten times as long, so that others overtake them */
    uint64_t carries;       /* bytes in per_ns; 0: any number at once */
    int64_t per_ns;
};

enum chance {
    CHANCE_LOSS,
    CHANCE_JITTER,
    CHANCE_STRAGGLE,
    CHANCE_DUPLICATE,
    CHANCE_JITTER_AGAIN,
    CHANCE_STRAGGLE_AGAIN
};

/* A number below bound for the message that is being sent; 0 is the most of a chance that something happens, and the
 * least of a delay. Chances of what the link never does (but loss and jitter) are not asked for. */
typedef uint64_t network_draw(void *context, unsigned from, unsigned to, enum chance chance, uint64_t bound);

/* The fields are the network's own. */
struct network {
    struct agenda *agenda; /* borrowed */
    network_draw *draw;
    void *context;
    unsigned nodes, groups;
    unsigned *group; /* owned; of each node */
    unsigned link_count;
    struct network_link *links; /* owned; groups x groups, from x to */
    unsigned *cuts;             /* owned; nodes x nodes, from x to: so many faults cut it; NULL: never one yet */
    unsigned side_count;
    const uint64_t **sides; /* owned array of borrowed ones: cuts between many (network_cut_sides) */
    uint64_t *part_of;      /* owned; of each node, in the partition; NULL: never one yet */
    struct parcel *spare;   /* owned: to be used again */
    bool partitioned;
    int64_t factor_ppm;                        /* of latency and jitter; PPM when calm */
    uint64_t burst_ppm;                        /* loss on top of the links' own */
    uint64_t messages, bytes;                  /* delivered */
    uint64_t dropped;                          /* lost, cut, or there was nobody to take it */
    uint64_t late, clogged, duplicates, waits; /* overtaken; kept back; came twice; waited for others on its link */
};

/* Nodes are in groups, at first all of them in group 0. What a node of group a sends to one of group b goes over link
 * a * groups + b. No link does anything until its traits are set. */
void network_init(struct network *n, struct agenda *agenda, unsigned nodes, unsigned groups, network_draw *draw,
                  void *context);
void network_fini(struct network *n);
void network_join(struct network *n, unsigned node, unsigned group);
/* Also while messages are under way. When what it carries changes, the message that is being sent begins anew at the
 * new speed. */
void network_set_traits(struct network *n, unsigned link, const struct link_traits *traits);
const struct link_traits *network_traits(const struct network *n, unsigned link);

enum network_fate { NETWORK_SENT, NETWORK_WAITS /* for others on its link */, NETWORK_LOST, NETWORK_CUT };

/* Sends the message, an event of which `node` is the receiver and `from` the sender; kind is set here. later_ns: what a
 * fault of the policy's keeps it back beyond its link. Holds the blob as long as it is under way. */
enum network_fate network_send(struct network *n, const struct event *message, int64_t later_ns);
/* For an EVENT_LINK. */
void network_left(struct network *n, const struct event *event);
/* For an EVENT_MESSAGE: is it heard, as the network is now, by a node that is up or not? */
bool network_deliver(struct network *n, const struct event *message, bool up);

/* ---- faults */

/* Does what `from` says reach `to`? */
bool network_hears(const struct network *n, unsigned from, unsigned to);
/* Begins or ends one cut of this direction; cuts add up. */
void network_cut(struct network *n, unsigned from, unsigned to, bool cut);
/* The same between many: what nodes whose side has bit 0 say does not reach those whose side has bit 1. side: for each
 * node; borrowed until the cut ends. */
void network_cut_sides(struct network *n, const uint64_t *side, bool cut);
/* One part for each node: nodes of one hear each other, those of part 0 nobody. In place of an earlier one. */
void network_partition(struct network *n, const uint64_t *part_of);
/* Ends the partition; cuts stay. */
void network_heal(struct network *n);
/* Nothing arrives over the link before this time; what is sent meanwhile arrives then at once. */
void network_clog(struct network *n, unsigned link, int64_t until_ns);
void network_slow_down(struct network *n, int64_t factor_ppm); /* PPM: calm */
void network_burst(struct network *n, uint64_t loss_ppm);      /* 0: calm */
/* Messages that wait on it for others, the one that is being sent included. */
size_t network_waiting(const struct network *n, unsigned link);

#endif
