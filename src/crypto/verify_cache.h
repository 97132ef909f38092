#ifndef PRISMFED_CRYPTO_VERIFY_CACHE_H
#define PRISMFED_CRYPTO_VERIFY_CACHE_H

#include "crypto/key.h"

/* Verdicts of key_verify, remembered. For a driver that runs many machines in one process, where every signature
 * comes by once for each of them: the verdict is a pure function of key, message and signature, so no machine
 * can tell whether it was remembered. The driver owns it; not shared between threads. */
struct verify_cache;

/* Room for at least `verdicts` of them, 33 bytes each; when that is full, older ones make place. */
struct verify_cache *verify_cache_new(size_t verdicts);
void verify_cache_free(struct verify_cache *cache);

/* What key_verify says. cache NULL: asks it. */
enum err verify_cache_check(struct verify_cache *cache, const struct public_key *key, struct bytes message,
                            const uint8_t signature[SIGNATURE_SIZE]) MUST_CHECK;

/* How often a verdict was found, and how often it was not. */
uint64_t verify_cache_hits(const struct verify_cache *cache);
uint64_t verify_cache_misses(const struct verify_cache *cache);

#endif
