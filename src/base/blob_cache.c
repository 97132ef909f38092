#include "base/blob_cache.h"

#include "base/mutate.h"

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

/* Blocks end with signatures, so that those which differ mostly do so at their end. */
static bool is_of(const struct blob *blob, struct bytes bytes)
{
    enum { END = 32 };
    size_t end = bytes.len < END ? bytes.len : END;

    return blob->len == bytes.len && memcmp(blob->data + bytes.len - end, bytes.data + bytes.len - end, end) == 0 &&
           MUTATE(BASE_BLOB_BY_ITS_END, true, memcmp(blob->data, bytes.data, bytes.len) == 0);
}

/* The latest first. */
static struct blob *find(const struct blob_cache *cache, struct bytes bytes)
{
    for (unsigned i = 1; i <= cache->count; i++) {
        struct blob *blob = cache->items[(cache->next + cache->count - i) % cache->count];

        if (blob != NULL && is_of(blob, bytes))
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
