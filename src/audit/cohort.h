#ifndef PRISMFED_AUDIT_COHORT_H
#define PRISMFED_AUDIT_COHORT_H

#include "audit/replay.h"

/* A block that is certified and does not come out as it was voted on: is that for a cohort that the log has not drawn?
 * Either somebody counts in the file who was not drawn, or it names another cohort for the next epoch. The finding is
 * made then. s: the state below the block number `index` of the file, whose parent may be another one. */
bool cohort_is_forged(const struct federation_state *s, const struct replayed_epoch *e, unsigned index,
                      struct audit_report *report);

#endif
