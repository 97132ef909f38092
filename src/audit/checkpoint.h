#ifndef PRISMFED_AUDIT_CHECKPOINT_H
#define PRISMFED_AUDIT_CHECKPOINT_H

#include "audit/replay.h"
#include "tlog/trust_policy.h"

/* The signed checkpoint beside an epoch's file: does it say what execution gives, and who signed it? */

struct audit_file;

/* In the state in which the epoch has ended. The file is borrowed; path NULL: there is none. */
void checkpoint_check(const struct replay *r, const struct audit_file *file, struct audit_report *report);
/* Whatever the policy asks for (a quorum of validators, k of the witnesses), of the last epoch's checkpoint. */
void checkpoint_judge(const struct trust_policy *policy, const struct audit_file *last, struct audit_report *report);

#endif
