#include <jansson.h>

#include "crypto/key.h"

#include "codec/json.h"
#include "hex.h"
#include "tap.h"

/* RFC 8032 section 7.1, TEST 1 to 3. */
static const struct {
    const char *seed, *public, *message, *signature;
} rfc8032[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe"
     "24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302a"
     "eeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed2"
     "8dc027beceea1ec40a"},
};

static void rfc8032_vectors(void)
{
    for (size_t i = 0; i < sizeof rfc8032 / sizeof *rfc8032; i++) {
        struct buf seed = hex_buf(rfc8032[i].seed), public = hex_buf(rfc8032[i].public);
        struct buf message = hex_buf(rfc8032[i].message), want = hex_buf(rfc8032[i].signature);
        uint8_t signature[SIGNATURE_SIZE];
        struct secret_key key;

        key_from_seed(seed.data, &key);
        CHECK_EQ_BYTES(bytes_of(key.public.b, KEY_PUBLIC_SIZE), bytes_of_buf(&public));
        key_sign(&key, bytes_of_buf(&message), signature);
        CHECK_EQ_BYTES(bytes_of(signature, sizeof signature), bytes_of_buf(&want));
        CHECK_OK(key_verify(&key.public, bytes_of_buf(&message), signature));
        CHECK_OK(key_check(&key.public));
        key_wipe(&key);
        CHECK(digest_is_zero(&key.fingerprint) && key.b[0] == 0 && key.b[31] == 0);
        buf_free(&seed);
        buf_free(&public);
        buf_free(&message);
        buf_free(&want);
    }
}

static unsigned wycheproof_group(const json_t *group)
{
    const json_t *public = json_object_get(group, "publicKey"), *test;
    struct buf raw = hex_buf(json_string_value(json_object_get(public, "pk")));
    struct public_key key = {0};
    unsigned count = 0;
    size_t i;

    memcpy(key.b, raw.data, sizeof key.b);
    json_array_foreach(json_object_get(group, "tests"), i, test)
    {
        struct buf message = hex_buf(json_string_value(json_object_get(test, "msg")));
        struct buf signature = hex_buf(json_string_value(json_object_get(test, "sig")));
        bool valid = strcmp(json_string_value(json_object_get(test, "result")), "valid") == 0;
        /* another length never becomes a signature: parsers refuse it */
        bool ok = signature.len == SIGNATURE_SIZE && key_verify(&key, bytes_of_buf(&message), signature.data) == ERR_OK;

        if (!CHECK(ok == valid))
            tap_note("tcId %d", (int)json_integer_value(json_object_get(test, "tcId")));
        buf_free(&message);
        buf_free(&signature);
        count++;
    }
    buf_free(&raw);
    return count;
}

static void wycheproof(void)
{
    const char *path = tap_shared("vectors/ed25519/wycheproof_ed25519_test.json");
    struct diag diag = {0};
    struct json_doc doc;
    unsigned count = 0;
    json_t *group;
    size_t i;

    if (path == NULL)
        SKIP("no vectors");
    REQUIRE_OK(json_doc_load(&doc, path, 1 << 22, &diag));
    json_array_foreach(json_object_get(doc.root, "testGroups"), i, group) count += wycheproof_group(group);
    CHECK_EQ_U64(count, (uint64_t)json_integer_value(json_object_get(doc.root, "numberOfTests")));
    json_doc_free(&doc);
}

static void every_flipped_bit_fails(void)
{
    uint8_t message[] = "a message of some length", signature[SIGNATURE_SIZE];
    struct bytes view = bytes_of(message, sizeof message);
    struct secret_key key;

    key_simulated(1, "flip", &key);
    key_sign(&key, view, signature);
    REQUIRE_OK(key_verify(&key.public, view, signature));
    for (size_t bit = 0; bit < 8 * sizeof signature; bit++) {
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK_ERR(key_verify(&key.public, view, signature), ERR_SIGNATURE);
        signature[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * sizeof message; bit++) {
        message[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK_ERR(key_verify(&key.public, view, signature), ERR_SIGNATURE);
        message[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t bit = 0; bit < 8 * KEY_PUBLIC_SIZE; bit++) {
        key.public.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK_ERR(key_verify(&key.public, view, signature), ERR_SIGNATURE);
        key.public.b[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    CHECK_OK(key_verify(&key.public, view, signature));
}

/* Pinned: every simulated federation has these. */
static void simulated_keys(void)
{
    struct secret_key a, b;
    char hex[2 * DIGEST_SIZE + 1];

    key_simulated(1, "n1", &a);
    digest_hex(&a.fingerprint, hex);
    CHECK_EQ_TEXT(hex, "f87b7b5a5652d0b5f5f76eda216f139a215e4d052639754929fbf03aa92278b0");
    key_simulated(1, "n1", &b);
    CHECK(digest_equal(&a.fingerprint, &b.fingerprint));
    key_simulated(2, "n1", &b);
    CHECK(!digest_equal(&a.fingerprint, &b.fingerprint));
    key_simulated(1, "n2", &b);
    CHECK(!digest_equal(&a.fingerprint, &b.fingerprint));
}

/* The fingerprint is what openssl makes of the same private key. */
static void fingerprint_as_openssl_sees_it(void)
{
    struct buf pkcs8 = hex_buf("302e020100300506032b657004220420"), text = {0}; /* RFC 8410 section 7 */
    char path[] = "/tmp/prismfed-key-XXXXXX", line[128] = "", hex[2 * DIGEST_SIZE + 1];
    struct secret_key key;
    FILE *pipe, *file;
    int fd;

    if (system("openssl version >/dev/null 2>&1") != 0) {
        buf_free(&pkcs8);
        SKIP("openssl is not installed");
    }
    key_simulated(7, "openssl", &key);
    buf_add(&pkcs8, key.b, KEY_SEED_SIZE);
    fd = mkstemp(path);
    file = fd >= 0 ? fdopen(fd, "w") : NULL;
    REQUIRE(file != NULL);
    CHECK(fwrite(pkcs8.data, pkcs8.len, 1, file) == 1);
    CHECK(fclose(file) == 0);
    buf_printf(&text, "openssl pkey -inform DER -in %s -pubout -outform DER | openssl dgst -sha256 -r", path);
    pipe = popen(buf_text(&text), "r");
    REQUIRE(pipe != NULL);
    CHECK(fgets(line, sizeof line, pipe) != NULL);
    CHECK(pclose(pipe) == 0);
    unlink(path);
    digest_hex(&key.fingerprint, hex);
    line[strcspn(line, " \n")] = '\0';
    CHECK_EQ_TEXT(line, hex);
    buf_free(&pkcs8);
    buf_free(&text);
}

int main(void)
{
    key_library_init();
    TAP_RUN(rfc8032_vectors);
    TAP_RUN(wycheproof);
    TAP_RUN(every_flipped_bit_fails);
    TAP_RUN(simulated_keys);
    TAP_RUN(fingerprint_as_openssl_sees_it);
    return tap_done();
}
