#ifndef PRISMFED_WORLD_START_H
#define PRISMFED_WORLD_START_H

#include "crypto/digest.h"

/* What a machine of a virtual world is started with where a real node draws a random number: another one for each node
 * and each of its lives. */
struct digest start_nonce(uint64_t node, uint64_t life);

#endif
