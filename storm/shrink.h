#ifndef PRISMFED_STORM_SHRINK_H
#define PRISMFED_STORM_SHRINK_H

#include "storm/plan.h"

/* Makes a failing seed small: fewer faults, liars, requests and replicas, a calmer network, then messages, requests and
 * timers dropped one after the other, as long as the same checker finds something in no more steps. Prints the
 * trace of what is left; writes it as a case (storm/case.h) to out_path, unless that is NULL. 0: the seed does not
 * fail; 1: it does. */
int shrink_seed(uint64_t seed, unsigned real_percent, const char *out_path);
/* Runs a case, and tells it. 1: something was found; 2: the file is none. */
int replay_file(const char *path);

/* ---- shrink_plan.c: what can be taken from a plan, the largest first */
unsigned plan_edits(void);
bool plan_edit(const struct storm_plan *plan, unsigned which, struct storm_plan *out); /* false: nothing changes */

#endif
