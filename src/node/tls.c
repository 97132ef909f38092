/* Certificates, sessions and the look at the peer's key, with GnuTLS. */
#include "node/tls.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdio.h>

#include "node/quic_library.h"

struct tls_identity {
    gnutls_certificate_credentials_t credentials;
    gnutls_priority_t priority;
    tls_judge judge;
    gnutls_datum_t protocols[TLS_PROTOCOLS_MAX]; /* owned */
    unsigned protocol_count;
};

/* One signature scheme, since a node's key is Ed25519. The middlebox compatibility mode must be off (RFC 9001
 * section 8.4). */
static const char priority[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:+AES-256-GCM:+CHACHA20-POLY1305:"
                               "-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:-SIGN-ALL:+SIGN-EDDSA-ED25519:"
                               "%DISABLE_TLS13_COMPAT_MODE";

/* ---- the certificate */

/* Whatever has the key signs (key_sign): TLS never sees it. */
static int sign_data(gnutls_privkey_t key, gnutls_sign_algorithm_t algorithm, void *own, unsigned flags,
                     const gnutls_datum_t *data, gnutls_datum_t *signature)
{
    (void)key;
    (void)flags;
    if (algorithm != GNUTLS_SIGN_EDDSA_ED25519)
        return GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM;
    signature->data = gnutls_malloc(SIGNATURE_SIZE);
    if (signature->data == NULL)
        return GNUTLS_E_MEMORY_ERROR;
    signature->size = SIGNATURE_SIZE;
    key_sign(own, bytes_of(data->data, data->size), signature->data);
    return 0;
}

static int key_info(gnutls_privkey_t key, unsigned flags, void *own)
{
    (void)key;
    (void)own;
    if ((flags & GNUTLS_PRIVKEY_INFO_PK_ALGO) != 0)
        return GNUTLS_PK_EDDSA_ED25519;
    if ((flags & GNUTLS_PRIVKEY_INFO_PK_ALGO_BITS) != 0)
        return 256;
    if ((flags & GNUTLS_PRIVKEY_INFO_HAVE_SIGN_ALGO) != 0)
        return GNUTLS_FLAGS_TO_SIGN_ALGO(flags) == GNUTLS_SIGN_EDDSA_ED25519;
    return -1;
}

static void key_gone(gnutls_privkey_t key, void *own)
{
    (void)key;
    key_wipe(own);
    mem_free(own);
}

static int private_key(const struct secret_key *key, gnutls_privkey_t out)
{
    struct secret_key *own = mem_alloc(sizeof *own);
    int rv;

    *own = *key;
    rv = gnutls_privkey_import_ext4(out, own, sign_data, NULL, NULL, key_gone, key_info, 0);
    if (rv < 0)
        key_gone(NULL, own);
    return rv;
}

static int public_key(const struct secret_key *key, gnutls_x509_crt_t out)
{
    uint8_t raw[KEY_PUBLIC_SIZE];
    gnutls_datum_t x = {.data = raw, .size = sizeof raw};
    gnutls_pubkey_t public = NULL;
    int rv = gnutls_pubkey_init(&public);

    memcpy(raw, key->public.b, sizeof raw);
    rv = rv < 0 ? rv : gnutls_pubkey_import_ecc_raw(public, GNUTLS_ECC_CURVE_ED25519, &x, NULL);
    rv = rv < 0 ? rv : gnutls_x509_crt_set_pubkey(out, public);
    gnutls_pubkey_deinit(public);
    return rv;
}

/* No name, date or serial number in it is ever looked at, so that they are the same in each certificate of the key. It
 * has no well-defined expiration (RFC 5280 section 4.1.2.5). */
static int certificate(const struct secret_key *key, gnutls_privkey_t private, gnutls_x509_crt_t out)
{
    static const uint8_t serial = 1;
    char name[2 * DIGEST_SIZE + 1], common_name[DIGEST_SIZE + 1];
    int rv;

    digest_hex(&key->fingerprint, name);
    snprintf(common_name, sizeof common_name, "%.32s", name);
    rv = gnutls_x509_crt_set_version(out, 3);
    rv = rv < 0 ? rv : gnutls_x509_crt_set_serial(out, &serial, sizeof serial);
    rv = rv < 0 ? rv : gnutls_x509_crt_set_activation_time(out, 0);
    rv = rv < 0 ? rv : gnutls_x509_crt_set_expiration_time(out, GNUTLS_X509_NO_WELL_DEFINED_EXPIRATION);
    rv = rv < 0 ? rv
                : gnutls_x509_crt_set_dn_by_oid(out, GNUTLS_OID_X520_COMMON_NAME, 0, common_name,
                                                (unsigned)strlen(common_name));
    rv = rv < 0 ? rv : public_key(key, out);
    rv = rv < 0 ? rv : gnutls_x509_crt_set_key_usage(out, GNUTLS_KEY_DIGITAL_SIGNATURE);
    return rv < 0 ? rv : gnutls_x509_crt_privkey_sign(out, out, private, GNUTLS_DIG_SHA512, 0);
}

int tls_certify(const struct secret_key *key, gnutls_certificate_credentials_t credentials)
{
    gnutls_privkey_t private = NULL;
    gnutls_x509_crt_t crt = NULL;
    gnutls_pcert_st shown = {0};
    int rv = gnutls_privkey_init(&private);

    rv = rv < 0 ? rv : gnutls_x509_crt_init(&crt);
    rv = rv < 0 ? rv : private_key(key, private);
    rv = rv < 0 ? rv : certificate(key, private, crt);
    rv = rv < 0 ? rv : gnutls_pcert_import_x509(&shown, crt, 0);
    gnutls_x509_crt_deinit(crt);
    rv = rv < 0 ? rv : gnutls_certificate_set_key(credentials, NULL, 0, &shown, 1, private);
    if (rv >= 0)
        return rv; /* the credentials own both now */
    gnutls_pcert_deinit(&shown);
    gnutls_privkey_deinit(private);
    return rv;
}

/* ---- the peer's key */

/* The raw key (RFC 8410) of the certificate that the peer has shown. */
static bool key_of_certificate(gnutls_x509_crt_t crt, struct public_key *out)
{
    gnutls_ecc_curve_t curve;
    gnutls_datum_t x = {0};
    gnutls_pubkey_t key;
    bool known;

    if (gnutls_pubkey_init(&key) < 0)
        return false;
    known = gnutls_pubkey_import_x509(key, crt, 0) == 0 &&
            gnutls_pubkey_export_ecc_raw2(key, &curve, &x, NULL, 0) == 0 && curve == GNUTLS_ECC_CURVE_ED25519 &&
            x.size == sizeof out->b;
    if (known)
        memcpy(out->b, x.data, sizeof out->b);
    gnutls_free(x.data);
    gnutls_pubkey_deinit(key);
    return known && key_check(out) == ERR_OK;
}

static bool key_of_peer(gnutls_session_t session, struct public_key *out)
{
    unsigned count = 0;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
    gnutls_x509_crt_t crt;
    bool known;

    if (chain == NULL || count == 0 || gnutls_x509_crt_init(&crt) < 0)
        return false;
    known = gnutls_x509_crt_import(crt, &chain[0], GNUTLS_X509_FMT_DER) == 0 && key_of_certificate(crt, out);
    gnutls_x509_crt_deinit(crt);
    return known;
}

/* That the peer has the secret half, its CertificateVerify shows (RFC 8446 section 4.4.3); GnuTLS looks at it. */
static int judge_peer(gnutls_session_t session)
{
    const ngtcp2_crypto_conn_ref *ref = gnutls_session_get_ptr(session);
    const struct tls_identity *identity = gnutls_db_get_ptr(session); /* no database of sessions uses it */
    struct public_key key;

    return key_of_peer(session, &key) && identity->judge(ref->user_data, &key) ? 0 : -1;
}

/* ---- identity and sessions */

static void add_protocol(struct tls_identity *identity, const char *name)
{
    gnutls_datum_t *d = &identity->protocols[identity->protocol_count];
    size_t len = strlen(name);

    ASSERT(identity->protocol_count < TLS_PROTOCOLS_MAX && len <= TLS_PROTOCOL_LEN_MAX);
    *d = (gnutls_datum_t){.data = mem_alloc(len), .size = (unsigned)len};
    memcpy(d->data, name, len);
    identity->protocol_count++;
}

enum err tls_identity_new(const struct secret_key *key, const char *const *protocols, tls_judge judge,
                          struct tls_identity **out, struct diag *diag)
{
    static const char *const only[] = {TLS_PROTOCOL, NULL};
    struct tls_identity *identity = mem_alloc(sizeof *identity);
    int rv = gnutls_certificate_allocate_credentials(&identity->credentials);

    identity->judge = judge;
    for (const char *const *p = protocols != NULL ? protocols : only; *p != NULL; p++)
        add_protocol(identity, *p);
    rv = rv < 0 ? rv : gnutls_priority_init(&identity->priority, priority, NULL);
    rv = rv < 0 ? rv : tls_certify(key, identity->credentials);
    if (rv < 0) {
        tls_identity_free(identity);
        return diag_set(diag, ERR_KEY, "the certificate of the node's key: %s", gnutls_strerror(rv));
    }
    gnutls_certificate_set_verify_function(identity->credentials, judge_peer);
    *out = identity;
    return ERR_OK;
}

void tls_identity_free(struct tls_identity *identity)
{
    if (identity == NULL)
        return;
    if (identity->priority != NULL)
        gnutls_priority_deinit(identity->priority);
    if (identity->credentials != NULL)
        gnutls_certificate_free_credentials(identity->credentials);
    for (unsigned i = 0; i < identity->protocol_count; i++)
        mem_free(identity->protocols[i].data);
    mem_free(identity);
}

enum err tls_session_new(struct tls_identity *identity, bool is_server, void *ref, gnutls_session_t *out)
{
    gnutls_session_t s;

    if (gnutls_init(&s, (is_server ? GNUTLS_SERVER : GNUTLS_CLIENT) | GNUTLS_NO_AUTO_SEND_TICKET | GNUTLS_NO_TICKETS) <
        0)
        return ERR_STATE;
    gnutls_session_set_ptr(s, ref); /* ngtcp2's helper wants this there */
    gnutls_db_set_ptr(s, identity);
    if (is_server)
        gnutls_certificate_server_set_request(s, GNUTLS_CERT_REQUIRE);
    if (gnutls_priority_set(s, identity->priority) < 0 ||
        gnutls_credentials_set(s, GNUTLS_CRD_CERTIFICATE, identity->credentials) < 0 ||
        gnutls_alpn_set_protocols(s, identity->protocols, identity->protocol_count,
                                  GNUTLS_ALPN_MANDATORY | GNUTLS_ALPN_SERVER_PRECEDENCE) < 0 ||
        (is_server ? ngtcp2_crypto_gnutls_configure_server_session(s)
                   : ngtcp2_crypto_gnutls_configure_client_session(s)) != 0) {
        gnutls_deinit(s);
        return ERR_STATE;
    }
    *out = s;
    return ERR_OK;
}

enum err tls_export(gnutls_session_t session, const char *label, struct digest *out)
{
    struct digest d;

    if (gnutls_prf_rfc5705(session, strlen(label), label, 0, NULL, sizeof d.b, (char *)d.b) < 0)
        return ERR_STATE;
    *out = d;
    return ERR_OK;
}

void tls_protocol(gnutls_session_t session, char out[TLS_PROTOCOL_LEN_MAX + 1])
{
    gnutls_datum_t d = {0};

    if (gnutls_alpn_get_selected_protocol(session, &d) < 0 || d.size > TLS_PROTOCOL_LEN_MAX)
        d.size = 0;
    if (d.size > 0)
        memcpy(out, d.data, d.size);
    out[d.size] = '\0';
}

const char *tls_alert_text(unsigned alert)
{
    switch (alert) { /* RFC 8446 section 6 */
    case GNUTLS_A_BAD_CERTIFICATE:
        return "the key of one side is not one that the other side admits";
    case GNUTLS_A_CERTIFICATE_REQUIRED:
        return "the side that dialled has shown no certificate";
    case GNUTLS_A_NO_APPLICATION_PROTOCOL:
        return "the two sides have no version of the protocol in common";
    case GNUTLS_A_HANDSHAKE_FAILURE:
        return "the two sides have no cryptographic algorithm in common";
    default:
        return NULL;
    }
}

void tls_random(void *out, size_t len)
{
    ASSERT(gnutls_rnd(GNUTLS_RND_RANDOM, out, len) == 0);
}
