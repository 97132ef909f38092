#ifndef PRISMFED_NODE_NET_H
#define PRISMFED_NODE_NET_H

#include "codec/json.h"

/* A whole federation on one machine, from a scenario file: the one that a rehearsal runs. Each node is a process of its
 * own with a folder of its own; the keys are the rehearsal's, so that the log may be compared with its log, and nobody
 * takes it for a real federation. A process of the net's own starts the nodes and does to them what the scenario's
 * events say, until it is told to stop.
 *
 *     DIR/net.json        what is below, for whoever asks
 *     DIR/supervisor      its process, which holds a lock on this file
 *     DIR/genesis.cbor
 *     DIR/NODE/{node.json, key.pem, store.sqlite, control, log} */

struct net_options {
    const char *scenario, *folder, *program; /* paths; program: what a node is started with: prismfed */
    uint64_t seed;
    bool has_seed;
    uint64_t epochs;  /* the nodes rest after so many; 0: never */
    unsigned threads; /* for each node's work */
    bool trace;       /* each node records what it hears and does (node/trace.h) in its folder: trace.cbor */
};

struct net_node {
    char *name;
    char *config, *control, *log; /* paths */
    bool joins_later;             /* nobody starts it: it is no member at first */
};

/* What net.json says. */
struct net {
    char *scenario, *folder, *program; /* owned, like the nodes' */
    uint64_t seed, epochs;
    uint64_t last_epoch; /* UINT64_MAX: they never rest */
    unsigned node_count;
    struct net_node *nodes; /* in the order of the scenario */
};

/* Makes the folder, which must not be there or be empty: keys, configurations, genesis, net.json. Errors of the
 * scenario and of the files. */
enum err net_make(const struct net_options *options, struct diag *diag) MUST_CHECK;
/* ERR_IO, and the errors of net.json, which diag names. *out is set on success only. */
enum err net_load(const char *folder, struct net *out, struct diag *diag) MUST_CHECK;
void net_fini(struct net *net);

/* In a process of its own, which goes on when the caller ends: starts the nodes, and does the scenario's events.
 * ERR_STATE: it runs already. */
enum err net_start(const struct net *net, struct diag *diag) MUST_CHECK;
/* Ends the supervisor, which ends the nodes. Waits until they are gone. ERR_STATE: it did not run. */
enum err net_stop(const struct net *net, struct diag *diag) MUST_CHECK;
bool net_is_up(const struct net *net); /* does its supervisor run? */

/* What a node answers to a question without arguments; NULL: it does not answer. A new reference. */
json_t *net_ask(const struct net_node *node, const char *question);
/* Has every node that answers ended its last epoch, and does at least one answer? *status: that of all nodes, a new
 * reference, in the order of the scenario, null for one that does not answer. */
bool net_has_ended(const struct net *net, json_t **status);

/* Writes what the auditor reads (record/artifacts.h) of all epochs that have ended, while the nodes are up: an earlier
 * record under the same label goes. *epochs: how many. ERR_STATE: no node answers, or no epoch has ended; the errors of
 * the store, of history_next() and of the files. */
enum err net_record(const struct net *net, const char *output_dir, uint64_t *epochs, struct diag *diag) MUST_CHECK;

#endif
