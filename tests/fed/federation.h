#ifndef PRISMFED_TESTS_FED_FEDERATION_H
#define PRISMFED_TESTS_FED_FEDERATION_H

#include "cluster/hosts.h"
#include "fed/fed.h"
#include "fed/job.h"

/* A whole federation in one process: real machines and keys, on the tests' hosts (cluster/hosts.h). A crash loses
 * everything after the effect at which it strikes. Invariants are checked at every effect; the first breach is kept in
 * `breach`. */

enum { NODES_MAX = 12, HEIGHTS_MAX = 4096 };

#define MILLISECOND INT64_C(1000000)
#define SECOND (1000 * MILLISECOND)

struct node {
    struct host host;
    struct federation *federation;
    unsigned index;
    struct fed *fed; /* NULL: down */
    struct secret_key key;
    struct workload work;
    bool played;            /* by the test itself: no machine */
    bool hidden;            /* its work is not disclosed to the validators */
    bool inflates;          /* claims costs of nearly nothing */
    bool inverts;           /* turns its rows upside down */
    struct job *last_cycle; /* one holding; NULL: none was asked for yet */
    unsigned recounts;      /* answered with a cost */
    bool slanders;          /* as a validator, says of every claim that it is false */
    size_t crash_spread;    /* so many effects at most after each restart it strikes again; 0: not */
    int64_t back_after_ns;  /* after such a crash */
    unsigned restarts;
    bool recovering;            /* its disk was lost */
    unsigned installs;          /* of states */
    int64_t cycle_ns;           /* what a local cycle takes it beyond its iterations */
    uint64_t anchors;           /* epochs that it saw anchored */
    int64_t anchored_ns;        /* true time of the latest */
    unsigned errors[ERR_COUNT]; /* of fed_step */
};

struct federation_options {
    unsigned validators, participants, quorum;
    unsigned spot_checks, shards;
    unsigned newcomers; /* nodes at the end that genesis does not know; the test starts them */
    uint64_t seed, last_epoch;
    unsigned loss_permille, duplicate_permille;
    unsigned garble_permille; /* messages that are followed by a damaged copy, as from anybody */
    int64_t delay_min_ns, delay_max_ns;
    int64_t collect_ns, score_ns, tolerance_ns;
};

/* Something that the test does at a time. */
struct federation;
typedef void fault(struct federation *f, unsigned node);

struct federation {
    struct federation_options options;
    struct hosts hosts;
    struct verify_cache *verify_cache; /* NULL: none; it must not show */
    int64_t calm_ns;                   /* no crash is planned after this time */
    uint64_t messages;
    struct buf genesis;
    unsigned count;
    struct node nodes[NODES_MAX];
    struct instance shards[WORKLOAD_SHARDS_MAX];
    struct digest block_ids[HEIGHTS_MAX];
    struct digest state_roots[HEIGHTS_MAX];
    uint64_t top;                   /* highest decided */
    uint64_t most_stale[NODES_MAX]; /* of each member's updates in the outcomes that nodes anchored */
    unsigned signed_count, signed_cap;
    struct signed_entry *signed_entries; /* every (node, sequence) that left a machine */
    struct buf trace;                    /* notes of trace_node, a line each */
    int trace_node;                      /* -1: none */
    char breach[256];
    /* Told of every message that is sent; may be NULL. */
    void (*watch)(struct federation *f, unsigned from, unsigned to, struct bytes message);
    /* And of every note; may be NULL. */
    void (*noted)(struct federation *f, unsigned node, const char *name, uint64_t number, uint64_t other);
};

struct signed_entry {
    unsigned node;
    uint64_t sequence;
    struct digest id;
};

static inline int64_t federation_now(const struct federation *f)
{
    return f->hosts.agenda.now_ns;
}
struct federation_options federation_usual(unsigned validators, unsigned participants, uint64_t seed);
/* Everybody starts at time 0, but for nodes that the caller marks as played before federation_start. */
void federation_init(struct federation *f, const struct federation_options *options);
void federation_start(struct federation *f);
struct fed_config federation_config(const struct federation *f, unsigned node);
struct member_card federation_card(const struct federation *f, unsigned node);
/* Until nothing is left to happen; false when it is not over by then. */
bool federation_run(struct federation *f, int64_t until_ns);
void federation_at(struct federation *f, int64_t at_ns, fault *act, unsigned node);
void federation_send(struct federation *f, unsigned from, unsigned to, struct blob *message); /* drops the holding */
void federation_fini(struct federation *f);

/* Faults. */
void node_crash(struct federation *f, unsigned node);
void node_start(struct federation *f, unsigned node);
void node_wipe(struct federation *f, unsigned node); /* it crashes, its disk is lost, it starts again */
void node_disk_stops(struct federation *f, unsigned node);
void node_disk_goes_on(struct federation *f, unsigned node);
void node_cut_off(struct federation *f, unsigned node);
void node_silence(struct federation *f, unsigned node);
void node_reconnect(struct federation *f, unsigned node); /* heals both */
/* It dies after so many effects from now, and comes back. */
void node_dies_after(struct federation *f, unsigned node, size_t effects);
/* Its clock runs so fast; 100 is true. */
void node_clock(struct federation *f, unsigned node, unsigned percent);

/* One step of a node that is up. What fed_step() says. */
enum err node_step(struct federation *f, unsigned node, struct fed_event *event);
/* An event from the operator of a node that is up. */
void node_tell(struct federation *f, unsigned node, enum fed_event_kind kind, struct blob *blob);

/* Everybody who is up has ended the last epoch, with the state root that is decided at its height. */
bool federation_agrees(const struct federation *f);
const struct federation_state *federation_state(const struct federation *f); /* of the first node that is up */

#endif
