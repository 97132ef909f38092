#include "base/blob_cache.h"

struct blob_cache {
    unsigned count, next; /* next: the oldest one, which makes place */
    struct blob **items;  /* one holding each; NULL: free */
};

struct blob_cache *blob_cache_new(unsigned blobs)
{
    struct blob_cache *cache = mem_alloc(sizeof *cache);

    ASSERT(blobs > 0);
    cache->count = blobs;
    cache->items = mem_array(blobs, sizeof cache->items[0]);
    return cache;
}

void blob_cache_free(struct blob_cache *cache)
{
    if (cache == NULL)
        return;
    for (unsigned i = 0; i < cache->count; i++)
        blob_drop(cache->items[i]);
    mem_free(cache->items);
    mem_free(cache);
}

/* The latest first. */
static struct blob *find(const struct blob_cache *cache, struct bytes bytes)
{
    for (unsigned i = 1; i <= cache->count; i++) {
        struct blob *blob = cache->items[(cache->next + cache->count - i) % cache->count];

        if (blob != NULL && bytes_equal_from_end(blob_bytes(blob), bytes))
            return blob_hold(blob);
    }
    return NULL;
}

struct blob *blob_cache_blob(struct blob_cache *cache, struct bytes bytes)
{
    struct blob *blob = cache != NULL ? find(cache, bytes) : blob_new(bytes);

    if (blob != NULL)
        return blob;
    blob = blob_new(bytes);
    blob_drop(cache->items[cache->next]);
    cache->items[cache->next] = blob_hold(blob);
    cache->next = (cache->next + 1) % cache->count;
    return blob;
}
