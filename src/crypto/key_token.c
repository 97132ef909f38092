#include "crypto/key_token.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/key_seal.h"

struct key_token {
    struct key_signer signer; /* first */
    gnutls_privkey_t key;
    char pin[KEY_PASSPHRASE_MAX + 1]; /* the token may ask for it again; "" for none */
    bool wrong;                       /* it was asked for once more at once */
    struct key_token *next;
};

/* All that are open. */
static struct key_token *opened;

/* Asked a second time for one login, the answer was wrong: some more would lock the token. */
static int give_pin(void *context, int attempt, const char *url, const char *label, unsigned flags, char *pin,
                    size_t size)
{
    struct key_token *t = context;

    (void)url;
    (void)label;
    t->wrong = t->wrong || attempt > 0 || (flags & GNUTLS_PIN_WRONG) != 0;
    if (t->wrong || t->pin[0] == '\0' || strlen(t->pin) >= size)
        return -1;
    memcpy(pin, t->pin, strlen(t->pin) + 1);
    return 0;
}

static int read_public(gnutls_privkey_t key, struct public_key *out)
{
    gnutls_datum_t x = {0};
    gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
    gnutls_pubkey_t public = NULL;
    int rv = gnutls_pubkey_init(&public);

    rv = rv < 0 ? rv : gnutls_pubkey_import_privkey(public, key, 0, 0);
    rv = rv < 0 ? rv : gnutls_pubkey_export_ecc_raw(public, &curve, &x, NULL);
    if (rv >= 0 && (curve != GNUTLS_ECC_CURVE_ED25519 || x.size != KEY_PUBLIC_SIZE))
        rv = GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM;
    if (rv >= 0)
        memcpy(out->b, x.data, KEY_PUBLIC_SIZE);
    gnutls_free(x.data);
    gnutls_pubkey_deinit(public);
    return rv;
}

static int sign(const struct key_token *t, struct bytes message, uint8_t signature[SIGNATURE_SIZE])
{
    gnutls_datum_t data = {(unsigned char *)(uintptr_t)message.data, (unsigned)message.len}, out = {0};
    int rv = gnutls_privkey_sign_data2(t->key, GNUTLS_SIGN_EDDSA_ED25519, 0, &data, &out);

    if (rv >= 0 && out.size != SIGNATURE_SIZE)
        rv = GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM;
    if (rv >= 0)
        memcpy(signature, out.data, SIGNATURE_SIZE);
    gnutls_free(out.data);
    return rv;
}

/* Does what it signs verify by its public key? A token may have two halves that do not belong together. */
static enum err try_out(const struct key_token *t, const struct public_key *public)
{
    static const char trial[] = "prismfed-token-trial-v1";
    uint8_t signature[SIGNATURE_SIZE];

    if (sign(t, bytes_of_text(trial), signature) < 0)
        return ERR_KEY;
    return key_verify(public, bytes_of_text(trial), signature);
}

static enum err open_key(struct key_token *t, const char *uri, struct secret_key *out, struct diag *diag)
{
    int rv = gnutls_privkey_init(&t->key);

    if (rv >= 0)
        gnutls_privkey_set_pin_function(t->key, give_pin, t);
    rv = rv < 0 ? rv : gnutls_privkey_import_url(t->key, uri, 0);
    if (t->wrong)
        return diag_set(diag, ERR_KEY, "%s: this is not the token's PIN; it was tried once", uri);
    if (rv == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
        return diag_set(diag, ERR_MISSING, "%s: there is no such token, or no such key in it (p11tool --list-all)",
                        uri);
    rv = rv < 0 ? rv : read_public(t->key, &out->public);
    if (rv < 0)
        return diag_set(diag, ERR_KEY, "%s: %s; expected an Ed25519 key of a token that can be logged into", uri,
                        gnutls_strerror(rv));
    enum err err = key_check(&out->public);
    if (err == ERR_OK)
        err = try_out(t, &out->public);
    return err == ERR_OK ? ERR_OK : diag_set(diag, err, "%s: what this key signs does not verify", uri);
}

static void sign_or_end(const struct key_signer *self, struct bytes message, uint8_t signature[SIGNATURE_SIZE])
{
    int rv = sign((const struct key_token *)self, message, signature);

    if (rv >= 0)
        return;
    fprintf(stderr, "prismfed: the token with the private key does not sign any more: %s\n", gnutls_strerror(rv));
    _exit(EXIT_FAILURE);
}

enum err key_token_open(const char *uri, const char *pin, struct secret_key *out, struct diag *diag)
{
    if (strstr(uri, "pin-value=") != NULL) /* RFC 7512 section 2.4; it would stand in configurations and logs */
        return diag_set(diag, ERR_RANGE, "%.*s: a PIN does not belong into the URI, but into a file of its own",
                        (int)strcspn(uri, "?"), uri);
    struct key_token *t = mem_alloc(sizeof *t);
    struct secret_key key = {.signer = &t->signer};

    t->signer.sign = sign_or_end;
    snprintf(t->pin, sizeof t->pin, "%s", pin != NULL ? pin : "");
    enum err err = open_key(t, uri, &key, diag);
    if (err != ERR_OK) {
        gnutls_privkey_deinit(t->key);
        gnutls_memset(t->pin, 0, sizeof t->pin);
        mem_free(t);
        return err;
    }
    key.fingerprint = key_fingerprint(&key.public);
    t->next = opened;
    opened = t;
    *out = key;
    return ERR_OK;
}
