#ifndef PRISMFED_STORM_SEED_H
#define PRISMFED_STORM_SEED_H

#include "storm/campaign.h"
#include "storm/plan.h"

struct world;

/* Calls body; an assertion that fails inside of it is a finding too. False then: the world's memory is in an unknown
 * state and must be left alone. One at a time in a thread. */
bool guarded_run(struct world *w, void (*body)(struct world *w, void *context), void *context);
/* Runs one world. When noted is not NULL it gets the decisions that made a difference (owned by the caller, mem_free).
 */
void plan_run(const struct storm_plan *plan, const struct draw *draw, bool tracing, struct outcome *out,
              uint64_t **noted, size_t *noted_count);
/* Runs one seed, and where it is due for it a second time, to compare (checker 17). */
void seed_check(const struct campaign *c, uint64_t seed, struct outcome *out);

#endif
