#ifndef PRISMFED_SINK_FOLDER_H
#define PRISMFED_SINK_FOLDER_H

#include "sink/sink.h"

/* Between a sink and a folder of artifacts (record/artifacts.h): both hold the same documents, byte for byte. */

struct sink_moved {
    uint64_t ledgers, epochs; /* that were looked at */
    uint64_t written;         /* epochs of them that were not there yet */
};

/* Brings what the folder has of one label, or of all (label NULL), into the sink: what is there already is compared,
 * and what is missing is added. ERR_MISSING: the folder has no record, or one that is not whole. Errors of the files
 * and of the sink. */
enum err sink_fill(struct sink *s, const char *folder, const char *label, struct sink_moved *out,
                   struct diag *diag) MUST_CHECK;
/* Writes the record under one label, or all, into a folder, where files of another record are not touched (ERR_STATE).
 * ERR_MISSING: the sink has no such ledger, or no summary of it yet: who fills it is not done. */
enum err sink_export(struct sink *s, const char *folder, const char *label, struct sink_moved *out,
                     struct diag *diag) MUST_CHECK;

#endif
