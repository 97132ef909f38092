#ifndef PRISMFED_EXPERIMENT_CACHE_H
#define PRISMFED_EXPERIMENT_CACHE_H

#include "evolve/workload.h"

/* What was evaluated in one trial need not be in the next: trials of the same seed ask for the same runs very often,
 * and an evaluation is a pure function of its task. For one thread. */
struct cache;

struct cache *cache_new(void);
void cache_free(struct cache *c);

/* From now on the instances are evaluated through the cache, which must outlive their use. Built-in work only. */
void cache_stand_before(struct cache *c, struct workload *w);

#endif
