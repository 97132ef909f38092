#ifndef PRISMFED_STORM_NODES_NODES_H
#define PRISMFED_STORM_NODES_NODES_H

#include "storm/campaign.h"
#include "storm/nodes/marks.h"

/* Storms over whole nodes: each seed is a random scenario, as a user could write it, run by the rehearsal (src/sim) and
 * audited. Beside the rehearsal's own checkers those of check.h look at what it leaves. */

enum { NODES_EPOCHS_MAX = 1000 };

/* Of struct campaign. */
void nodes_check(const struct campaign *c, uint64_t seed, struct outcome *out);

/* One seed: prints its scenario, the trace and what was found. 1: something was. */
int nodes_trace(uint64_t seed, unsigned real_percent);
/* Makes the scenario of a failing seed small, as long as the same checker finds something, and prints it with the
 * command that runs it; writes it to out_path unless that is NULL. 0: the seed does not fail; 1: it does. */
int nodes_shrink(uint64_t seed, unsigned real_percent, const char *out_path);
/* Runs a scenario file with all checkers. 1: something was found; 2: the file is no scenario. */
int nodes_replay(const char *path, uint64_t epochs, bool real);

#endif
