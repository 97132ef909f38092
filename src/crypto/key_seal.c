#include "crypto/key_seal.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <nettle/aes.h>
#include <nettle/cbc.h>
#include <nettle/pbkdf2.h>
#include <sodium.h>
#include <string.h>

#include "crypto/key_file.h"

enum { SALT = 16, PLAIN = KEY_PKCS8_SIZE, SEALED = PLAIN + AES_BLOCK_SIZE };
_Static_assert(SALT + AES_BLOCK_SIZE == KEY_SALT_SIZE, "a salt and a first block");
_Static_assert(PLAIN % AES_BLOCK_SIZE == 0, "so that the padding is one whole block (RFC 8018 section 6.1.1)");

/* The DER is always the same but for salt, first block and what is sealed. */
static const uint8_t before_salt[] = {
    0x30, 0x81, 0xa4,                                                 /* EncryptedPrivateKeyInfo */
    0x30, 0x60,                                                       /* encryptionAlgorithm */
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0d, /* id-PBES2 */
    0x30, 0x53, 0x30, 0x32,                                           /* its parameters, keyDerivationFunc */
    0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x05, 0x0c, /* id-PBKDF2 */
    0x30, 0x25, 0x04, SALT,
};
static const uint8_t before_block[] = {
    0x02,
    0x03,
    KEY_SEAL_ROUNDS >> 16,
    (KEY_SEAL_ROUNDS >> 8) & 0xff,
    KEY_SEAL_ROUNDS & 0xff,
    0x30,
    0x0c,
    0x06,
    0x08,
    0x2a,
    0x86,
    0x48,
    0x86,
    0xf7,
    0x0d,
    0x02,
    0x09,
    0x05,
    0x00, /* id-hmacWithSHA256 */
    0x30,
    0x1d,
    0x06,
    0x09,
    0x60,
    0x86,
    0x48,
    0x01,
    0x65,
    0x03,
    0x04,
    0x01,
    0x2a, /* aes256-CBC-PAD */
    0x04,
    AES_BLOCK_SIZE,
};
static const uint8_t before_sealed[] = {0x04, SEALED};

void key_seal(const uint8_t seed[KEY_SEED_SIZE], struct bytes passphrase, const uint8_t salt[KEY_SALT_SIZE],
              struct buf *out)
{
    uint8_t plain[SEALED], sealed[SEALED], key[AES256_KEY_SIZE], block[AES_BLOCK_SIZE];
    struct aes256_ctx aes;

    ASSERT(passphrase.len >= KEY_PASSPHRASE_MIN);
    key_pkcs8(seed, plain);
    memset(plain + PLAIN, AES_BLOCK_SIZE, AES_BLOCK_SIZE);
    pbkdf2_hmac_sha256(passphrase.len, passphrase.data, KEY_SEAL_ROUNDS, SALT, salt, sizeof key, key);
    aes256_set_encrypt_key(&aes, key);
    memcpy(block, salt + SALT, sizeof block);
    cbc_encrypt(&aes, (nettle_cipher_func *)aes256_encrypt, AES_BLOCK_SIZE, block, sizeof plain, sealed, plain);
    buf_add(out, before_salt, sizeof before_salt);
    buf_add(out, salt, SALT);
    buf_add(out, before_block, sizeof before_block);
    buf_add(out, salt + SALT, AES_BLOCK_SIZE);
    buf_add(out, before_sealed, sizeof before_sealed);
    buf_add(out, sealed, sizeof sealed);
    sodium_memzero(plain, sizeof plain);
    sodium_memzero(key, sizeof key);
    sodium_memzero(&aes, sizeof aes);
}

static enum err seed_of(gnutls_x509_privkey_t key, uint8_t seed[KEY_SEED_SIZE])
{
    gnutls_datum_t x = {0}, y = {0}, k = {0};
    gnutls_ecc_curve_t curve;
    enum err err = ERR_TYPE;

    if (gnutls_x509_privkey_export_ecc_raw(key, &curve, &x, &y, &k) != GNUTLS_E_SUCCESS)
        return ERR_TYPE;
    if (curve == GNUTLS_ECC_CURVE_ED25519 && k.size == KEY_SEED_SIZE) {
        memcpy(seed, k.data, KEY_SEED_SIZE);
        err = ERR_OK;
    }
    if (k.data != NULL)
        sodium_memzero(k.data, k.size);
    gnutls_free(x.data);
    gnutls_free(y.data);
    gnutls_free(k.data);
    return err;
}

enum err key_unseal(struct bytes der, struct bytes passphrase, uint8_t seed[KEY_SEED_SIZE])
{
    gnutls_datum_t in = {(unsigned char *)(uintptr_t)der.data, (unsigned)der.len};
    char text[KEY_PASSPHRASE_MAX + 1];
    gnutls_x509_privkey_t key;
    enum err err;

    if (passphrase.len > KEY_PASSPHRASE_MAX || memchr(passphrase.data, 0, passphrase.len) != NULL)
        return ERR_KEY;
    if (gnutls_x509_privkey_init(&key) != GNUTLS_E_SUCCESS)
        return ERR_LIMIT;
    memcpy(text, passphrase.data, passphrase.len);
    text[passphrase.len] = '\0';
    switch (gnutls_x509_privkey_import_pkcs8(key, &in, GNUTLS_X509_FMT_DER, text, 0)) {
    case GNUTLS_E_SUCCESS:
        err = seed_of(key, seed);
        break;
    case GNUTLS_E_DECRYPTION_FAILED:
        err = ERR_KEY;
        break;
    default: /* what a wrong passphrase has made of the bytes may also be no key */
        err = ERR_SYNTAX;
    }
    sodium_memzero(text, sizeof text);
    gnutls_x509_privkey_deinit(key);
    return err;
}
