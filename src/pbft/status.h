#ifndef PRISMFED_PBFT_STATUS_H
#define PRISMFED_PBFT_STATUS_H

#include "pbft/messages.h"

struct pbft;

/* Between us and a peer. The fields are the status's own. */
struct peer_status {
    /* What its last STATUS that was answered said, when that was, and for how long the same is not answered again. */
    uint64_t view, decided, stable;
    unsigned slots, state;
    int64_t answered_ns, wait_ns;
    int64_t view_said_ns; /* when it last got our VIEW-CHANGE or the NEW-VIEW from us alone */
    int64_t told_ns;      /* when it last got a STATUS of its own */
};

enum err status_receive(struct pbft *p, struct bytes message);
void status_send_all(struct pbft *p, bool started); /* started: just now */
void status_tell(struct pbft *p, unsigned peer);    /* within its budget, unless it was told just now */

#endif
