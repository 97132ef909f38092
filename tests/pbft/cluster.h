#ifndef PRISMFED_TESTS_PBFT_CLUSTER_H
#define PRISMFED_TESTS_PBFT_CLUSTER_H

#include "cluster/hosts.h"
#include "pbft/messages.h"
#include "pbft/pbft.h"

/* n real machines on the tests' hosts (cluster/hosts.h), with an application that is a chain of hashes. What must hold
 * is looked at after every step; the first breach is in `failure` and the run stops. */

enum { CLUSTER_MAX = HOSTS_MAX, CLUSTER_SEEN = 1 << 15 };
#define MS INT64_C(1000000)

struct cluster_block {
    struct digest id;
    struct blob *batch; /* encoded */
};

struct cluster_node {
    struct host host; /* its disk has records, and blocks: encoded [id, batch, certificate] */
    struct cluster *cluster;
    unsigned index;
    struct pbft *pbft; /* NULL: down */
    /* the application: blocks[0] is sequence 1 */
    struct cluster_block *blocks;
    uint64_t executed, decided, block_cap;
    bool wiped; /* lost everything, and has not recovered */
    bool catching_up;
    bool liar;        /* its messages are tampered with, and nobody expects anything of it */
    bool plain;       /* a liar, but its messages are left as they are */
    uint64_t errs_at; /* its execution of this sequence goes wrong, once; 0: never */
    unsigned views;   /* new views entered, over all lives */
};

struct cluster {
    unsigned n, f, quorum;
    uint64_t seed;
    struct hosts hosts;
    struct pbft_config config; /* for everyone but self and key */
    struct secret_key keys[CLUSTER_MAX];
    struct digest fingerprints[CLUSTER_MAX];
    struct members members;
    struct cluster_node nodes[CLUSTER_MAX];

    /* faults */
    int64_t delay_min, delay_max;
    unsigned loss, duplicate; /* of a thousand messages */
    unsigned crash;           /* of a hundred thousand steps */
    uint64_t bandwidth;       /* bytes a second, of each way between two; 0: no limit */
    bool (*drop)(struct cluster *c, unsigned from, unsigned to, struct bytes message); /* may be NULL */
    bool no_catch_up;
    int64_t again_until; /* judge answers ERR_AGAIN before */
    /* Told of every effect, and of every timer that fires (effect NULL); may be NULL. */
    void (*watch)(struct cluster *c, unsigned node, unsigned timer, const struct effect *effect);
    void *watcher;
    const char *censored; /* request that replica `censor` never finds proposable */
    unsigned censor;
    const char *closing; /* the block with this request closes the membership epoch */

    /* what was seen */
    struct digest *agreed; /* by sequence - 1 */
    uint64_t agreed_count, agreed_cap;
    struct cluster_seen {
        unsigned signer;
        struct statement says;
        bool used;
    } * seen;
    unsigned requests;
    unsigned view_changes, equivocations, stables;
    uint64_t refused[ERR_COUNT];
    struct digest trace; /* over all effects so far */
    char failure[256];
};

static inline int64_t cluster_now(const struct cluster *c)
{
    return c->hosts.agenda.now_ns;
}
static inline int64_t cluster_timer(const struct cluster_node *node, uint32_t timer) /* CLOCK_TIMER_STOPPED */
{
    return node->host.clock.timer_ns[timer];
}
void cluster_init(struct cluster *c, unsigned n, uint64_t seed);
void cluster_start(struct cluster *c); /* config may be changed between the two */
void cluster_free(struct cluster *c);
void cluster_fail(struct cluster *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Hands request number k to every replica, each after a delay, and again until it has decided it. */
void cluster_submit(struct cluster *c, unsigned k);
/* One event; false when none is left or something failed. */
bool cluster_step(struct cluster *c);
void cluster_run_until(struct cluster *c, int64_t time);
/* Until every replica that is up and no liar has decided all submitted requests, or the time. */
bool cluster_run_decided(struct cluster *c, int64_t deadline);
bool cluster_decided_all(const struct cluster *c);
void cluster_crash(struct cluster *c, unsigned node);
void cluster_wipe(struct cluster *c, unsigned node); /* crashes, and everything that it stored is gone */
void cluster_restart(struct cluster *c, unsigned node);
/* The machine of membership epoch config.membership_epoch (the test has changed it) takes over. */
void cluster_renew(struct cluster *c, unsigned node);
void cluster_isolate(struct cluster *c, unsigned node, bool isolated);
void cluster_heal(struct cluster *c); /* everybody hears everybody */
/* From nowhere, right away. */
enum err cluster_deliver(struct cluster *c, unsigned to, struct bytes message);
/* Carries out what a call on the node's machine asked for. */
void cluster_settle(struct cluster *c, unsigned node, struct effects *effects);
/* What its disk has at this height; one holding. */
struct blob *cluster_block(const struct cluster_node *node, uint64_t sequence);
void cluster_fetch_blocks(struct cluster *c, unsigned node, unsigned from);
/* Messages as replica `signer` would sign them. */
struct claim cluster_claim(struct cluster *c, unsigned signer, enum message_type type, uint64_t view, uint64_t sequence,
                           const struct digest *digest);
struct blob *cluster_pre_prepare(struct cluster *c, uint64_t view, uint64_t sequence, const char *request);

#endif
