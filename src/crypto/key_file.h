#ifndef PRISMFED_CRYPTO_KEY_FILE_H
#define PRISMFED_CRYPTO_KEY_FILE_H

#include "crypto/key_seal.h"

/* Key files are PEM (RFC 7468), as `openssl genpkey -algorithm ed25519` and `openssl pkey -pubout` write them:
 * PKCS#8 with the 32-byte seed (RFC 8410 section 7), the same under a passphrase (key_seal.h), or SubjectPublicKeyInfo.
 * A passphrase lies in a file of its own: its first line, without the newline. In place of a path there may be the URI
 * of a key in a token (key_token.h), whose PIN is kept like a passphrase, or of a signer (key_remote.h). */

enum { KEY_PKCS8_SIZE = 48 };
/* PrivateKeyInfo in DER. */
void key_pkcs8(const uint8_t seed[KEY_SEED_SIZE], uint8_t out[KEY_PKCS8_SIZE]);

/* Makes a new file with mode 0600; ERR_IO also when it exists already. */
enum err key_file_write(const char *path, const uint8_t seed[KEY_SEED_SIZE], struct diag *diag) MUST_CHECK;
/* The same under a passphrase; ERR_RANGE: it is shorter than KEY_PASSPHRASE_MIN. */
enum err key_file_write_sealed(const char *path, const uint8_t seed[KEY_SEED_SIZE], struct bytes passphrase,
                               const uint8_t salt[KEY_SALT_SIZE], struct diag *diag) MUST_CHECK;
/* The passphrase in this file; the caller wipes and frees it (key_file_wipe). ERR_STATE: others than its owner may read
 * or change the file; ERR_RANGE: there is none, or it is too long; ERR_IO. */
enum err key_file_passphrase(const char *path, struct buf *out, struct diag *diag) MUST_CHECK;
void key_file_wipe(struct buf *buf);
/* The public key of any kind of file; checked (key_check). passphrase_file: NULL where there is none. ERR_STATE: a
 * private key that others than its owner may read or change, or one under a passphrase that is not named; ERR_KEY:
 * another passphrase; errors of key_file_passphrase(), of key_token_open(), of
 * key_remote_open(). */
enum err key_file_read_public(const char *path, const char *passphrase_file, struct public_key *out,
                              struct diag *diag) MUST_CHECK;
/* A private key's file, with the same care; ERR_KEY: it holds a public key only. *out is the caller's: key_wipe(). */
enum err key_file_read_secret(const char *path, const char *passphrase_file, struct secret_key *out,
                              struct diag *diag) MUST_CHECK;
/* "-----BEGIN PUBLIC KEY-----..." appended to out. */
void key_file_public_pem(const struct public_key *key, struct buf *out);

#endif
