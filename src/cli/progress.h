#ifndef PRISMFED_CLI_PROGRESS_H
#define PRISMFED_CLI_PROGRESS_H

#include <time.h>

#include "base/bytes.h"
#include "prismfed/simulation.h"

/* One line on standard error, written over and over while something takes long. */

enum { PROGRESS_WIDTH = 78 }; /* columns: of any terminal, so that the line can be written over */

struct progress_line {
    bool show; /* false: nothing is written */
    struct timespec started, shown;
};

/* show: somebody wants it; it is shown when standard error is a terminal. */
void progress_line_start(struct progress_line *line, bool show);
double progress_line_seconds(const struct progress_line *line); /* since the start */
/* Is it time to write it again? Ten times a second at most. */
bool progress_line_is_due(const struct progress_line *line);
void progress_line_write(struct progress_line *line, struct buf *text);
void progress_line_end(struct progress_line *line); /* nothing of it stays */

/* Appends "12 of 96 runs; about 3 min left": what is known to be so many. */
void progress_runs(uint64_t done, uint64_t all, double seconds, struct buf *out);
/* What is to be read of a rehearsal after so many seconds, in at most PROGRESS_WIDTH columns. */
void progress_text(const struct federated_progress *p, double seconds, struct buf *out);
/* Appends "about 3 min left" when `done` of `all` took so many seconds; nothing when it is too early to tell. */
void progress_left(double seconds, uint64_t done, uint64_t all, struct buf *out);

#endif
