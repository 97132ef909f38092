#ifndef PRISMFED_NODE_REPLAY_H
#define PRISMFED_NODE_REPLAY_H

#include "crypto/key.h"
#include "fed/fed.h"

/* A node's trace (node/trace.h) through the machine once more: the same events must give the same effects, byte for
 * byte. Writes become durable when the trace says so, on a virtual disk. */

struct replay {
    struct bytes trace, genesis;       /* borrowed */
    const struct secret_key *key;      /* borrowed; the node's: it signs again */
    const struct secret_key *next_key; /* borrowed; of a rotation that it was configured with; NULL: none */
};

struct replay_report {
    uint64_t lives, steps, messages; /* replayed */
    uint64_t height, epoch;          /* where the machine stands in the end */
    bool torn;                       /* the last item is not whole: the process was killed */
};

/* ERR_MISMATCH: the machine did something else, and diag names the step; ERR_KEY, ERR_STATE: another node's, or another
 * federation's trace; the errors of reading it, which diag places. *out is filled in so far in any case. */
enum err replay_run(const struct replay *replay, struct replay_report *out, struct diag *diag) MUST_CHECK;

#endif
