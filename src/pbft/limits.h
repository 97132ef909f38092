#ifndef PRISMFED_PBFT_LIMITS_H
#define PRISMFED_PBFT_LIMITS_H

#include "pbft/pbft.h"

/* What one replica keeps for another is bounded, whatever that one sends. For each peer:
 *   - its latest PREPARE and COMMIT for each of window + checkpoint_interval sequences above h: a vote of a
 *     higher view replaces one of a lower view; the interval above the high water mark is kept but not acted upon;
 *   - its latest window / checkpoint_interval + CHECKPOINTS_SPARE checkpoint votes;
 *   - one VIEW-CHANGE, that of the highest view, of at most PBFT_MESSAGE_SIZE_MAX bytes;
 *   - two numbers of its last STATUS, and one pair of statements that convicts it.
 * For each sequence: SLOT_BATCHES proposed batches. */
enum {
    PBFT_WINDOW_MAX = 4096, /* L */
    SLOT_BATCHES = 4,
    CHECKPOINTS_SPARE = 3,
    PATIENCE = 8,                /* time-outs of progress with other requests, while the oldest one is passed over */
    ANSWERS_MAX = 32,            /* messages to one peer alone within resend_ns, doubled as the view time-out is, */
    ANSWERS_SIZE_MAX = 1 << 19,  /* and their bytes, but for the first one */
    RESEND_SLOTS_MAX = 64,       /* undecided sequences that a STATUS tells of, and that are sent again at a time */
    BATCH_SIZE_MAX = 4 << 20,    /* bytes of requests in a batch that we propose */
    BATCH_SIZE_ALLOWED = 6 << 20 /* and in one that we accept: room for the rest of the message */
};

/* Views and sequences stop far below where arithmetic on them could wrap. */
#define VIEW_MAX ((uint64_t)1 << 62)
#define SEQUENCE_MAX ((uint64_t)1 << 62)

#endif
