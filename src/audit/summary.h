#ifndef PRISMFED_AUDIT_SUMMARY_H
#define PRISMFED_AUDIT_SUMMARY_H

#include "audit/replay.h"

/* The summary against the log that was executed anew. whole: all epochs did replay. What it says that it is a run of
 * goes into the section. */
void summary_compare(struct replay *r, bool whole, const char *label, const char *file, struct bytes text,
                     struct audit_report *report);

#endif
