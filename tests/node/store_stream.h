#ifndef PRISMFED_TESTS_NODE_STORE_STREAM_H
#define PRISMFED_TESTS_NODE_STORE_STREAM_H

#include "node/store.h"

/* A stream of writes of which any beginning can be told from any other: a record, a block, a record, a block..., at
 * every twentieth a snapshot. */

/* The n-th of the stream, counted from 1, as this serial. */
void stream_write(struct store *s, uint64_t serial, uint64_t n);

/* How many of the first ones are there, and nothing else is; or that something else is there. */
#define STREAM_BROKEN UINT64_MAX
uint64_t stream_found(struct store *s);

#endif
