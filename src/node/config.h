#ifndef PRISMFED_NODE_CONFIG_H
#define PRISMFED_NODE_CONFIG_H

#include "node/address.h"
#include "node/log.h"
#include "state/genesis.h"

/* The configuration file of a node (JSON; docs/nodes.md). Paths in it start at its own folder. */

enum { NODE_CONFIG_SIZE_MAX = 8 << 20, NODE_PEERS_MAX = 16384 };

struct node_peer {
    char name[MEMBER_NAME_MAX + 1];
    char address[ADDRESS_MAX + 1]; /* HOST:PORT */
};

struct node_config {
    /* Owned paths; NULL where the file names none. */
    char *scenario; /* the federation's plan, with the work of this node */
    char *genesis, *key, *store, *control;
    char *passphrase;               /* the file with the key's; or NULL */
    char *key_memory;               /* what the key has signed (crypto/key_memory.h); or NULL: its store alone knows */
    char *next_key;                 /* of a rotation that is not agreed yet, or may not be; or NULL */
    char *members;                  /* members.json, where `peers` does not say where a member is; or NULL */
    char *trace;                    /* where the node records what it hears and does; or NULL */
    char *sink;                     /* URL of a database into which it writes each epoch; or NULL */
    char node[MEMBER_NAME_MAX + 1]; /* which one of the plan it is */
    char listen[ADDRESS_MAX + 1];   /* HOST:PORT; empty: it only dials */
    char http[ADDRESS_MAX + 1];     /* HOST:PORT of the loopback; empty: none */
    uint64_t last_epoch;            /* the node rests when it has ended; UINT64_MAX: never */
    uint64_t keep_blocks;           /* of the ledger, so many at least; 0: all of them */
    unsigned threads;               /* for the site's work; 0: one for each processor */
    enum log_format log_format;
    unsigned peer_count;
    struct node_peer *peers; /* owned; in order of names */
};

/* Complaints name file, line, column and JSON pointer. *out is set on success only; node_config_fini(). Errors of
 * json_doc_load(), and ERR_MISSING, ERR_TYPE, ERR_RANGE, ERR_UNKNOWN, ERR_LIMIT of what the file says. */
enum err node_config_load(const char *path, struct node_config *out, struct diag *diag) MUST_CHECK;
/* Where a member is, by its name; NULL: the file does not say. */
const char *node_config_address(const struct node_config *c, const char *name);
void node_config_fini(struct node_config *c);

#endif
