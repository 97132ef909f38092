#ifndef PRISMFED_AUDIT_SIGNATURES_H
#define PRISMFED_AUDIT_SIGNATURES_H

#include "base/pool.h"
#include "state/execute.h"

/* The signatures of an epoch, verified on all processors before its blocks are executed: they need no more of a state
 * than keys, and who votes stays the same until an epoch has ended. What comes out does not depend on the threads. */
struct signatures {
    unsigned block_count;
    const struct block *blocks; /* borrowed */
    struct entry ***entries;    /* owned; of each block, opened; those whose signer s knows are verified */
    enum err *certificates;     /* owned; the verdict on each block's */
};

/* s: in which the epoch begins. pool: NULL: on this thread alone. signatures_fini() at the end. */
void signatures_verify(struct signatures *out, const struct federation_state *s, const struct block *blocks,
                       unsigned count, struct pool *pool);
/* state_apply_block() of one of them, without its verifications. */
enum err signatures_apply(const struct signatures *v, unsigned index, struct federation_state *s,
                          struct execution *out) MUST_CHECK;
void signatures_fini(struct signatures *v);

#endif
