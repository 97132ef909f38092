#ifndef PRISMFED_CLI_SINK_FILL_H
#define PRISMFED_CLI_SINK_FILL_H

#include "cli/command.h"
#include "sink/folder.h"

/* How long a command waits for one answer of a database. */
enum { SINK_PATIENCE_S = 30 };

/* Opens the sink, fills it from the folder (sink/folder.h) and closes it. Errors of sink_open() and sink_fill(). */
enum err sink_fill_now(const char *url, const char *folder, const char *label, struct sink_moved *out,
                       struct diag *diag) MUST_CHECK;
/* Says the error; returns the exit status. */
int sink_fail(const char *verb, enum err err, const struct diag *diag);

#endif
