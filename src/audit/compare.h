#ifndef PRISMFED_AUDIT_COMPARE_H
#define PRISMFED_AUDIT_COMPARE_H

#include "audit/replay.h"

/* All that an epoch's file shows, rendered anew from what execution gave and compared; and its anchor. e: the epoch
 * that r has executed last. */
void compare_epoch(struct replay *r, const struct replayed_epoch *e, struct audit_report *report);
void compare_anchor(struct replay *r, const struct replayed_epoch *e, struct audit_report *report);
/* Is the file, byte for byte, what execution gives? */
bool compare_text(const struct replay *r, const struct replayed_epoch *e, struct bytes text);

#endif
