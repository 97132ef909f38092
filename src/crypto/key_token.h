#ifndef PRISMFED_CRYPTO_KEY_TOKEN_H
#define PRISMFED_CRYPTO_KEY_TOKEN_H

#include "crypto/key.h"

/* A private key that lies in a token (PKCS#11: a smart card, an HSM, SoftHSM) and never leaves it. It is named by a URI
 * of RFC 7512, such as pkcs11:token=prismfed;object=north;type=private; p11-kit knows the modules. */

#define KEY_TOKEN_SCHEME "pkcs11:"

/* pin: the user's, a text that is copied; NULL: none is asked for. *out signs through the token, which stays open until
 * the process ends, so that *out may be copied like any other key. A token that does not sign any more ends the
 * process: a node without its key is as good as crashed, and what it has not signed was not said. ERR_MISSING: there is
 * no such token or key; ERR_KEY: another PIN, or no Ed25519 key; ERR_RANGE: the URI has a PIN in it; what is wrong is
 * said. */
enum err key_token_open(const char *uri, const char *pin, struct secret_key *out, struct diag *diag) MUST_CHECK;

#endif
