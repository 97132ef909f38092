#ifndef PRISMFED_PBFT_RETRANSMIT_H
#define PRISMFED_PBFT_RETRANSMIT_H

#include "pbft/messages.h"

struct pbft;

/* What went to a peer alone. The fields are this file's own. */
struct peer_answers {
    int64_t since_ns;
    unsigned count; /* since then, and their size */
    size_t bytes;
};

/* The fields are this file's own. */
struct retransmission {
    uint64_t fetch_turn; /* times that it asked for batches */
};

enum err retransmit_receive_fetch(struct pbft *p, struct bytes message);
enum err retransmit_receive_batch(struct pbft *p, struct bytes message);
void retransmit_fetch(struct pbft *p);             /* asks for missing batches */
void retransmit_all(struct pbft *p, bool started); /* asks for all that is missing: by the timer, or after a start */
/* Sends to one peer, unless its budget is used up (false). */
bool retransmit_answer(struct pbft *p, unsigned peer, struct blob *message);

#endif
