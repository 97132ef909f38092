#ifndef PRISMFED_PBFT_RECOVERY_H
#define PRISMFED_PBFT_RECOVERY_H

#include "pbft/messages.h"

struct pbft;

/* Loss of memory, of our own and of others (Castro and Liskov 2002, section 4.3; recovery.c has the argument).
 *
 *     ASKING ---- a quorum of others has reported ----> WAITING ---- a checkpoint at `point` is stable ----> WHOLE
 *
 * One that is WHOLE again is mute in the views below its floor all the same. */
enum recovery_state { RECOVERY_WHOLE, RECOVERY_ASKING, RECOVERY_WAITING };

/* The fields are the recovery's own. */
struct recovery {
    enum recovery_state state;
    unsigned reports;    /* of distinct peers */
    uint64_t point;      /* WAITING: nothing above it can be signed already */
    uint64_t floor;      /* votes in views from here on, VIEW-CHANGEs to views above; 0 if the memory was never lost */
    uint64_t top_signed; /* highest sequence of any vote of ours */
    uint64_t fill_to;    /* null batches until there, for others that recover */
};

/* Of a peer. The fields are the recovery's own. */
struct peer_recovery {
    bool reported; /* to us, who have lost our memory */
    uint64_t report_view, report_sequence;
    uint64_t fill_to; /* what it recovers up to, and since when */
    int64_t filled_at;
};

void recovery_init(struct pbft *p);
static inline bool recovery_is_on(const struct recovery *r)
{
    return r->state != RECOVERY_WHOLE;
}
bool recovery_is_mute(const struct pbft *p);                 /* must not vote in this view */
void recovery_signed(struct pbft *p, uint64_t sequence);     /* a vote of ours */
void recovery_restore_floor(struct pbft *p, uint64_t floor); /* from own records */
enum err recovery_receive_query(struct pbft *p, struct bytes message);
enum err recovery_receive_report(struct pbft *p, struct bytes message);
void recovery_ask(struct pbft *p);
void recovery_look(struct pbft *p); /* is it over? */
/* Another one waits for a checkpoint above what is executed. */
bool recovery_of_another_waits(const struct pbft *p);

#endif
