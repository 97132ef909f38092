#ifndef PRISMFED_CLI_SPOKEN_H
#define PRISMFED_CLI_SPOKEN_H

#include "crypto/digest.h"

/* A fingerprint as two people read it to each other: its hex in groups of four; appended to out. */
void spoken_fingerprint(const struct digest *fingerprint, struct buf *out);

#endif
