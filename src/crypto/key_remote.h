#ifndef PRISMFED_CRYPTO_KEY_REMOTE_H
#define PRISMFED_CRYPTO_KEY_REMOTE_H

#include "crypto/key_memory.h"

/* A private key that another process has, which signs over a Unix socket what the key's memory admits (key_memory.h).
 * In a configuration it is named by this scheme and the path of the socket. A frame is its size (4 bytes, big-endian)
 * and so many bytes, the first of which says what it is. */

#define KEY_REMOTE_SCHEME "signer:"

enum { KEY_REMOTE_FRAME_MAX = (1 << 20) + 4096, KEY_REMOTE_TIMEOUT_MS = 10000 };

/* uri: with the scheme. *out signs through the socket. A signer that refuses, or that cannot be reached for
 * KEY_REMOTE_TIMEOUT_MS, ends the process, as a token does (key_token.h); one that is started anew meanwhile is found
 * again. ERR_IO: nobody answers; ERR_KEY: what it signs does not verify. */
enum err key_remote_open(const char *uri, struct secret_key *out, struct diag *diag) MUST_CHECK;

/* The other side: signs with this key for whoever may open the socket (mode 0660), until *stop; says() hears of each
 * refusal. ERR_IO. */
enum err key_remote_serve(const char *path, const struct secret_key *key, struct key_memory *memory,
                          const volatile int *stop, void (*says)(const char *text), struct diag *diag) MUST_CHECK;

#endif
