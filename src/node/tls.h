#ifndef PRISMFED_NODE_TLS_H
#define PRISMFED_NODE_TLS_H

#include <gnutls/gnutls.h>

#include "crypto/key.h"

/* TLS 1.3 (RFC 8446) between nodes. Each side shows a certificate that it has signed itself; what counts of it is the
 * Ed25519 key, whose fingerprint the other side looks up. The same key under a new certificate is the same node. There
 * are neither tickets nor 0-RTT: on resumption nobody would be asked whether the key is still welcome. */

#define TLS_PROTOCOL "prismfed/1" /* of ALPN (RFC 7301) */

enum { TLS_PROTOCOLS_MAX = 4, TLS_PROTOCOL_LEN_MAX = 31 };

struct tls_identity;

/* Is the owner of this key welcome? connection: the user_data of the ngtcp2_crypto_conn_ref of the session. */
typedef bool (*tls_judge)(void *connection, const struct public_key *key);

/* With a certificate made in memory. key is copied into it. protocols: what this side speaks (ALPN), the best one
 * first, NULL at the end, borrowed; NULL: TLS_PROTOCOL alone. ERR_KEY: GnuTLS does not take it. */
enum err tls_identity_new(const struct secret_key *key, const char *const *protocols, tls_judge judge,
                          struct tls_identity **out, struct diag *diag) MUST_CHECK;
/* Puts a certificate of this key, and the key, into credentials of the caller's. What gnutls_strerror() knows. */
int tls_certify(const struct secret_key *key, gnutls_certificate_credentials_t credentials);
void tls_identity_free(struct tls_identity *identity); /* NULL is fine; no session uses it any more */

/* A session for QUIC (RFC 9001), gnutls_deinit() at the end. identity and ref, an ngtcp2_crypto_conn_ref, are borrowed.
 * ERR_STATE: GnuTLS cannot. */
enum err tls_session_new(struct tls_identity *identity, bool is_server, void *ref, gnutls_session_t *out) MUST_CHECK;

/* Keying material that both ends of this session have, and nobody else (RFC 8446 section 7.5). ERR_STATE. */
enum err tls_export(gnutls_session_t session, const char *label, struct digest *out) MUST_CHECK;

/* What both sides speak; "" before that is known. */
void tls_protocol(gnutls_session_t session, char out[TLS_PROTOCOL_LEN_MAX + 1]);

/* A sentence about a TLS alert, for people; NULL for one that nodes do not cause. */
const char *tls_alert_text(unsigned alert);

void tls_random(void *out, size_t len);

#endif
