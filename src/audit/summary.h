#ifndef PRISMFED_AUDIT_SUMMARY_H
#define PRISMFED_AUDIT_SUMMARY_H

#include "audit/replay.h"

/* The summary against the log that was executed anew, which keeps its epochs (replay.epochs_wanted). whole: all epochs
 * did replay. What it says that it is a run of goes into the section. Names each difference; for a summary that has
 * none there is audit/summary_stream.h. */
void summary_compare(struct replay *r, bool whole, const char *label, const char *file, struct bytes text,
                     struct audit_report *report);

/* ---- of one that is read in parts */

/* What a row is named by: what only the recorder saw is null in it. */
struct digest summary_row_hash(const json_t *row);
/* The one that the epoch's row should have. */
struct digest summary_row_digest(const struct replay *r, const struct replayed_epoch *e);
/* What the summary should be; what only the recorder saw is found's. Steals epochs; count: how many there are. New
 * reference. */
json_t *summary_expected(const struct replay *r, const char *label, const json_t *found, json_t *epochs,
                         uint64_t count);
/* Has the recorder that it names signed this digest, as a member in good standing? */
bool summary_is_signed(const struct replay *r, const json_t *found, const struct digest *digest);
void summary_describe(const json_t *found, struct audit_section *section);
void summary_skip_observed(struct audit_report *report);

#endif
