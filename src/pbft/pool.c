#include "pbft/pool.h"

static int32_t *bucket_of(const struct pool *pool, const struct digest *digest)
{
    return &pool->buckets[be64_get(digest->b) & (pool->bucket_count - 1)];
}

static int32_t find(const struct pool *pool, const struct digest *digest)
{
    int32_t at = *bucket_of(pool, digest);
    while (at >= 0 && !digest_equal(&pool->entries[at].digest, digest))
        at = pool->entries[at].chain;
    return at;
}

void pool_init(struct pool *pool, unsigned max)
{
    ASSERT(max > 0 && max < INT32_MAX / 2);
    *pool = (struct pool){.max = max, .bucket_count = 16, .first = -1, .last = -1};
    while (pool->bucket_count < max)
        pool->bucket_count *= 2;
    pool->entries = mem_array(max, sizeof pool->entries[0]);
    pool->buckets = mem_array(pool->bucket_count, sizeof pool->buckets[0]);
    for (unsigned i = 0; i < pool->bucket_count; i++)
        pool->buckets[i] = -1;
    for (unsigned i = 0; i < max; i++)
        pool->entries[i].next = i + 1 < max ? (int32_t)i + 1 : -1;
}

void pool_fini(struct pool *pool)
{
    for (unsigned i = 0; i < pool->max; i++)
        blob_drop(pool->entries[i].request);
    mem_free(pool->entries);
    mem_free(pool->buckets);
}

enum err pool_add(struct pool *pool, struct blob *request)
{
    struct digest digest = digest_of(blob_bytes(request));

    if (find(pool, &digest) >= 0)
        return ERR_DUPLICATE;
    if (pool->unused < 0)
        return ERR_LIMIT;
    int32_t at = pool->unused;
    struct pool_entry *e = &pool->entries[at];
    int32_t *bucket = bucket_of(pool, &digest);
    pool->unused = e->next;
    *e = (struct pool_entry){blob_hold(request), digest, 0, -1, pool->last, *bucket};
    *bucket = at;
    if (pool->last >= 0)
        pool->entries[pool->last].next = at;
    else
        pool->first = at;
    pool->last = at;
    pool->count++;
    pool->free_count++;
    return ERR_OK;
}

void pool_drop(struct pool *pool, int32_t index)
{
    struct pool_entry *e = &pool->entries[index];
    int32_t *link = bucket_of(pool, &e->digest);

    while (*link != index)
        link = &pool->entries[*link].chain;
    *link = e->chain;
    if (e->previous >= 0)
        pool->entries[e->previous].next = e->next;
    else
        pool->first = e->next;
    if (e->next >= 0)
        pool->entries[e->next].previous = e->previous;
    else
        pool->last = e->previous;
    pool->count--;
    pool->free_count -= e->sequence == 0;
    blob_drop(e->request);
    *e = (struct pool_entry){.next = pool->unused};
    pool->unused = index;
}

void pool_mark(struct pool *pool, const struct bytes *requests, unsigned count, uint64_t sequence)
{
    for (unsigned i = 0; i < count && pool->count > 0; i++) {
        struct digest digest = digest_of(requests[i]);
        int32_t at = find(pool, &digest);
        if (at < 0)
            continue;
        pool->free_count -= pool->entries[at].sequence == 0;
        pool->entries[at].sequence = sequence;
    }
}

void pool_remove(struct pool *pool, const struct bytes *requests, unsigned count)
{
    for (unsigned i = 0; i < count && pool->count > 0; i++) {
        struct digest digest = digest_of(requests[i]);
        int32_t at = find(pool, &digest);
        if (at >= 0)
            pool_drop(pool, at);
    }
}

void pool_release(struct pool *pool, uint64_t sequence)
{
    for (int32_t at = pool->first; at >= 0; at = pool->entries[at].next) {
        struct pool_entry *e = &pool->entries[at];
        if (e->sequence > sequence) {
            e->sequence = 0;
            pool->free_count++;
        }
    }
}
