#ifndef PRISMFED_STORM_STUB_H
#define PRISMFED_STORM_STUB_H

#include <stdbool.h>

#include "crypto/key.h"

/* Keys whose signatures are cheap tags instead of Ed25519. They stand in for crypto/key.h in this program
 * only; a key that was not made here is a real one and is treated as such, so one run may have either kind. Nobody
 * in a simulated world computes the tag of a key that is not his. */
void stub_key(uint64_t seed, unsigned index, struct secret_key *out);
/* From here on key_simulated() makes such keys in this thread, or real ones again. */
void stub_simulated(bool stubs);

#endif
