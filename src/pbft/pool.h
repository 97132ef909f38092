#ifndef PRISMFED_PBFT_POOL_H
#define PRISMFED_PBFT_POOL_H

#include "crypto/digest.h"

/* Requests that wait to be ordered, in order of arrival, each once. The memory is taken at pool_init. */
struct pool_entry {
    struct blob *request; /* one holding; NULL: unused */
    struct digest digest;
    uint64_t sequence;      /* proposed there; 0: free */
    int32_t next, previous; /* order of arrival */
    int32_t chain;          /* same bucket */
};

/* The fields are the pool's own. */
struct pool {
    struct pool_entry *entries;
    int32_t *buckets;
    unsigned max, bucket_count;
    unsigned count;      /* in the pool */
    unsigned free_count; /* of these, not proposed */
    int32_t first, last; /* -1: none */
    int32_t unused;
};

void pool_init(struct pool *pool, unsigned max);
void pool_fini(struct pool *pool);
/* Takes a holding of its own. ERR_DUPLICATE: it is there already; ERR_LIMIT. */
enum err pool_add(struct pool *pool, struct blob *request) MUST_CHECK;
void pool_drop(struct pool *pool, int32_t index);
/* A batch with these requests was proposed at sequence, or decided. */
void pool_mark(struct pool *pool, const struct bytes *requests, unsigned count, uint64_t sequence);
void pool_remove(struct pool *pool, const struct bytes *requests, unsigned count);
/* What was proposed above sequence is free again. */
void pool_release(struct pool *pool, uint64_t sequence);

#endif
