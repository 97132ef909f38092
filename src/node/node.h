#ifndef PRISMFED_NODE_NODE_H
#define PRISMFED_NODE_NODE_H

#include "node/config.h"

/* A real node: the machine of fed/fed.h with a store, a clock, QUIC and the site's work behind it. What the machine
 * asks for goes through an outbox (driver/outbox.h), as in a rehearsal. */

struct node;

struct node_options {
    /* Its store is made: it has never run before. Without this a store that is not there means that the disk was lost,
     * and the node asks the others before it signs anything (fed/fed.h). */
    bool is_new;
};

/* Reads what the configuration names, and starts the machine from what is durable. config is borrowed. Errors of the
 * files, of the store and of the machine, which diag names with what to do. */
enum err node_open(const struct node_config *config, const struct node_options *options, struct node **out,
                   struct diag *diag) MUST_CHECK;
/* What is durable stays; nothing else does. NULL is fine. */
void node_close(struct node *n);

/* Until node_stop(), or until something that it cannot go on without fails. Errors of the store, of the network and of
 * the system. */
enum err node_run(struct node *n, struct diag *diag) MUST_CHECK;
/* Safe in a signal handler. */
void node_stop(struct node *n);

#endif
