#ifndef PRISMFED_SINK_ROWS_H
#define PRISMFED_SINK_ROWS_H

#include "codec/json.h"
#include "sink/database.h"

/* The rows that an epoch's document becomes, within the caller's transaction: anchor, blocks, entries and costs. Their
 * bytes are read strictly; what the document says in words beside them is taken as it is: whoever audits compares. */

/* epoch: as the caller calls it. ERR_SYNTAX, ERR_MISMATCH and the like name the place in the document; errors of the
 * database. */
enum err rows_write(struct database *d, const char *label, uint64_t epoch, const struct json_doc *doc,
                    struct diag *diag) MUST_CHECK;

#endif
