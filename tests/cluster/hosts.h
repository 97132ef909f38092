#ifndef PRISMFED_TESTS_CLUSTER_HOSTS_H
#define PRISMFED_TESTS_CLUSTER_HOSTS_H

#include "base/prng.h"
#include "driver/outbox.h"
#include "world/clock.h"
#include "world/disk.h"
#include "world/network.h"

/* The cluster of the tests: hosts on the world's network, each with a disk, a clock and an outbox, and a machine of
 * the test's. All that is drawn comes from one seed. */

enum { HOSTS_MAX = 16 };

/* The first member of the test's own struct, for which host_runs' functions take it. */
struct host {
    struct hosts *all;
    unsigned index;
    bool up;       /* the test sets it when its machine is there */
    unsigned life; /* counts crashes: what an earlier life has begun is void */
    struct clock clock;
    struct disk disk; /* a write is durable at once, or when the disk goes on */
    struct outbox outbox;
    uint64_t told;     /* the machine knows that this write is durable */
    bool dies;         /* in the middle of a step: */
    size_t dies_after; /* so many effects from now are still carried out */
    uint64_t in_flight_max;
};

struct host_runs {
    /* What happens to a machine that is up. Each ends with host_settle(). */
    void (*message)(struct host *h, const struct event *message);
    void (*timer)(struct host *h, uint32_t timer);
    void (*durable)(struct host *h, uint64_t serial); /* NULL: it does not want to know */
    /* The machine is no more: free it. */
    void (*stop)(struct host *h);
    /* It died in the middle of a step, and is stopped. NULL: hosts never do. */
    void (*died)(struct host *h);
    /* An event of the test's own kinds, EVENT_OWN and above; and what such an event has of its own is freed. NULL: none
     * ever has. */
    void (*happens)(struct hosts *all, const struct event *e);
    void (*drop)(struct event *e);
    /* Told before the host does what is asked for: a write, a record to be forgotten, a message; this one goes out only
     * if the test calls host_send(). The rest is the test's alone. Any may be NULL. */
    struct outbox_actions actions;
};

struct hosts {
    const struct host_runs *runs;
    struct outbox_actions actions;
    struct agenda agenda;
    struct network network; /* a link for each pair */
    struct prng prng;
    unsigned count;
    struct host *host[HOSTS_MAX];
    uint64_t steps; /* events */
};

/* Of `count` hosts, that are added next; runs is borrowed. */
void hosts_init(struct hosts *all, unsigned count, const struct host_runs *runs, uint64_t seed);
void host_init(struct hosts *all, unsigned index, struct host *h);
/* Stops those that are up, and frees what is theirs. */
void hosts_fini(struct hosts *all);

/* An event of a node, of the test's own kind. */
struct event *hosts_add(struct hosts *all, int64_t at_ns, int kind, unsigned node);
/* The next event; false: there is none. */
bool hosts_step(struct hosts *all);
/* For all links, or that of a pair. */
void hosts_set_traits(struct hosts *all, const struct link_traits *traits);
void hosts_set_link(struct hosts *all, unsigned from, unsigned to, const struct link_traits *traits);
/* Nothing that `from` says reaches `to`, or all does: whatever was before. */
void hosts_cut(struct hosts *all, unsigned from, unsigned to, bool cut);

/* Does what a call of the machine asked for, and frees effects. */
void host_settle(struct host *h, struct effects *effects);
/* Takes no holding of the blob. */
enum network_fate host_send(struct host *h, unsigned to, struct blob *message);
/* The machine is stopped; the disk keeps what is durable. */
void host_crash(struct host *h);
/* No write ends until the disk goes on. */
void host_disk_stops(struct host *h, bool stops);
/* Writes all records of the one to the other. */
void disk_copy_records(struct disk *to, const struct disk *from);
/* What a machine is to be started with: unlike that of any other start. */
struct digest host_nonce(const struct host *h);

#endif
