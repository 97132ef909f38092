#ifndef PRISMFED_PBFT_OUTGOING_H
#define PRISMFED_PBFT_OUTGOING_H

#include "pbft/messages.h"

struct pbft;

void outgoing_sign(struct pbft *p, enum message_type type, uint64_t view, uint64_t sequence,
                   const struct digest *digest, struct claim *out);
void outgoing_send(struct pbft *p, int32_t to, struct blob *message); /* of this membership epoch */
void outgoing_broadcast(struct pbft *p, struct blob *message);        /* to all others; gives up the holding */

#endif
