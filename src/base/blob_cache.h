#ifndef PRISMFED_BASE_BLOB_CACHE_H
#define PRISMFED_BASE_BLOB_CACHE_H

#include "base/bytes.h"

/* The latest blobs, so that equal bytes are held once. For a driver that runs many nodes in one process, each of which
 * keeps what all of them are sent. The driver owns it; not shared between threads. */
struct blob_cache;

struct blob_cache *blob_cache_new(unsigned blobs);
void blob_cache_free(struct blob_cache *cache); /* what others hold stays; NULL is fine */

/* One holding of a blob of these bytes: of one that is remembered, or of a new one, which now is. cache NULL:
 * blob_new(). */
struct blob *blob_cache_blob(struct blob_cache *cache, struct bytes bytes);

#endif
