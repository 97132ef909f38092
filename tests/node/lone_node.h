#ifndef PRISMFED_TESTS_NODE_LONE_NODE_H
#define PRISMFED_TESTS_NODE_LONE_NODE_H

#include "driver/outbox.h"
#include "fed/fed.h"
#include "fed/job.h"
#include "node/store.h"

/* A federation of one node, with next to no work at its site, that decides block after block by a virtual clock and
 * keeps them in a real store. */

struct lone_node {
    struct fed *fed;
    struct store *store;
    struct ledger_store ledger; /* a view of it */
    struct outbox outbox;
    struct effects effects;
    uint64_t told;
    int64_t now_ns;
    int64_t timers[FED_TIMER_END]; /* 0: not armed */
    struct job *job;               /* one holding; NULL: none is asked for */
    struct workload work;
    uint64_t block_bytes, snapshot_bytes; /* that were written */
};

struct lone_federation {
    struct secret_key key;
    struct buf genesis;
    struct digest id;
    uint64_t interval; /* of checkpoints */
};

void lone_federation_init(struct lone_federation *f);
void lone_federation_fini(struct lone_federation *f);

/* From what the store at this path has. Errors of store_open(), fed_new() and fed_restore(). */
enum err lone_node_start(struct lone_node *n, const struct lone_federation *f, const char *path, struct diag *diag);
/* The same as if there were no snapshots. */
enum err lone_node_start_from_blocks(struct lone_node *n, const struct lone_federation *f, const char *path,
                                     struct diag *diag);
void lone_node_stop(struct lone_node *n);
uint64_t lone_node_height(const struct lone_node *n);
/* Up to a block of this height, at least. ERR_IO and the like: the store has failed. */
enum err lone_node_decide(struct lone_node *n, uint64_t height, struct diag *diag);

#endif
