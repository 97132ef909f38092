#ifndef PRISMFED_REPLICA_SYNC_H
#define PRISMFED_REPLICA_SYNC_H

#include "replica/messages.h"

/* How decided blocks reach who did not decide them. Who votes pushes them to learners; whoever lacks some asks one
 * voter after the other. What anybody says of its height is a hint, never a reason to wait for more of it: who says
 * that it is far ahead, and lies, costs an attempt to fetch a state, and the next one only config.state_gap blocks
 * later.
 *
 *                   start with something to lose
 *                                |
 *                                v
 *     LEVEL <-no news, rests- PROBING -----------.
 *     ^ |  ^                     |               |
 *     | |  |                     | poll          | hint: somebody is higher, or in a later membership epoch
 *     | |  |                     v               v
 *     | |  `---- no news --- FETCHING <-poll- BEHIND <---- hint ---- LEVEL, BACKFILL
 *     | |                        | |           ^ ^
 *     | | all blocks here        | `-bad block-' |
 *     | | but those below        | far behind,   | fruitless, or a state is installed and somebody is higher
 *     | v a state                v or gone there |
 *     BACKFILL               TRANSFERRING -------'
 *
 * A poll that comes to nothing doubles the time until the next one, up to the longest view time-out: on a thin link the
 * answers to what was asked again and again would be all that it carries, none of them with a new block. For the same
 * reason nobody sends the same blocks to a peer again before a time that doubles, too: questions may come late and many
 * at once. A height, or a membership epoch, that nobody spoke of before ends the waiting: whoever was cut off hears of
 * it first.
 *
 * A bad block shuns its giver: it is asked again only when everybody else has given one, too. */

enum sync_state {
    SYNC_LEVEL,       /* nothing is known to be missing */
    SYNC_BACKFILL,    /* nothing but blocks below an installed state */
    SYNC_PROBING,     /* nobody was heard since the start */
    SYNC_BEHIND,      /* something seems to be missing: the next poll asks for it */
    SYNC_FETCHING,    /* somebody was asked for the next blocks and has not answered */
    SYNC_TRANSFERRING /* a state is being fetched */
};

/* The blocks that a peer was sent last when it asked for some. */
struct given {
    uint64_t from, to;      /* heights; 0: none yet */
    int64_t at_ns, wait_ns; /* asked for once more, they are not sent again before wait_ns after at_ns */
};

/* The most that anybody has spoken of. */
struct news {
    uint64_t height, membership_epoch;
};

/* The fields are the sync's own. */
struct sync {
    enum sync_state state;
    uint64_t heard; /* how high the log of whom we heard last is */
    bool pointed;   /* the next poll asks `pointed_to`, who gave the hint */
    unsigned pointed_to;
    unsigned asked_of; /* FETCHING, PROBING: who was asked last */
    unsigned turn;     /* of polls */
    int64_t wait_ns;   /* until the next poll: doubles as long as they come to nothing */
    struct news news;
    bool helped;    /* the last poll brought something new, or that there is nothing */
    uint64_t tried; /* no state is asked for below this height: one that comes to nothing costs time */
    unsigned shunned_count, given_count;
    bool *shunned;       /* by peer; owned; those above were never shunned */
    struct given *given; /* by peer; owned; those above have never asked */
    unsigned known;      /* peers below this number are there by now */
    int64_t poll_at_ns;  /* as armed; 0: not */
    uint64_t pushed;     /* blocks up to this height went out to learners */
};

void sync_init(struct replica *r);
void sync_free(struct replica *r);
void sync_meet(struct replica *r, unsigned peers); /* replica_meet() */
void sync_start(struct replica *r, bool probe);
enum err sync_receive(struct replica *r, unsigned from, struct bytes message) MUST_CHECK;
enum err sync_receive_state(struct replica *r, unsigned from, struct bytes message) MUST_CHECK;
/* A message of pbft's that its machine here can do nothing with: one of us may be in an earlier membership epoch. */
void sync_hear(struct replica *r, unsigned from, struct bytes message);
void sync_poll(struct replica *r);           /* the timer */
void sync_transfer_timer(struct replica *r); /* that of the transfer */
void sync_push(struct replica *r);           /* newly decided blocks to learners that are ours to serve */
void sync_arm(struct replica *r);            /* at the end of a step */

#endif
