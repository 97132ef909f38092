/* The one verification rule, at its edges: signatures that some library accepts
 * and that must be refused here, made with libsodium's arithmetic. */

#include <sodium.h>

#include "crypto/key.h"
#include "hex.h"
#include "tap.h"

/* All encodings of points of small order, the canonical ones first. */
enum { CANONICAL = 8 };
static const char *const small_order[] = {
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};
enum { SMALL_ORDER_COUNT = sizeof small_order / sizeof *small_order };

static void point_of(const char *hex, uint8_t out[32])
{
    struct buf raw = hex_buf(hex);

    memcpy(out, raw.data, 32);
    buf_free(&raw);
}

static const struct bytes message = {.data = (const uint8_t *)"message", .len = 7};

/* h = SHA-512(R | A | M) mod L */
static void challenge(const uint8_t r_point[32], const uint8_t a_point[32], uint8_t h[32])
{
    crypto_hash_sha512_state state;
    uint8_t wide[64];

    crypto_hash_sha512_init(&state);
    crypto_hash_sha512_update(&state, r_point, 32);
    crypto_hash_sha512_update(&state, a_point, 32);
    crypto_hash_sha512_update(&state, message.data, message.len);
    crypto_hash_sha512_final(&state, wide);
    crypto_core_ed25519_scalar_reduce(h, wide);
}

/* R | S with S = r + h a, whatever R and A really are. */
static void sign_as(const uint8_t r_point[32], const uint8_t r[32], const uint8_t a_point[32], const uint8_t a[32],
                    uint8_t signature[SIGNATURE_SIZE])
{
    uint8_t h[32], product[32];

    challenge(r_point, a_point, h);
    crypto_core_ed25519_scalar_mul(product, h, a);
    crypto_core_ed25519_scalar_add(product, product, r);
    memcpy(signature, r_point, 32);
    memcpy(signature + 32, product, 32);
}

/* Two scalars and their points, for the signer and for the nonce. */
struct party {
    uint8_t scalar[32], point[32];
};

static struct party party_of(const char *label)
{
    struct digest half = digest_of(bytes_of_text(label));
    uint8_t wide[64] = {0};
    struct party p;
    int failed;

    memcpy(wide, half.b, sizeof half.b);
    crypto_core_ed25519_scalar_reduce(p.scalar, wide);
    failed = crypto_scalarmult_ed25519_base_noclamp(p.point, p.scalar);
    ASSERT(!failed);
    return p;
}

static enum err verify(const uint8_t a_point[32], const uint8_t signature[SIGNATURE_SIZE])
{
    struct public_key key;

    memcpy(key.b, a_point, sizeof key.b);
    return key_verify(&key, message, signature);
}

/* The arithmetic of this file makes signatures that are fine when all is honest. */
static void the_honest_case(void)
{
    struct party a = party_of("signer"), r = party_of("nonce");
    uint8_t signature[SIGNATURE_SIZE];

    sign_as(r.point, r.scalar, a.point, a.scalar, signature);
    CHECK_OK(verify(a.point, signature));
}

/* With A = identity, R = rB and S = r hold for every message. */
static void small_order_keys(void)
{
    static const uint8_t zero[32];
    struct party r = party_of("nonce");
    uint8_t signature[SIGNATURE_SIZE], point[32];
    struct public_key key;

    for (size_t i = 0; i < SMALL_ORDER_COUNT; i++) {
        point_of(small_order[i], point);
        sign_as(r.point, r.scalar, point, zero, signature);
        CHECK_ERR(verify(point, signature), ERR_SIGNATURE);
        memcpy(key.b, point, sizeof key.b);
        CHECK_ERR(key_check(&key), ERR_KEY);
    }
}

/* With R of small order and S = h a; R = identity satisfies the plain equation. */
static void small_order_nonces(void)
{
    static const uint8_t zero[32];
    struct party a = party_of("signer");
    uint8_t signature[SIGNATURE_SIZE], point[32];

    for (size_t i = 0; i < SMALL_ORDER_COUNT; i++) {
        point_of(small_order[i], point);
        sign_as(point, zero, a.point, a.scalar, signature);
        CHECK_ERR(verify(a.point, signature), ERR_SIGNATURE);
    }
}

/* R = rB + T: right only when the equation is multiplied by the cofactor 8. */
static void equation_without_cofactor(void)
{
    struct party a = party_of("signer"), r = party_of("nonce");
    uint8_t signature[SIGNATURE_SIZE], torsion[32], mixed[32];

    for (size_t i = 1; i < CANONICAL; i++) {
        point_of(small_order[i], torsion);
        REQUIRE(crypto_core_ed25519_add(mixed, r.point, torsion) == 0);
        sign_as(mixed, r.scalar, a.point, a.scalar, signature);
        CHECK_ERR(verify(a.point, signature), ERR_SIGNATURE);
    }
}

/* A = aB + T is no small-order key, but whether it verifies depends on the message:
 * it must not be enrolled. */
static void mixed_order_keys_are_not_enrolled(void)
{
    struct party a = party_of("signer");
    struct public_key key;
    uint8_t torsion[32];

    memcpy(key.b, a.point, sizeof key.b);
    CHECK_OK(key_check(&key));
    for (size_t i = 1; i < CANONICAL; i++) {
        point_of(small_order[i], torsion);
        REQUIRE(crypto_core_ed25519_add(key.b, a.point, torsion) == 0);
        CHECK_ERR(key_check(&key), ERR_KEY);
    }
}

static void keys_off_the_curve(void)
{
    struct public_key key = {.b[0] = 2}; /* y = 2: x^2 would be no square */

    CHECK_ERR(key_check(&key), ERR_KEY);
    for (unsigned y = 0; y < 19; y++) { /* y + p: no canonical encoding */
        memset(key.b, 0xff, sizeof key.b);
        key.b[0] = (uint8_t)(0xed + y);
        key.b[31] = 0x7f;
        CHECK_ERR(key_check(&key), ERR_KEY);
        key.b[31] = 0xff;
        CHECK_ERR(key_check(&key), ERR_KEY);
    }
}

/* S + L, S + 2L, ... verify wherever S is not held below L. */
static void malleable_s(void)
{
    struct buf order = hex_buf("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
    struct party a = party_of("signer"), r = party_of("nonce");
    uint8_t signature[SIGNATURE_SIZE];
    unsigned carry = 0, tried = 0;

    sign_as(r.point, r.scalar, a.point, a.scalar, signature);
    REQUIRE_OK(verify(a.point, signature));
    for (;; tried++) {
        for (unsigned i = 0; i < 32; i++) {
            carry += signature[32 + i] + (unsigned)order.data[i];
            signature[32 + i] = (uint8_t)carry;
            carry >>= 8;
        }
        if (carry > 0)
            break;
        CHECK_ERR(verify(a.point, signature), ERR_SIGNATURE);
    }
    CHECK(tried >= 14);
    buf_free(&order);
}

int main(void)
{
    key_library_init();
    TAP_RUN(the_honest_case);
    TAP_RUN(small_order_keys);
    TAP_RUN(small_order_nonces);
    TAP_RUN(equation_without_cofactor);
    TAP_RUN(mixed_order_keys_are_not_enrolled);
    TAP_RUN(keys_off_the_curve);
    TAP_RUN(malleable_s);
    return tap_done();
}
