#ifndef PRISMFED_AUDIT_SUMMARY_STREAM_H
#define PRISMFED_AUDIT_SUMMARY_STREAM_H

#include "audit/input.h"
#include "audit/replay.h"

/* The same as summary_compare() of a log that was executed to its end, row by row, in the memory of one row and of what
 * stands around the rows. False, and nothing is reported: the summary is not beyond doubt, so that summary_compare()
 * has to say what is wrong with it. */
bool summary_stream(const struct replay *r, const struct audit_input *in, struct audit_report *report);

#endif
