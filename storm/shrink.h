#ifndef PRISMFED_STORM_SHRINK_H
#define PRISMFED_STORM_SHRINK_H

#include <stdint.h>

/* Delta debugging (Zeller and Hildebrandt 2002) over the decisions of a failing seed: faults, liars, requests,
 * replicas, then what the network did to each message, then the messages themselves. What is left fails by the same
 * checker; it is traced, and its forced decisions are written to out_path (may be NULL). 0, or 1 when the seed
 * does not fail. */
int shrink_seed(uint64_t seed, unsigned real_percent, const char *out_path);
/* Runs, traced, what shrink_seed wrote. 0: it fails no more; 1: it fails; 2: the file is bad. */
int replay_file(const char *path);

#endif
