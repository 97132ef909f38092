#ifndef PRISMFED_CRYPTO_KEY_H
#define PRISMFED_CRYPTO_KEY_H

#include "crypto/digest.h"

/* Ed25519 (RFC 8032) under one verification rule, everywhere: canonical S < L,
 * canonical A and R, no small-order A or R, the cofactorless equation. Public
 * keys of small order are refused at enrolment. */
enum { KEY_PUBLIC_SIZE = 32, KEY_SEED_SIZE = 32, KEY_SECRET_SIZE = 64, SIGNATURE_SIZE = 64 };

struct public_key {
    uint8_t b[KEY_PUBLIC_SIZE];
};

/* Who has a key that is not in our memory. */
struct key_signer {
    void (*sign)(const struct key_signer *self, struct bytes message, uint8_t signature[SIGNATURE_SIZE]);
};

struct secret_key {
    uint8_t b[KEY_SECRET_SIZE]; /* zero when a signer has it */
    struct public_key public;
    struct digest fingerprint;
    const struct key_signer *signer; /* NULL: b has it; copies share it (key_token.h) */
};

/* Call once before any other function here; aborts if libsodium cannot start. */
void key_library_init(void);

/* out holds its secret until key_wipe(). */
void key_from_seed(const uint8_t seed[KEY_SEED_SIZE], struct secret_key *out);
/* The key of a simulated node: seed = SHA-256("prismfed-simulated-key-v1" | seed | label). */
void key_simulated(uint64_t seed, const char *label, struct secret_key *out);
void key_wipe(struct secret_key *key);

/* For enrolment: ERR_KEY for a key that is not canonical, not on the curve, of small
 * order or outside the prime-order subgroup. The last is more than key_verify asks:
 * no honest key is there, and verifiers with a cofactor would disagree about it. */
enum err key_check(const struct public_key *key) MUST_CHECK;
/* SHA-256 of the DER SubjectPublicKeyInfo (RFC 8410): what `openssl pkey
 * -pubin -outform DER | sha256sum` prints. */
struct digest key_fingerprint(const struct public_key *key);
/* The DER SubjectPublicKeyInfo itself, 44 bytes. */
enum { KEY_SPKI_SIZE = 44 };
void key_spki(const struct public_key *key, uint8_t out[KEY_SPKI_SIZE]);

/* What only this key's holder knows, for one purpose, which the label names; the same at every call. */
void key_derive(const struct secret_key *key, const char *label, struct digest *out);
void key_sign(const struct secret_key *key, struct bytes message, uint8_t signature[SIGNATURE_SIZE]);
/* ERR_SIGNATURE for whatever the rule refuses. */
enum err key_verify(const struct public_key *key, struct bytes message,
                    const uint8_t signature[SIGNATURE_SIZE]) MUST_CHECK;

#endif
