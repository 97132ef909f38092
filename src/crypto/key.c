#include "crypto/key.h"

#include <sodium.h>
#include <string.h>

#include "base/mutate.h"

_Static_assert(KEY_PUBLIC_SIZE == crypto_sign_PUBLICKEYBYTES && KEY_SEED_SIZE == crypto_sign_SEEDBYTES &&
                   KEY_SECRET_SIZE == crypto_sign_SECRETKEYBYTES && SIGNATURE_SIZE == crypto_sign_BYTES,
               "libsodium signs with something else");

void key_library_init(void)
{
    ASSERT(sodium_init() >= 0);
}

void key_from_seed(const uint8_t seed[KEY_SEED_SIZE], struct secret_key *out)
{
    int failed = crypto_sign_seed_keypair(out->public.b, out->b, seed);

    ASSERT(!failed);
    out->fingerprint = key_fingerprint(&out->public);
    out->signer = NULL;
}

void key_simulated(uint64_t seed, const char *label, struct secret_key *out)
{
    static const char domain[] = "prismfed-simulated-key-v1";
    struct digest_context c;
    struct digest key_seed;
    uint8_t number[8];

    be64_put(number, seed);
    digest_init(&c);
    digest_add(&c, domain, strlen(domain));
    digest_add(&c, number, sizeof number);
    digest_add(&c, label, strlen(label));
    key_seed = digest_final(&c);
    key_from_seed(key_seed.b, out);
}

void key_wipe(struct secret_key *key)
{
    sodium_memzero(key, sizeof *key);
}

enum err key_check(const struct public_key *key)
{
    return crypto_core_ed25519_is_valid_point(key->b) ? ERR_OK : ERR_KEY;
}

void key_spki(const struct public_key *key, uint8_t out[KEY_SPKI_SIZE])
{
    /* SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING of 32 bytes }, RFC 8410 section 4 */
    static const uint8_t prefix[] = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

    memcpy(out, prefix, sizeof prefix);
    memcpy(out + sizeof prefix, key->b, sizeof key->b);
}

struct digest key_fingerprint(const struct public_key *key)
{
    uint8_t spki[KEY_SPKI_SIZE];

    key_spki(key, spki);
    return digest_of(bytes_of(spki, sizeof spki));
}

/* A signer gives no seed away, but its signature of a text is always the same (RFC 8032 section 5.1.6), and nobody else
 * can make it. */
void key_derive(const struct secret_key *key, const char *label, struct digest *out)
{
    uint8_t secret[SIGNATURE_SIZE];
    struct digest_context c;
    size_t size = KEY_SEED_SIZE;

    if (key->signer != NULL) {
        key->signer->sign(key->signer, bytes_of_text(label), secret);
        size = SIGNATURE_SIZE;
    } else {
        memcpy(secret, key->b, KEY_SEED_SIZE); /* comes first (RFC 8032 section 5.1.5) */
    }
    digest_init(&c);
    digest_add(&c, label, strlen(label));
    digest_add(&c, secret, size);
    *out = digest_final(&c);
    sodium_memzero(secret, sizeof secret);
}

void key_sign(const struct secret_key *key, struct bytes message, uint8_t signature[SIGNATURE_SIZE])
{
    if (key->signer != NULL) {
        key->signer->sign(key->signer, message, signature);
        return;
    }
    int failed = crypto_sign_detached(signature, NULL, message.data, message.len, key->b);

    ASSERT(!failed);
}

/* libsodium, not built with its ED25519_COMPAT, refuses S >= L, an A that is not
 * canonical, small-order A and R, and compares the R that it computes with the
 * bytes of the one given, so that R is canonical and the equation cofactorless.
 * tests/crypto/test_key.c holds it to each of these. */
enum err key_verify(const struct public_key *key, struct bytes message, const uint8_t signature[SIGNATURE_SIZE])
{
    int failed = crypto_sign_verify_detached(signature, message.data, message.len, key->b);

    return failed ? MUTATE(VERIFY_ALWAYS, ERR_OK, ERR_SIGNATURE) : ERR_OK;
}
