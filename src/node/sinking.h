#ifndef PRISMFED_NODE_SINKING_H
#define PRISMFED_NODE_SINKING_H

#include "crypto/key.h"
#include "node/config.h"
#include "scenario/scenario.h"

/* A node's sink (sink/sink.h): each epoch that has ended, and is durable in the node's store, is signed and written
 * there, by a thread of its own that reads the store beside the node. The node waits for it at no time: a sink that
 * fails, hangs or is full is tried again, and caught up with from the store. */

struct sinking;

/* Starts the thread, if the configuration names a sink. config, scenario and genesis are borrowed, the key is copied.
 * *out: NULL where none is named. ERR_STATE: the key is not in a file, or the store keeps no whole ledger; ERR_SYNTAX:
 * of the URL. */
enum err sinking_start(const struct node_config *config, const struct scenario *scenario, struct bytes genesis,
                       const struct secret_key *key, struct sinking **out, struct diag *diag) MUST_CHECK;
/* This epoch has ended: it is written, once it is durable. NULL is fine. */
void sinking_wake(struct sinking *s, uint64_t epoch);
/* Waits for the thread: what is durable and not in the sink is brought there first, for a few seconds, as long as the
 * sink takes it. NULL is fine. */
void sinking_stop(struct sinking *s);

#endif
