#ifndef PRISMFED_STATE_PHASE_H
#define PRISMFED_STATE_PHASE_H

#include "state/execute.h"

/* The end of a block: moves the epoch on by at most one step. Fills out->epoch_ended and out->outcome. */
void phase_advance(struct federation_state *s, struct execution *out);

#endif
