#ifndef PRISMFED_STORM_REAL_H
#define PRISMFED_STORM_REAL_H

#include "crypto/key.h"

/* crypto/key.c, compiled with every name of crypto/key.h under a prefix (meson.build). */
void real_key_library_init(void);
void real_key_from_seed(const uint8_t seed[KEY_SEED_SIZE], struct secret_key *out);
void real_key_simulated(uint64_t seed, const char *label, struct secret_key *out);
void real_key_wipe(struct secret_key *key);
enum err real_key_check(const struct public_key *key) MUST_CHECK;
struct digest real_key_fingerprint(const struct public_key *key);
void real_key_spki(const struct public_key *key, uint8_t out[KEY_SPKI_SIZE]);
void real_key_sign(const struct secret_key *key, struct bytes message, uint8_t signature[SIGNATURE_SIZE]);
enum err real_key_verify(const struct public_key *key, struct bytes message,
                         const uint8_t signature[SIGNATURE_SIZE]) MUST_CHECK;

#endif
