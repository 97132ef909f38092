#ifndef PRISMFED_PBFT_QUORUM_H
#define PRISMFED_PBFT_QUORUM_H

#include "base/err.h"

/* f = floor((n-1)/3) liars (or fewer when max_byzantine says so), and the smallest
 * quorum any two of which share a correct replica: q = ceil((n+f+1)/2). */
unsigned quorum_faults(unsigned n);
unsigned quorum_size(unsigned n, unsigned f);
/* May a federation of n validators with at most f liars run with quorum q?
 * ERR_RANGE with the arithmetic in diag when not. */
enum err quorum_check(unsigned n, unsigned f, unsigned q, struct diag *diag) MUST_CHECK;

#endif
