#ifndef PRISMFED_STORM_PLAN_H
#define PRISMFED_STORM_PLAN_H

#include "storm/draw.h"

/* What a seed is about: drawn whole, before anything runs. Times are virtual nanoseconds. */

enum { REPLICAS_MAX = 13, MACHINES_MAX = REPLICAS_MAX + 4, CLIENTS_MAX = 4, FAULTS_MAX = 12 };
enum { CHANGES_MAX = 4 };
#define MS INT64_C(1000000)

enum fault_kind {
    FAULT_NONE,
    FAULT_CRASH,          /* at a time; back after a while */
    FAULT_CRASH_AT_WRITE, /* at a persist point: the so-manyeth write from a time on */
    FAULT_PAUSE,          /* the process stands still, then takes up what has queued */
    FAULT_CLOCK_JUMP,     /* forward, for good */
    FAULT_CLOCK_BACK,     /* back, over a restart */
    FAULT_CLOCK_RATE,     /* faster or slower */
    FAULT_CUT,            /* one way, between two replicas */
    FAULT_DEAF,           /* a replica hears nobody */
    FAULT_MUTED,          /* nobody hears a replica */
    FAULT_ISOLATE,        /* both */
    FAULT_SPLIT,          /* two halves */
    FAULT_JUST_QUORUM,    /* only one quorum hears each other */
    FAULT_CLOG,           /* a link keeps everything back and lets go of it at once */
    FAULT_THIN,           /* some links, or all, carry few bytes at a time: what is sent waits for what was before it */
    FAULT_SLOW_KIND,      /* messages of a kind or two take some time-outs, but for one lucky replica a view */
    FAULT_ISOLATE_PRIMARY,
    FAULT_CRASH_PRIMARY,
    FAULT_CRASH_ALL,
    FAULT_FULL_DISK,    /* no write succeeds: the replica stops, until there is room again */
    FAULT_UNSURE,       /* the application cannot judge anything for a while */
    FAULT_DAMAGED_DISK, /* a record is flipped, torn, lost or another's; the replica counts as wiped */
    FAULT_WIPED_DISK,   /* back with nothing: counts among the faulty until it has recovered */
    FAULT_KINDS
};

struct fault {
    enum fault_kind kind;
    unsigned node, other;
    uint64_t detail;
    int64_t at, lasts;
};

enum lie {
    LIE_NONE,
    LIE_EQUIVOCATE,  /* another batch to half of the others */
    LIE_DOUBLE_VOTE, /* another digest to half of the others */
    LIE_MUTE,        /* says nothing */
    LIE_SELECTIVE,   /* speaks to some */
    LIE_STALE,       /* says again what it said long ago */
    LIE_VIEW_CHANGE, /* VIEW-CHANGEs without proofs, of low h, of views far away */
    LIE_NEW_VIEW,    /* NEW-VIEWs of other content */
    LIE_HUGE,        /* views and sequences far away */
    LIE_FLOOD,       /* bad signatures, noise */
    LIE_BYZZFUZZ,    /* small mutations of real messages, signed again */
    LIE_FOREIGN,     /* statements of another federation or membership epoch beside its own */
    LIE_TWINS,       /* two machines with one key */
    LIE_CENSOR,      /* as primary never proposes what client 0 asks for */
    LIE_ROTTEN,      /* honest, but what it executes comes out wrong now and then */
    LIE_BAD_BLOCKS,  /* serves blocks that are not what was decided */
    LIE_WIPED,       /* honest, but its disk is wiped: faulty from then until it has recovered */
    LIE_KINDS
};

/* Of who votes: an ordinary request of a client of its own. */
enum change_kind {
    CHANGE_NONE,
    CHANGE_ROTATE, /* a new key */
    CHANGE_LEAVE,
    CHANGE_JOIN, /* a replica that starts from nothing */
    CHANGE_KINDS
};

struct change {
    enum change_kind kind;
    unsigned who;
};

struct storm_plan {
    unsigned n, f, quorum; /* at the beginning */
    unsigned replicas;     /* that there ever are: n, and those who join */
    bool fewer_faults, larger_quorum;
    uint64_t interval, window;
    unsigned batch_max, pipeline, pending_max;
    int64_t view_timeout, view_timeout_max, batch_delay, resend;
    bool real_signatures, faultless;
    bool steady; /* no stragglers, and every request reaches every replica at once */

    int64_t delay_min, delay_span; /* of a message; a few take ten times as long */
    unsigned loss, duplicate;      /* of a thousand */
    uint64_t carries;    /* of a link, bytes in a view time-out, also after the faults; 0: any number at once */
    int64_t write_delay; /* 0: durable at once */
    int64_t poll;
    size_t chunk;                     /* of a state that is transferred */
    uint64_t transfer_gap, retention; /* blocks behind that are too many to fetch; blocks served */

    enum lie lies[REPLICAS_MAX];
    unsigned liar_count; /* wiped disks counted */
    unsigned fault_count;
    struct fault faults[FAULTS_MAX];

    unsigned clients, requests, outstanding; /* requests: of each client */
    bool lying_client, endless;              /* endless: others than client 0 never stop asking */
    int64_t think;                           /* between a client's requests */
    unsigned change_count;
    struct change changes[CHANGES_MAX];
    int64_t change_at; /* the first is asked for then */
    int64_t horizon;   /* faults until here */
    int64_t bound;     /* then everything decides within this */
    bool core_alone;   /* after the faults only a random quorum is left */
};

void plan_draw(struct storm_plan *plan, const struct draw *d, unsigned real_percent);
/* What the rules of this seed make of n replicas. */
void plan_group(const struct storm_plan *plan, unsigned n, unsigned *f, unsigned *quorum);
/* Who votes after so many changes; generation of each key counts up. */
void plan_members(const struct storm_plan *plan, uint32_t changes, bool in[REPLICAS_MAX],
                  unsigned generation[REPLICAS_MAX]);
/* Bytes that a thin link carries in a view time-out, and which links are thin; detail 0 is the least trouble. */
uint64_t fault_carries(const struct fault *fault);
bool fault_thins(const struct fault *fault, unsigned from, unsigned to);
const char *fault_name(enum fault_kind kind);
const char *lie_name(enum lie lie);
const char *change_name(enum change_kind kind);

#endif
