#ifndef PRISMFED_FUZZ_FUZZ_H
#define PRISMFED_FUZZ_FUZZ_H

#include "base/bytes.h"

/* What each fuzz_*.c defines: reads bytes that nobody vouches for, returns 0, and
 * aborts (ASSERT) when a property of the reader does not hold. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
