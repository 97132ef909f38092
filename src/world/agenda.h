#ifndef PRISMFED_WORLD_AGENDA_H
#define PRISMFED_WORLD_AGENDA_H

#include "base/bytes.h"
#include "base/heap.h"

/* What happens next in a world whose time is virtual: events in the order of their times, and those of one time in the
 * order in which they were put on the agenda. The same events give the same order, on every machine. */

/* The kinds that parts of the world put there; those of a policy (a rehearsal, a storm, a test's cluster) follow. */
enum event_kind {
    EVENT_MESSAGE, /* network.h: `blob` of `from` reaches `node` */
    EVENT_LINK,    /* network.h: a message has left its link */
    EVENT_TIMER,   /* clock.h: timer `number` of `node`, set as the `serial`th time */
    EVENT_DISK,    /* disk.h: writes of `node` are due */
    EVENT_OWN      /* the first of the policy's kinds */
};

/* Who adds an event fills in what its kind needs. */
struct event {
    int kind;           /* enum event_kind, or the policy's */
    unsigned node;      /* to whom it happens */
    unsigned from;      /* of a message: who sent it */
    uint32_t number;    /* the kind's: a timer, a fault, a request */
    uint64_t life;      /* the kind's: mostly that of the node with which it ends */
    uint64_t serial;    /* the kind's: mostly, of several only the last one counts */
    struct blob *blob;  /* one holding; NULL: none */
    void *own;          /* the policy's, which frees it before agenda_done() */
    struct event *next; /* the agenda's: of those to be used again */
};

/* The fields are the agenda's own. Zero-initialise; agenda_fini() at the end. */
struct agenda {
    int64_t now_ns; /* since the beginning */
    struct heap events;
    struct event *spare; /* owned: to be used again */
};

/* Drops all events with the blobs that they hold; what they have of the policy's own must be gone. */
void agenda_fini(struct agenda *a);

/* A new event at this time, at once if that is past: zero but for its kind. It is the caller's to fill in until the
 * next call. */
struct event *agenda_add(struct agenda *a, int64_t at_ns, int kind);
/* A place among the events of one time, for agenda_add_at(): as if that event were added now. */
uint64_t agenda_place(struct agenda *a);
struct event *agenda_add_at(struct agenda *a, int64_t at_ns, uint64_t place, int kind);
/* The same event once more, at that time: a copy, for the caller to change until the next call. It has nothing of the
 * policy's own. */
struct event *agenda_again(struct agenda *a, int64_t at_ns, const struct event *event);
/* When the next event happens; false: there is none. */
bool agenda_peek(const struct agenda *a, int64_t *at_ns);
/* The next event, to whose time the present moves; agenda_done() gives it back. NULL: there is none. */
struct event *agenda_take(struct agenda *a);
void agenda_done(struct agenda *a, struct event *event);
/* The present moves there, unless that is past; an event that was due before happens late. */
void agenda_wait(struct agenda *a, int64_t until_ns);

#endif
