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

    struct chain chain;
    struct consensus consensus;
    struct sync sync;
    struct backfill backfill;
    struct transfer *transfer; /* states.c */
};

#endif
