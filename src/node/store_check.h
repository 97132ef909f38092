#ifndef PRISMFED_NODE_STORE_CHECK_H
#define PRISMFED_NODE_STORE_CHECK_H

#include "node/store_rows.h"

/* Everything that can be told of a store's file without its federation's genesis: SQLite's own check, every digest, all
 * that the counters say, and that each block is the child of the one below it. A store that a node has open can be
 * looked at, too. */

enum store_fault {
    STORE_FAULT_FILE,     /* SQLite's structure */
    STORE_FAULT_COUNTERS, /* something is gone, or more is there */
    STORE_FAULT_MARK,     /* it is older than what was durable */
    STORE_FAULT_FLAG,
    STORE_FAULT_RECORD, /* of the node's own */
    STORE_FAULT_SNAPSHOT,
    STORE_FAULT_BLOCK,
    STORE_FAULT_KINDS
};

struct store_finding {
    enum store_fault fault;
    uint64_t number; /* of a block or snapshot: its height; else 0 */
    struct diag text;
};

enum store_verdict {
    STORE_SOUND,
    STORE_MENDABLE, /* only blocks that are not above the latest snapshot, and snapshots but for one: a node can go on
                     */
    STORE_LOST      /* a node must not start from it */
};

struct store_report {
    struct digest federation_id;
    struct store_counters counters;
    uint64_t first, whole; /* blocks first..whole are there, but for findings; first > whole: none */
    uint64_t needed;       /* the lowest block that a start may need */
    uint64_t blocks;       /* how many rows */
    uint64_t snapshot;     /* height of the latest sound one; 0: none */
    bool recovering;
    enum store_verdict verdict;
    uint64_t mend_from, mend_to; /* blocks that a node would fetch again; 0: none */
    struct store_finding *findings;
    size_t count;
};

const char *store_fault_name(enum store_fault fault);
const char *store_verdict_name(enum store_verdict verdict);

/* *out is the caller's on success. ERR_MISSING, ERR_IO: it cannot be read; ERR_STATE: not a store of this version;
 * ERR_SYNTAX: no database at all. */
enum err store_check(const char *path, struct store_report *out, struct diag *diag) MUST_CHECK;
void store_report_free(struct store_report *r);
/* Something went wrong that may be due to the store, and the diag says what: is the store damaged, that is added, with
 * what to do. Not in a process that has the store open: it would lose its lock. */
void store_advise(const char *path, struct diag *diag);

/* Drops the blocks mend_from..mend_to of a report that says STORE_MENDABLE, so that the node fetches them from its
 * peers (EFFECT_APPEND). The store is nobody else's meanwhile: ERR_STATE. Errors of store_open(). */
enum err store_mend(const char *path, const struct store_report *report, struct diag *diag) MUST_CHECK;

#endif
