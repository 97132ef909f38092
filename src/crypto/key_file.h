#ifndef PRISMFED_CRYPTO_KEY_FILE_H
#define PRISMFED_CRYPTO_KEY_FILE_H

#include "crypto/key.h"

/* Key files are PEM (RFC 7468), as `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout` write them:
 * PKCS#8 with the 32-byte seed (RFC 8410 section 7), or SubjectPublicKeyInfo. */

/* Makes a new file with mode 0600; ERR_IO also when it exists already. */
enum err key_file_write(const char *path, const uint8_t seed[KEY_SEED_SIZE], struct diag *diag) MUST_CHECK;
/* The public key of either kind of file; checked (key_check). ERR_STATE: a private key that others than its owner may
 * read or change. */
enum err key_file_read_public(const char *path, struct public_key *out, struct diag *diag) MUST_CHECK;
/* A private key's file, with the same care; ERR_KEY: it holds a public key only. *out is the caller's: key_wipe(). */
enum err key_file_read_secret(const char *path, struct secret_key *out, struct diag *diag) MUST_CHECK;
/* "-----BEGIN PUBLIC KEY-----..." appended to out. */
void key_file_public_pem(const struct public_key *key, struct buf *out);

#endif
