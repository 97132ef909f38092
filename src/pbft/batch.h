#ifndef PRISMFED_PBFT_BATCH_H
#define PRISMFED_PBFT_BATCH_H

#include "pbft/pbft.h"

/* Array of byte strings. */
void batch_encode(const struct bytes *requests, unsigned count, struct buf *out);
/* Views into in; out has room for PBFT_BATCH_MAX. */
enum err batch_decode(struct bytes in, struct bytes *out, unsigned *count) MUST_CHECK;

/* SHA-256 of the empty batch, which a null request is. */
struct digest batch_null_digest(void);

#endif
