#ifndef PRISMFED_REPLICA_INTERNAL_H
#define PRISMFED_REPLICA_INTERNAL_H

#include "replica/backfill.h"
#include "replica/chain.h"
#include "replica/consensus.h"
#include "replica/states.h"
#include "replica/sync.h"

/* The parts together, shared by the files of this folder and by nobody else. Each part is written by the file of its
 * name alone; others ask through its header. */
struct replica {
    struct replica_config config;
    struct replica_app app;
    const struct ledger_store *store; /* NULL: none */
    bool started;

    /* of the running step; NULL between steps and while the store is read */
    struct effects *out;
    int64_t now_ns;
    uint64_t writes_before; /* in out, when the step began */

    uint64_t written, durable; /* serials of the last write asked for in earlier steps, and that is durable */
    bool held;                 /* by the disk, which is behind */

    struct chain chain;
    struct consensus consensus;
    struct sync sync;
    struct backfill backfill;
    struct states states;
    struct effects scratch; /* empty between calls */
};

/* PBFT wrote its effects to our list from `begin` on: its replicas become peers, a broadcast one effect for each of
 * them, so that whoever carries it out need not know who voted when it was made. Before old records go, the application
 * files anew what it needs of them. It is also told whom PBFT can convict. */
void replica_translate(struct replica *r, size_t begin);
/* Serial of the last write that was asked for. */
uint64_t replica_written(const struct replica *r);
/* Too many writes are not durable: nothing that needs another one may be begun. */
bool replica_outruns_disk(const struct replica *r);

#endif
