#ifndef PRISMFED_CRYPTO_KEY_SEAL_H
#define PRISMFED_CRYPTO_KEY_SEAL_H

#include "crypto/key.h"

/* A private key under a passphrase, as other programs read it: EncryptedPrivateKeyInfo (RFC 5958 section 3) with PBES2
 * (RFC 8018 section 6.2): PBKDF2 with HMAC-SHA-256, and AES-256-CBC. */

enum {
    KEY_SALT_SIZE = 32, /* of PBKDF2, and the cipher's first block; never used before */
    KEY_PASSPHRASE_MIN = 8,
    KEY_PASSPHRASE_MAX = 1024, /* bytes */
    KEY_SEAL_ROUNDS = 600000   /* of PBKDF2: some tenths of a second */
};

/* Appends the DER. The passphrase has KEY_PASSPHRASE_MIN bytes at least. */
void key_seal(const uint8_t seed[KEY_SEED_SIZE], struct bytes passphrase, const uint8_t salt[KEY_SALT_SIZE],
              struct buf *out);
/* Opens what key_seal(), OpenSSL or GnuTLS has sealed with any PBES2. ERR_KEY: another passphrase, or damaged bytes:
 * nobody can tell these apart; ERR_TYPE: no Ed25519 key; ERR_SYNTAX. The caller wipes seed. */
enum err key_unseal(struct bytes der, struct bytes passphrase, uint8_t seed[KEY_SEED_SIZE]) MUST_CHECK;

#endif
