#include "storm/stub.h"

#include <string.h>

#include "storm/mix.h"
#include "storm/real.h"

/* Every symbol of crypto/key.c, so that the linker has no need of that file; storm/real.h is its code under other
 * names. */

static const uint8_t MAGIC[8] = {'s', 't', 'u', 'b', ' ', 'k', 'e', 'y'};

static bool is_stub(const struct public_key *key)
{
    return memcmp(key->b, MAGIC, sizeof MAGIC) == 0;
}

static void tag_of(const struct public_key *key, struct bytes message, uint8_t tag[SIGNATURE_SIZE])
{
    uint64_t lanes[MIX_LANES];

    mix_bytes(message, mix_word(key->b + 8), lanes);
    uint64_t a = mix_lanes(lanes), b = mix(a, lanes[1] + lanes[3]);
    memset(tag, 0x5a, SIGNATURE_SIZE);
    for (unsigned half = 0; half < SIGNATURE_SIZE;
         half += SIGNATURE_SIZE / 2) { /* either half tells signatures apart */
        memcpy(tag + half, &a, sizeof a);
        memcpy(tag + half + 8, &b, sizeof b);
    }
}

void stub_key(uint64_t seed, unsigned index, struct secret_key *out)
{
    memset(out, 0, sizeof *out);
    memcpy(out->public.b, MAGIC, sizeof MAGIC);
    uint64_t own = mix(mix(seed, 1), index);
    memcpy(out->public.b + 8, &own, sizeof own);
    out->public.b[31] = (uint8_t)index;
    memcpy(out->b, out->public.b, KEY_PUBLIC_SIZE);
    out->fingerprint = key_fingerprint(&out->public);
}

void key_library_init(void)
{
    real_key_library_init();
}

void key_from_seed(const uint8_t seed[KEY_SEED_SIZE], struct secret_key *out)
{
    real_key_from_seed(seed, out);
}

static _Thread_local bool simulated_are_stubs;

void stub_simulated(bool stubs)
{
    simulated_are_stubs = stubs;
}

void key_simulated(uint64_t seed, const char *label, struct secret_key *out)
{
    if (!simulated_are_stubs) {
        real_key_simulated(seed, label, out);
        return;
    }
    for (const char *at = label; *at != '\0'; at++)
        seed = mix(seed, (uint8_t)*at);
    stub_key(seed, 0, out);
}

void key_wipe(struct secret_key *key)
{
    real_key_wipe(key);
}

enum err key_check(const struct public_key *key)
{
    return is_stub(key) ? ERR_OK : real_key_check(key);
}

void key_spki(const struct public_key *key, uint8_t out[KEY_SPKI_SIZE])
{
    real_key_spki(key, out);
}

struct digest key_fingerprint(const struct public_key *key)
{
    if (!is_stub(key))
        return real_key_fingerprint(key);
    struct digest d;
    for (unsigned i = 0; i < DIGEST_SIZE; i++)
        d.b[i] = (uint8_t)(key->b[i] ^ 0xa5);
    return d;
}

void key_sign(const struct secret_key *key, struct bytes message, uint8_t signature[SIGNATURE_SIZE])
{
    if (is_stub(&key->public))
        tag_of(&key->public, message, signature);
    else
        real_key_sign(key, message, signature);
}

enum err key_verify(const struct public_key *key, struct bytes message, const uint8_t signature[SIGNATURE_SIZE])
{
    uint8_t tag[SIGNATURE_SIZE];

    if (!is_stub(key))
        return real_key_verify(key, message, signature);
    tag_of(key, message, tag);
    return memcmp(tag, signature, SIGNATURE_SIZE) == 0 ? ERR_OK : ERR_SIGNATURE;
}
