#include "crypto/verify_cache.h"

enum { PROBES = 8 };

/* An open hash table under SHA-256(key | signature | message), so that equal names are equal questions. A name is in
 * one of the PROBES places from where it belongs, or nowhere. */
struct verify_cache {
    struct digest *names;
    uint8_t *verdicts; /* enum err + 1; 0: free */
    size_t mask;
    unsigned turn; /* which of the PROBES places is given up next */
    uint64_t hits, misses;
};

struct verify_cache *verify_cache_new(size_t verdicts)
{
    struct verify_cache *cache = mem_alloc(sizeof *cache);
    size_t size = PROBES;

    ASSERT(verdicts > 0 && verdicts <= (size_t)1 << 28);
    while (size < verdicts)
        size *= 2;
    cache->names = mem_array(size, sizeof cache->names[0]);
    cache->verdicts = mem_array(size, sizeof cache->verdicts[0]);
    cache->mask = size - 1;
    return cache;
}

void verify_cache_free(struct verify_cache *cache)
{
    if (cache == NULL)
        return;
    mem_free(cache->names);
    mem_free(cache->verdicts);
    mem_free(cache);
}

static struct digest name_of(const struct public_key *key, struct bytes message, const uint8_t *signature)
{
    struct digest_context c;

    digest_init(&c);
    digest_add(&c, key->b, sizeof key->b);
    digest_add(&c, signature, SIGNATURE_SIZE);
    digest_add(&c, message.data, message.len);
    return digest_final(&c);
}

/* The place of this name; or, with its verdict 0, the one to take for it. */
static size_t place_of(struct verify_cache *cache, const struct digest *name)
{
    size_t home = (size_t)be64_get(name->b), at;

    for (unsigned i = 0; i < PROBES; i++) {
        at = (home + i) & cache->mask;
        if (cache->verdicts[at] == 0 || digest_equal(&cache->names[at], name))
            return at;
    }
    at = (home + cache->turn++ % PROBES) & cache->mask;
    cache->verdicts[at] = 0;
    return at;
}

enum err verify_cache_check(struct verify_cache *cache, const struct public_key *key, struct bytes message,
                            const uint8_t signature[SIGNATURE_SIZE])
{
    if (cache == NULL)
        return key_verify(key, message, signature);
    struct digest name = name_of(key, message, signature);
    size_t at = place_of(cache, &name);
    if (cache->verdicts[at] != 0) {
        cache->hits++;
        return (enum err)(cache->verdicts[at] - 1);
    }
    enum err err = key_verify(key, message, signature);
    ASSERT((unsigned)err < UINT8_MAX);
    cache->names[at] = name;
    cache->verdicts[at] = (uint8_t)(err + 1);
    cache->misses++;
    return err;
}

uint64_t verify_cache_hits(const struct verify_cache *cache)
{
    return cache->hits;
}

uint64_t verify_cache_misses(const struct verify_cache *cache)
{
    return cache->misses;
}
