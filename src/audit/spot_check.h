#ifndef PRISMFED_AUDIT_SPOT_CHECK_H
#define PRISMFED_AUDIT_SPOT_CHECK_H

#include "audit/replay.h"

/* Claimed costs, run again. A claim is the cost of one genome in an UPDATE, or of one candidate in a SCORE row; where
 * the job that it is about (state/claim.h) is disclosed, anybody can see whether it is true. */

/* Runs `wanted` of the claims again, drawn by the root of the log: nobody who signs a claim knows whether it will be,
 * and every auditor draws the same ones. r must have been made with work_wanted. */
void spot_check(const struct replay *r, uint64_t wanted, const struct claim_work *work, struct audit_report *report);

#endif
