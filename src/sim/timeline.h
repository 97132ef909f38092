#ifndef PRISMFED_SIM_TIMELINE_H
#define PRISMFED_SIM_TIMELINE_H

#include "base/spool.h"

/* What happened when, as only somebody who sees all nodes at once can tell: for the report. The log holds the rest. */

struct timeline_epoch {
    int64_t entered_ns, ended_ns; /* by the first node that did */
    bool entered, ended;
    uint64_t view_changes;    /* new views entered by anybody meanwhile */
    uint64_t messages, bytes; /* delivered meanwhile */
    bool stalled;             /* for a while no quorum of validators could hear each other */
};

struct timeline {
    uint64_t start; /* the first epoch */
    uint64_t count;
    struct spool *past;        /* owned; of struct timeline_epoch: those before the present one */
    uint64_t present;          /* epoch that the first node is in; may be one behind the last */
    struct timeline_epoch now; /* of the present one */
    uint64_t membership_epoch; /* the latest */
    uint64_t view;             /* highest that anybody has entered in it */
    bool stalled;              /* now */
    int64_t stalled_ns;        /* since then */
    uint64_t messages, bytes;  /* delivered before the present epoch */
};

/* room: where what is past goes; borrowed; NULL: in memory. */
void timeline_init(struct timeline *t, uint64_t start, uint64_t count, struct spool_room *room);
void timeline_fini(struct timeline *t);
/* Somebody is in this epoch; true when nobody was before. */
bool timeline_enter(struct timeline *t, uint64_t epoch, int64_t now_ns);
/* So much has been delivered by now, since the beginning. */
void timeline_traffic(struct timeline *t, uint64_t messages, uint64_t bytes);
void timeline_view(struct timeline *t, uint64_t membership_epoch, uint64_t view);
void timeline_stall(struct timeline *t, bool stalled, int64_t now_ns);
/* Of epoch number start + index, index < count; zeros: nobody was there. ERR_IO: see the room. */
enum err timeline_read(const struct timeline *t, uint64_t index, struct timeline_epoch *out) MUST_CHECK;

#endif
