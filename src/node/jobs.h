#ifndef PRISMFED_NODE_JOBS_H
#define PRISMFED_NODE_JOBS_H

#include "driver/work.h"
#include "node/loop.h"

/* The site's work on threads of its own, which are less urgent to the system than the node's: consensus never waits for
 * an evaluation. */

struct jobs;

/* done: called from the loop, in whatever order jobs end; it takes the work over. loop is borrowed. ERR_IO. */
enum err jobs_new(struct loop *loop, unsigned threads, void (*done)(void *context, struct work *work), void *context,
                  struct jobs **out, struct diag *diag) MUST_CHECK;
/* Waits for what is running, and drops what is not done. NULL is fine. */
void jobs_free(struct jobs *j);

struct pool *jobs_pool(struct jobs *j);
void jobs_submit(struct jobs *j, struct work *work); /* takes it over */
unsigned jobs_running(const struct jobs *j);         /* submitted and not told done */

#endif
