#ifndef PRISMFED_STORM_ENUMERATE_H
#define PRISMFED_STORM_ENUMERATE_H

#include "storm/world.h"

/* Beside drawing at random: scripted runs, and one thing done to them at every possible place in turn. */

struct enumeration {
    uint64_t first, seeds; /* of the network's delays: the whole enumeration once for each */
    uint64_t every;        /* only one place in so many */
    int64_t only;          /* this place alone, told line by line; -1: all */
    uint64_t depth;        /* deviations from the straight order, where orders are enumerated */
};

/* what: "kills", "crashes", "orders". Prints what was done and found; the exit status: 0, 1 when something was found, 2
 * when there is no such enumeration. */
int enumerate(const char *what, const struct enumeration *e);

/* ---- enumerate_kills.c: the primary of 4, killed before every event; how long until the others decide again */
int enumerate_kills(const struct enumeration *e);

/* ---- enumerate_crashes.c: every replica crashes at each of its writes */
int enumerate_crashes(const struct enumeration *e);

/* ---- enumerate_orders.c: every order of the messages of a small run, up to so many deviations */
int enumerate_orders(const struct enumeration *e);

/* ---- enumerate.c, for the others */
/* Four replicas, a checkpoint every fourth batch, and clients that never stop asking or (requests > 0) stop after so
 * many requests each. Calm but for what the caller adds. */
struct storm_plan script_plan(unsigned requests);
/* A world of this plan is run by body; what it finds is printed with `place`, and counted in *findings. */
void script_run(const struct storm_plan *plan, uint64_t seed, bool tracing, uint64_t place,
                void (*body)(struct world *w, void *context), void *context, uint64_t *findings);

#endif
