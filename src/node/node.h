#ifndef PRISMFED_NODE_NODE_H
#define PRISMFED_NODE_NODE_H

#include "node/config.h"
#include "node/logged.h"

/* A real node: the machine of fed/fed.h with a store, a clock, QUIC and the site's work behind it. What the machine
 * asks for goes through an outbox (driver/outbox.h), as in a rehearsal. */

struct node;

/* Makes the store of a node that has never run. ERR_STATE: there is one; the errors of the files and of the store. */
enum err node_create(const struct node_config *config, struct diag *diag) MUST_CHECK;

/* Reads what the configuration names, and starts the machine from what is durable. A store that is not there means that
 * the disk was lost: the node asks the others before it signs anything (fed/fed.h). config is borrowed. folder
 * (borrowed): one that somebody carries (node/carried.h), in place of a network, for node_run_once(); NULL: there is a
 * network. Errors of the files, of the store and of the machine, which diag names with what to do. */
enum err node_open(const struct node_config *config, const char *folder, struct node **out,
                   struct diag *diag) MUST_CHECK;
/* What is durable stays; nothing else does. NULL is fine. */
void node_close(struct node *n);

/* Until node_stop(), or until something that it cannot go on without fails. Errors of the store, of the network and of
 * the system. */
enum err node_run(struct node *n, struct diag *diag) MUST_CHECK;
/* The same for a participant that needs no daemon: until what it owes in the present phase of the epoch is in the log,
 * and durable here; at most so many seconds: ERR_AGAIN. */
enum err node_run_once(struct node *n, uint64_t timeout_s, struct diag *diag) MUST_CHECK;
/* Behind it: the entries of this site's own that stand in the durable log now and did not stand in it before, in order
 * (node/logged.h). Of blocks that came as a state there is none. The rest is damaged: ERR_SYNTAX, ERR_MISMATCH. */
enum err node_own_entries(const struct node *n, void (*each)(void *context, const struct logged *logged),
                          void *context) MUST_CHECK;
/* Safe in a signal handler. */
void node_stop(struct node *n);

#endif
