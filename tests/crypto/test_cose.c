#include "crypto/cose.h"

#include <jansson.h>
#include <string.h>

#include "codec/cbor.h"
#include "codec/json.h"
#include "hex.h"
#include "tap.h"

static struct secret_key key;

/* A message made by hand, so that it can be wrong in one place. */
struct parts {
    uint64_t tag;
    int64_t alg;
    const char *issuer; /* NULL: the right one */
    size_t kid_len;
    bool detached, unprotected, crit, swapped;
};
static const struct parts right = {.tag = 18, .alg = -8, .kid_len = DIGEST_SIZE};

static void put_protected(const struct parts *parts, struct buf *out)
{
    char hex[2 * DIGEST_SIZE + 1];
    struct cbor_writer w;

    digest_hex(&key.fingerprint, hex);
    cbor_writer_init(&w, out);
    cbor_put_map(&w, parts->crit ? 5 : 4);
    cbor_put_uint(&w, 1);
    cbor_put_int(&w, parts->alg);
    if (parts->crit) {
        cbor_put_uint(&w, 2);
        cbor_put_array(&w, 1);
        cbor_put_uint(&w, 15);
    }
    cbor_put_uint(&w, 3);
    cbor_put_text(&w, "text/plain");
    cbor_put_uint(&w, 4);
    cbor_put_bytes(&w, bytes_of(key.fingerprint.b, parts->kid_len));
    cbor_put_uint(&w, 15);
    cbor_put_map(&w, 2);
    cbor_put_uint(&w, 1);
    cbor_put_text(&w, parts->issuer != NULL ? parts->issuer : hex);
    cbor_put_uint(&w, 2);
    cbor_put_text(&w, "subject");
}

static struct buf make(const struct parts *parts)
{
    struct buf protected = {0}, to_sign = {0}, out = {0};
    struct bytes payload = bytes_of_text("payload");
    uint8_t signature[SIGNATURE_SIZE];
    struct cbor_writer w;

    put_protected(parts, &protected);
    if (parts->swapped) { /* labels 1 and 3 in the wrong order: a3 01 27 03 6a... */
        protected.data[1] = 0x03;
        protected.data[3] = 0x01;
    }
    cose_signed_bytes(bytes_of_buf(&protected), payload, &to_sign);
    key_sign(&key, bytes_of_buf(&to_sign), signature);
    cbor_writer_init(&w, &out);
    cbor_put_tag(&w, parts->tag);
    cbor_put_array(&w, 4);
    cbor_put_bytes(&w, bytes_of_buf(&protected));
    cbor_put_map(&w, parts->unprotected ? 1 : 0);
    if (parts->unprotected) {
        cbor_put_uint(&w, 1);
        cbor_put_int(&w, -8);
    }
    if (parts->detached)
        cbor_put_null(&w);
    else
        cbor_put_bytes(&w, payload);
    cbor_put_bytes(&w, bytes_of(signature, sizeof signature));
    buf_free(&protected);
    buf_free(&to_sign);
    return out;
}

static void check_made(const struct parts *parts, enum err want)
{
    struct buf in = make(parts);
    struct cose_sign1 message;

    CHECK_ERR(cose_parse(bytes_of_buf(&in), &message), want);
    if (want == ERR_OK)
        CHECK_OK(cose_verify(&message, &key.public));
    buf_free(&in);
}

static void signed_is_parsed_and_verified(void)
{
    struct buf out = {0}, by_hand = make(&right);
    struct cose_sign1 message;
    struct secret_key other;

    cose_sign(&key, "text/plain", "subject", bytes_of_text("payload"), &out);
    CHECK_EQ_BYTES(bytes_of_buf(&out), bytes_of_buf(&by_hand));
    CHECK_OK(cbor_check(bytes_of_buf(&out), NULL));
    REQUIRE_OK(cose_parse(bytes_of_buf(&out), &message));
    CHECK_EQ_BYTES(message.content_type, bytes_of_text("text/plain"));
    CHECK_EQ_BYTES(message.subject, bytes_of_text("subject"));
    CHECK_EQ_BYTES(message.payload, bytes_of_text("payload"));
    CHECK(digest_equal(&message.kid, &key.fingerprint));
    CHECK(message.payload.data > out.data && message.payload.data < out.data + out.len);
    CHECK_OK(cose_verify(&message, &key.public));
    key_simulated(2, "other", &other);
    CHECK_ERR(cose_verify(&message, &other.public), ERR_MISMATCH);
    message.kid = other.fingerprint;
    CHECK_ERR(cose_verify(&message, &other.public), ERR_SIGNATURE);
    buf_free(&out);
    buf_free(&by_hand);
}

/* The whole message, so that a reader with RFC 9052 at hand can follow it. */
static void worked_example(void)
{
    struct buf out = {0}, text = {0};
    struct digest d;
    char hex[2 * DIGEST_SIZE + 1];

    cose_sign(&key, "text/plain", "subject", bytes_of_text("payload"), &out);
    d = digest_of(bytes_of_buf(&out));
    digest_hex(&d, hex);
    CHECK_EQ_TEXT(hex, "b81ea15f156e61b5f5800d6500b57387cca1f4ccfef483e49fcb2decfd59fade");
    REQUIRE_OK(cbor_diagnostic(bytes_of_buf(&out), &text));
    CHECK(strncmp(buf_text(&text), "18([h'a40127036a746578742f706c61696e045820", 42) == 0);
    CHECK(strstr(buf_text(&text), "', {}, h'7061796c6f6164', h'") != NULL);
    buf_free(&out);
    buf_free(&text);
}

static void wrong_in_one_place(void)
{
    struct parts p;

    check_made(&right, ERR_OK);
    check_made((p = right, p.alg = -19, &p), ERR_UNKNOWN); /* RFC 9864: the same, but there is one encoding */
    check_made((p = right, p.alg = -7, &p), ERR_UNKNOWN);
    check_made((p = right, p.alg = 8, &p), ERR_UNKNOWN);
    check_made((p = right, p.tag = 98, &p), ERR_TYPE);
    check_made((p = right, p.tag = 17, &p), ERR_TYPE);
    check_made((p = right, p.issuer = "somebody", &p), ERR_MISMATCH);
    check_made((p = right, p.kid_len = 31, &p), ERR_RANGE);
    check_made((p = right, p.detached = true, &p), ERR_TYPE);
    check_made((p = right, p.unprotected = true, &p), ERR_RANGE);
    check_made((p = right, p.crit = true, &p), ERR_RANGE);
    check_made((p = right, p.swapped = true, &p), ERR_MISSING);
}

static void cut_or_extended(void)
{
    struct buf in = make(&right);
    struct cose_sign1 message;

    for (size_t len = 0; len < in.len; len++)
        CHECK(cose_parse(bytes_of(in.data, len), &message) != ERR_OK);
    CHECK_ERR(cose_parse(bytes_of(in.data + 1, in.len - 1), &message), ERR_TYPE); /* without its tag */
    buf_add_byte(&in, 0);
    CHECK_ERR(cose_parse(bytes_of_buf(&in), &message), ERR_SYNTAX);
    buf_free(&in);
}

static void every_flipped_bit_fails(void)
{
    struct buf in = make(&right);
    struct cose_sign1 message;

    for (size_t bit = 0; bit < 8 * in.len; bit++) {
        in.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (cose_parse(bytes_of_buf(&in), &message) == ERR_OK)
            CHECK(cose_verify(&message, &key.public) != ERR_OK);
        in.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    buf_free(&in);
}

static bool same_message(const struct cose_sign1 *a, const struct cose_sign1 *b)
{
    return digest_equal(&a->kid, &b->kid) && memcmp(a->signature, b->signature, SIGNATURE_SIZE) == 0 &&
           bytes_equal(a->content_type, b->content_type) && bytes_equal(a->subject, b->subject) &&
           bytes_equal(a->payload, b->payload) && bytes_equal(a->protected, b->protected) &&
           a->attached_count == b->attached_count;
}

/* What differs from another message in its signer alone is parsed as the whole parser does; with any bit changed, too,
 * or not at all. */
static void like_another(void)
{
    struct buf first = {0}, second = {0}, longer = {0};
    struct cose_sign1 parsed, message, whole;
    struct secret_key other;

    key_simulated(2, "cose", &other);
    cose_sign(&key, "text/plain", "subject", bytes_of_text("payload"), &first);
    cose_sign(&other, "text/plain", "subject", bytes_of_text("payload"), &second);
    cose_sign(&other, "text/plain", "subject", bytes_of_text("payloads"), &longer);
    REQUIRE_OK(cose_parse(bytes_of_buf(&first), &parsed));
    CHECK(cose_parse_like(&parsed, bytes_of_buf(&first), bytes_of_buf(&second), &message));
    REQUIRE_OK(cose_parse(bytes_of_buf(&second), &whole));
    CHECK(same_message(&message, &whole) && message.payload.data == whole.payload.data);
    CHECK_OK(cose_verify(&message, &other.public));
    CHECK(!cose_parse_like(&parsed, bytes_of_buf(&first), bytes_of_buf(&longer), &message));
    for (size_t bit = 0; bit < 8 * second.len; bit++) {
        second.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
        if (cose_parse_like(&parsed, bytes_of_buf(&first), bytes_of_buf(&second), &message))
            CHECK(cose_parse(bytes_of_buf(&second), &whole) == ERR_OK && same_message(&message, &whole) &&
                  cose_verify(&message, &other.public) != ERR_OK);
        second.data[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    buf_free(&first);
    buf_free(&second);
    buf_free(&longer);
}

/* What is attached is not signed: the message keeps its signature without it. Only cose_parse_attached takes it. */
static void attached(void)
{
    struct bytes parts[2] = {bytes_of_text("one"), bytes_of_text("two")};
    struct secret_key signer;
    struct cose_sign1 message;
    struct buf with = {0}, without = {0};

    key_simulated(1, "attached", &signer);
    for (unsigned count = 1; count <= 2; count++) {
        buf_clear(&with);
        buf_clear(&without);
        cose_sign_attached(&signer, "text/plain", "s", bytes_of_text("payload"), parts, count, &with);
        CHECK_ERR(cose_parse(bytes_of_buf(&with), &message), ERR_RANGE);
        REQUIRE_OK(cose_parse_attached(bytes_of_buf(&with), &message));
        CHECK_EQ_U64(message.attached_count, count);
        CHECK(bytes_equal(message.attached[count - 1], parts[count - 1]));
        CHECK_OK(cose_verify(&message, &signer.public));
        message.attached_count = 0;
        cose_encode(&message, &without);
        REQUIRE_OK(cose_parse(bytes_of_buf(&without), &message));
        CHECK_OK(cose_verify(&message, &signer.public));
        for (size_t len = 0; len < with.len; len++)
            CHECK(cose_parse_attached(bytes_of(with.data, len), &message) != ERR_OK);
    }
    buf_free(&with);
    buf_free(&without);
}

/* ---- the examples of the COSE working group. Their headers are not ours (kid
 * unprotected, content type a number), so cose_parse refuses them; the bytes that
 * are signed and the signature must agree all the same. */

static void check_signature(struct bytes to_sign, struct bytes signature, const json_t *vector)
{
    const json_t *input = json_object_get(json_object_get(vector, "input"), "sign0");
    struct buf x = hex_buf(json_string_value(json_object_get(json_object_get(input, "key"), "x_hex")));
    struct public_key public;

    memcpy(public.b, x.data, sizeof public.b);
    CHECK_OK(key_verify(&public, to_sign, signature.data));
    buf_free(&x);
}

static void check_example(const char *name, bool is_ed25519)
{
    const char *path = tap_shared(name);
    struct buf in, want, to_sign = {0};
    struct bytes protected, payload, signature;
    struct cose_sign1 message;
    struct cbor_reader r;
    struct json_doc doc;

    if (path == NULL)
        SKIP("no vectors");
    REQUIRE_OK(json_doc_load(&doc, path, 1 << 16, NULL));
    in = hex_buf(json_string_value(json_object_get(json_object_get(doc.root, "output"), "cbor")));
    want = hex_buf(json_string_value(json_object_get(json_object_get(doc.root, "intermediates"), "ToBeSign_hex")));
    cbor_reader_init(&r, bytes_of_buf(&in));
    CHECK_EQ_U64(cbor_get_tag(&r), 18);
    cbor_expect_array(&r, 4);
    protected = cbor_get_bytes(&r);
    cbor_get_raw(&r);
    payload = cbor_get_bytes(&r);
    signature = cbor_get_bytes(&r);
    CHECK_OK(cbor_reader_done(&r));
    cose_signed_bytes(protected, payload, &to_sign);
    CHECK_EQ_BYTES(bytes_of_buf(&to_sign), bytes_of_buf(&want));
    if (is_ed25519)
        check_signature(bytes_of_buf(&to_sign), signature, doc.root);
    CHECK_ERR(cose_parse(bytes_of_buf(&in), &message), ERR_RANGE);
    buf_free(&in);
    buf_free(&want);
    buf_free(&to_sign);
    json_doc_free(&doc);
}

static void working_group_ed25519(void)
{
    check_example("vectors/cose/eddsa-sig-01.json", true);
}

static void working_group_ed448(void)
{
    check_example("vectors/cose/eddsa-sig-02.json", false);
}

/* COSE_Sign, of which implementations disagree whether all or any must verify. */
static void cose_sign_is_refused(void)
{
    static const char *const names[] = {"vectors/cose/eddsa-01.json", "vectors/cose/eddsa-02.json"};

    for (size_t i = 0; i < 2; i++) {
        const char *path = tap_shared(names[i]);
        struct cose_sign1 message;
        struct json_doc doc;
        struct buf in;

        if (path == NULL)
            SKIP("no vectors");
        REQUIRE_OK(json_doc_load(&doc, path, 1 << 16, NULL));
        in = hex_buf(json_string_value(json_object_get(json_object_get(doc.root, "output"), "cbor")));
        CHECK_ERR(cose_parse(bytes_of_buf(&in), &message), ERR_TYPE);
        buf_free(&in);
        json_doc_free(&doc);
    }
}

int main(void)
{
    key_library_init();
    key_simulated(1, "cose", &key);
    TAP_RUN(signed_is_parsed_and_verified);
    TAP_RUN(worked_example);
    TAP_RUN(wrong_in_one_place);
    TAP_RUN(cut_or_extended);
    TAP_RUN(every_flipped_bit_fails);
    TAP_RUN(like_another);
    TAP_RUN(attached);
    TAP_RUN(working_group_ed25519);
    TAP_RUN(working_group_ed448);
    TAP_RUN(cose_sign_is_refused);
    return tap_done();
}
