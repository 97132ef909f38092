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
    uint64_t view;  /* in which it was certified */
    size_t votes;   /* where in fork_history.votes those begin that certify it */
    unsigned vote_count;
};

struct fork_history {
    struct digest federation_id;
    unsigned file_count;
    char **files; /* owned */
    unsigned block_count;
    struct fork_block *blocks; /* owned; of height 1 and up */
    unsigned voter_count;
    struct digest *voters; /* owned; fingerprints of all who ever voted */
    size_t vote_count;
    uint16_t *votes; /* owned; of all blocks; each is a number of voters */
};

/* Blocks of the next epoch, which have been executed. *h is zero at first. */
void fork_history_add(struct fork_history *h, const struct replayed_epoch *e);
void fork_history_free(struct fork_history *h);

struct fork_watch {
    unsigned count;
    struct fork_history *items; /* owned */
};

/* Takes over the history that r has executed (replay.history) and compares it with each earlier one of the same
 * federation: a finding at the lowest height where they part, with both places and those who voted for both blocks. */
void fork_watch_add(struct fork_watch *w, const struct replay *r, struct audit_report *report);
void fork_watch_free(struct fork_watch *w);

#endif
