#ifndef PRISMFED_AUDIT_SPOT_CHECK_H
#define PRISMFED_AUDIT_SPOT_CHECK_H

#include "audit/replay.h"

/* Claimed costs, run again. A claim is one genome of an UPDATE; its cost is a function of the genome, the epoch and the
 * instances that the site had: its own ones, and the shards that were its when it began (the block that the UPDATE was
 * built on says so). Where all of these are disclosed, anybody can see whether the claim is true. */

/* Who has the disclosed instances. What they are is for the caller to know: they must come from the site itself. */
struct audit_work {
    void *context;
    /* A member's own instances, *count of them; NULL: not disclosed. */
    const struct instance *(*own)(void *context, const struct member *member, unsigned *count);
    const struct instance *(*shard)(void *context, unsigned shard); /* below policy.shards; NULL: not disclosed */
};

/* Runs `wanted` of the claims again, drawn by the root of the log: nobody who signs a claim knows whether it will be,
 * and every auditor draws the same ones. r must have been made with owners_wanted. */
void spot_check(const struct replay *r, uint64_t wanted, const struct audit_work *work, struct audit_report *report);

#endif
