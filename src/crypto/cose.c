#include "crypto/cose.h"

#include <string.h>

#include "codec/cbor.h"

enum {
    COSE_SIGN1_TAG = 18,
    /* header parameters, RFC 9052 section 3.1 and RFC 9597 section 2 */
    HEADER_ALG = 1,
    HEADER_CONTENT_TYPE = 3,
    HEADER_KID = 4,
    HEADER_CWT_CLAIMS = 15,
    /* CWT claims, RFC 8392 section 3.1 */
    CLAIM_ISS = 1,
    CLAIM_SUB = 2,
    /* RFC 9053 section 2.2. RFC 9864 gives Ed25519 the number -19, too; one thing has one encoding here. */
    ALG_EDDSA = -8,
};

#define HEADER_ATTACHED "attached" /* ours; RFC 9052 section 1.5 allows text as a label */

void cose_protected(const struct digest *kid, const char *content_type, const char *subject, struct buf *out)
{
    char issuer[2 * DIGEST_SIZE + 1];
    struct cbor_writer w;

    digest_hex(kid, issuer);
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 4);
    cbor_put_uint(&w, HEADER_ALG);
    cbor_put_int(&w, ALG_EDDSA);
    cbor_put_uint(&w, HEADER_CONTENT_TYPE);
    cbor_put_text(&w, content_type);
    cbor_put_uint(&w, HEADER_KID);
    digest_put(&w, kid);
    cbor_put_uint(&w, HEADER_CWT_CLAIMS);
    cbor_put_map(&w, 2);
    cbor_put_uint(&w, CLAIM_ISS);
    cbor_put_text(&w, issuer);
    cbor_put_uint(&w, CLAIM_SUB);
    cbor_put_text(&w, subject);
    cbor_writer_done(&w);
}

void cose_signed_bytes(struct bytes protected, struct bytes payload, struct buf *out)
{
    struct cbor_writer w;

    cbor_writer_init(&w, out);
    cbor_put_array(&w, 4);
    cbor_put_text(&w, "Signature1");
    cbor_put_bytes(&w, protected);
    cbor_put_bytes(&w, bytes_of(NULL, 0)); /* external_aad */
    cbor_put_bytes(&w, payload);
    cbor_writer_done(&w);
}

void cose_encode(const struct cose_sign1 *message, struct buf *out)
{
    struct cbor_writer w;

    cbor_writer_init(&w, out);
    cbor_put_tag(&w, COSE_SIGN1_TAG);
    cbor_put_array(&w, 4);
    cbor_put_bytes(&w, message->protected);
    cbor_put_map(&w, message->attached_count > 0);
    if (message->attached_count > 0) {
        cbor_put_text(&w, HEADER_ATTACHED);
        cbor_put_array(&w, message->attached_count);
    }
    for (unsigned i = 0; i < message->attached_count; i++)
        cbor_put_bytes(&w, message->attached[i]);
    cbor_put_bytes(&w, message->payload);
    cbor_put_bytes(&w, bytes_of(message->signature, sizeof message->signature));
    cbor_writer_done(&w);
}

void cose_sign(const struct secret_key *key, const char *content_type, const char *subject, struct bytes payload,
               struct buf *out)
{
    cose_sign_attached(key, content_type, subject, payload, NULL, 0, out);
}

void cose_sign_attached(const struct secret_key *key, const char *content_type, const char *subject,
                        struct bytes payload, const struct bytes *attached, unsigned count, struct buf *out)
{
    struct buf protected = {0}, signed_bytes = {0};
    struct cose_sign1 message = {.payload = payload, .attached_count = count};

    ASSERT(count <= COSE_ATTACHED_MAX);
    for (unsigned i = 0; i < count; i++)
        message.attached[i] = attached[i];
    cose_protected(&key->fingerprint, content_type, subject, &protected);
    message.protected = bytes_of_buf(&protected);
    cose_signed_bytes(message.protected, payload, &signed_bytes);
    key_sign(key, bytes_of_buf(&signed_bytes), message.signature);
    cose_encode(&message, out);
    buf_free(&protected);
    buf_free(&signed_bytes);
}

static void expect_label(struct cbor_reader *r, uint64_t label)
{
    uint64_t found = cbor_get_uint(r);

    if (found != label)
        cbor_fail(r, found > label ? ERR_MISSING : ERR_UNKNOWN);
}

static enum err parse_protected(struct bytes in, struct cose_sign1 *out)
{
    char hex[2 * DIGEST_SIZE + 1];
    struct cbor_reader r;
    struct bytes issuer;
    int64_t alg;

    cbor_reader_init(&r, in);
    cbor_expect_map(&r, 4);
    expect_label(&r, HEADER_ALG);
    alg = cbor_get_int(&r);
    if (alg != ALG_EDDSA)
        cbor_fail(&r, ERR_UNKNOWN);
    expect_label(&r, HEADER_CONTENT_TYPE);
    out->content_type = cbor_get_text(&r);
    expect_label(&r, HEADER_KID);
    out->kid = digest_get(&r);
    expect_label(&r, HEADER_CWT_CLAIMS);
    cbor_expect_map(&r, 2);
    expect_label(&r, CLAIM_ISS);
    issuer = cbor_get_text(&r);
    expect_label(&r, CLAIM_SUB);
    out->subject = cbor_get_text(&r);
    digest_hex(&out->kid, hex);
    if (!bytes_equal(issuer, bytes_of_text(hex)))
        cbor_fail(&r, ERR_MISMATCH);
    return cbor_reader_done(&r);
}

static void parse_unprotected(struct cbor_reader *r, struct cose_sign1 *out)
{
    uint64_t pairs = cbor_get_map(r);

    if (pairs > 1)
        cbor_fail(r, ERR_RANGE);
    if (pairs != 1)
        return;
    if (cbor_peek(r) != CBOR_TEXT || !cbor_accept_key(r, HEADER_ATTACHED))
        cbor_fail(r, ERR_RANGE);
    uint64_t count = cbor_get_array(r);
    if (count == 0 || count > COSE_ATTACHED_MAX)
        cbor_fail(r, ERR_RANGE);
    out->attached_count = count > COSE_ATTACHED_MAX ? 0 : (unsigned)count;
    for (unsigned i = 0; i < out->attached_count; i++)
        out->attached[i] = cbor_get_bytes(r);
}

/* The outermost layer: fills all but what the protected bucket says. */
static enum err cose_split(struct bytes in, struct cose_sign1 *out)
{
    struct cose_sign1 message = {0};
    struct bytes signature;
    struct cbor_reader r;
    enum err err;

    cbor_reader_init(&r, in);
    if (cbor_get_tag(&r) != COSE_SIGN1_TAG)
        cbor_fail(&r, ERR_TYPE);
    cbor_expect_array(&r, 4);
    message.protected = cbor_get_bytes(&r);
    parse_unprotected(&r, &message);
    message.payload = cbor_get_bytes(&r);
    signature = cbor_get_bytes_of(&r, SIGNATURE_SIZE);
    err = cbor_reader_done(&r);
    if (err != ERR_OK)
        return err;
    memcpy(message.signature, signature.data, sizeof message.signature);
    *out = message;
    return ERR_OK;
}

enum err cose_parse(struct bytes in, struct cose_sign1 *out)
{
    struct cose_sign1 message;
    enum err err = cose_parse_attached(in, &message);

    if (err == ERR_OK && message.attached_count > 0)
        err = ERR_RANGE;
    if (err == ERR_OK)
        *out = message;
    return err;
}

enum err cose_parse_attached(struct bytes in, struct cose_sign1 *out)
{
    struct cose_sign1 message;
    enum err err = cose_split(in, &message);

    if (err == ERR_OK)
        err = parse_protected(message.protected, &message);
    if (err == ERR_OK)
        *out = message;
    return err;
}

enum err cose_parse_as(struct bytes in, const char *content_type, const char *subject, struct cose_sign1 *out)
{
    struct cose_sign1 message;
    enum err err = cose_parse(in, &message);

    if (err == ERR_OK && (!bytes_equal(message.content_type, bytes_of_text(content_type)) ||
                          !bytes_equal(message.subject, bytes_of_text(subject))))
        err = ERR_TYPE;
    if (err == ERR_OK)
        *out = message;
    return err;
}

/* The view in `in` that lies where this one lies in `first`. */
static struct bytes moved(struct bytes view, struct bytes first, struct bytes in)
{
    return bytes_of(in.data + (view.data - first.data), view.len);
}

bool cose_parse_like(const struct cose_sign1 *first, struct bytes first_bytes, struct bytes in, struct cose_sign1 *out)
{
    enum { KID_HEAD = 3, ISSUER_HEAD = 5, ISSUER_SIZE = 2 * DIGEST_SIZE }; /* the labels and heads ahead of them */
    size_t kid = (size_t)(first->content_type.data - first_bytes.data) + first->content_type.len + KID_HEAD;
    size_t issuer = kid + DIGEST_SIZE + ISSUER_HEAD, rest = issuer + ISSUER_SIZE;
    char hex[ISSUER_SIZE + 1];

    if (in.len != first_bytes.len || first->attached_count > 0)
        return false;
    size_t signature = in.len - SIGNATURE_SIZE;
    struct digest signer = digest_from(bytes_of(in.data + kid, DIGEST_SIZE));
    digest_hex(&signer, hex);
    if (memcmp(in.data, first_bytes.data, kid) != 0 || memcmp(in.data + issuer, hex, ISSUER_SIZE) != 0 ||
        memcmp(in.data + kid + DIGEST_SIZE, first_bytes.data + kid + DIGEST_SIZE, ISSUER_HEAD) != 0 ||
        memcmp(in.data + rest, first_bytes.data + rest, signature - rest) != 0)
        return false;
    *out = (struct cose_sign1){.kid = signer};
    out->content_type = moved(first->content_type, first_bytes, in);
    out->subject = moved(first->subject, first_bytes, in);
    out->payload = moved(first->payload, first_bytes, in);
    out->protected = moved(first->protected, first_bytes, in);
    memcpy(out->signature, in.data + signature, SIGNATURE_SIZE);
    return true;
}

enum err cose_verify(const struct cose_sign1 *message, const struct public_key *key)
{
    return cose_verify_cached(message, key, NULL);
}

enum err cose_verify_cached(const struct cose_sign1 *message, const struct public_key *key, struct verify_cache *cache)
{
    struct digest fingerprint = key_fingerprint(key);
    struct buf signed_bytes = {0};
    enum err err;

    if (!digest_equal(&fingerprint, &message->kid))
        return ERR_MISMATCH;
    cose_signed_bytes(message->protected, message->payload, &signed_bytes);
    err = verify_cache_check(cache, key, bytes_of_buf(&signed_bytes), message->signature);
    buf_free(&signed_bytes);
    return err;
}
