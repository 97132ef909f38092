#ifndef PRISMFED_AUDIT_FORK_H
#define PRISMFED_AUDIT_FORK_H

#include "audit/replay.h"

/* One federation has one history. The histories that one audit has executed, over all labels and folders, so that two
 * certified blocks at one height are found wherever they lie: whoever was shown only one of them saw nothing wrong.
 * Zero-initialise; fork_watch_free() at the end. */

struct fork_block {
    struct digest id;
    unsigned file;  /* in fork_history.files */
    unsigned index; /* in that file */
    unsigned voter_count;
    struct digest *voters; /* owned; fingerprints of those whose votes certify it */
};

struct fork_history {
    struct digest federation_id;
    unsigned file_count;
    char **files; /* owned */
    unsigned block_count;
    struct fork_block *blocks; /* owned; of height 1 and up */
};

struct fork_watch {
    unsigned count;
    struct fork_history *items; /* owned */
};

/* Adds the history that r has executed and compares it with each earlier one of the same federation: a finding at the
 * lowest height where they part, with both places and those who voted for both blocks. */
void fork_watch_add(struct fork_watch *w, const struct replay *r, struct audit_report *report);
void fork_watch_free(struct fork_watch *w);

#endif
