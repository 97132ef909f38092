#ifndef PRISMFED_AUDIT_END_H
#define PRISMFED_AUDIT_END_H

#include "audit/replay.h"

/* Is this the end of the log? Of "end" in a summary: {"decoded", "signers", "signatures"}. */

/* As it should stand there, with the signatures that do. New reference. */
json_t *end_expected(const struct replay *r, const json_t *found);
/* Does a quorum of the validators who would certify the next block vouch for the end that the files have? */
void end_check(const struct replay *r, const json_t *found, const char *file, struct audit_report *report);

#endif
