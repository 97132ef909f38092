#include <jansson.h>

#include "base/text.h"
#include "codec/cbor.h"
#include "ledger/epoch_file.h"

#define SUMMARY_CONTENT_TYPE "application/prismfed.summary"
#define SUMMARY_SUBJECT "summary"
#define ANCHOR_SUBJECT "anchor"

void anchor_payload(const struct anchor_statement *a, struct buf *out)
{
    struct cbor_writer w;
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 9);
    cbor_put_text(&w, "epoch");
    cbor_put_uint(&w, a->epoch);
    cbor_put_text(&w, "height");
    cbor_put_uint(&w, a->height);
    cbor_put_text(&w, "anchored");
    cbor_put_bool(&w, a->anchored);
    cbor_put_text(&w, "block_id");
    digest_put(&w, &a->block_id);
    cbor_put_text(&w, "log_root");
    digest_put(&w, &a->log_root);
    cbor_put_text(&w, "log_size");
    cbor_put_uint(&w, a->log_size);
    cbor_put_text(&w, "state_root");
    digest_put(&w, &a->state_root);
    cbor_put_text(&w, "merkle_root");
    if (a->anchored)
        digest_put(&w, &a->merkle_root);
    else
        cbor_put_null(&w);
    cbor_put_text(&w, "federation_id");
    digest_put(&w, &a->federation_id);
    cbor_writer_done(&w);
}

void anchor_sign(const struct secret_key *key, const struct anchor_statement *a, struct buf *out)
{
    struct buf payload = {0};
    anchor_payload(a, &payload);
    cose_sign(key, ANCHOR_CONTENT_TYPE, ANCHOR_SUBJECT, bytes_of_buf(&payload), out);
    buf_free(&payload);
}

static enum err anchor_read(struct bytes payload, struct anchor_statement *out)
{
    struct cbor_reader r;
    cbor_reader_init(&r, payload);
    cbor_expect_map(&r, 9);
    cbor_expect_key(&r, "epoch");
    out->epoch = cbor_get_uint(&r);
    cbor_expect_key(&r, "height");
    out->height = cbor_get_uint(&r);
    cbor_expect_key(&r, "anchored");
    out->anchored = cbor_get_bool(&r);
    cbor_expect_key(&r, "block_id");
    out->block_id = digest_get(&r);
    cbor_expect_key(&r, "log_root");
    out->log_root = digest_get(&r);
    cbor_expect_key(&r, "log_size");
    out->log_size = cbor_get_uint(&r);
    cbor_expect_key(&r, "state_root");
    out->state_root = digest_get(&r);
    cbor_expect_key(&r, "merkle_root");
    if (out->anchored)
        out->merkle_root = digest_get(&r);
    else
        cbor_get_null(&r);
    cbor_expect_key(&r, "federation_id");
    out->federation_id = digest_get(&r);
    return cbor_reader_done(&r);
}

enum err anchor_parse(struct bytes in, struct anchor_statement *out, struct cose_sign1 *cose)
{
    struct cose_sign1 message;
    struct anchor_statement statement = {0};
    enum err err = cose_parse_as(in, ANCHOR_CONTENT_TYPE, ANCHOR_SUBJECT, &message);
    if (err == ERR_OK)
        err = anchor_read(message.payload, &statement);
    if (err == ERR_OK) {
        *out = statement;
        *cose = message;
    }
    return err;
}

/* ---- the summary */

struct digest summary_digest(const json_t *summary)
{
    json_t *bare = json_copy((json_t *)(uintptr_t)summary);
    struct buf text = {0};
    ASSERT(bare != NULL);
    json_object_del(bare, "summary_signature");
    json_canonical(bare, &text);
    struct digest digest = digest_of(bytes_of_buf(&text));
    buf_free(&text);
    json_decref(bare);
    return digest;
}

void summary_sign(const struct secret_key *key, const struct digest *digest, struct buf *out)
{
    cose_sign(key, SUMMARY_CONTENT_TYPE, SUMMARY_SUBJECT, digest_bytes(digest), out);
}

static enum err summary_check(struct bytes in, const struct digest *digest, const struct public_key *key,
                              struct digest *signer)
{
    struct cose_sign1 cose;
    enum err err = cose_parse_as(in, SUMMARY_CONTENT_TYPE, SUMMARY_SUBJECT, &cose);
    if (err == ERR_OK)
        err = cose_verify(&cose, key);
    if (err == ERR_OK && !bytes_equal(cose.payload, digest_bytes(digest)))
        err = ERR_MISMATCH;
    if (err == ERR_OK)
        *signer = cose.kid;
    return err;
}

enum err summary_verify_digest(const json_t *summary, const struct digest *digest, const struct public_key *key,
                               struct digest *signer)
{
    const char *text = json_string_value(json_object_get(summary, "summary_signature"));
    struct buf bytes = {0};
    if (text == NULL)
        return ERR_MISSING;
    enum err err = base64_decode(bytes_of_text(text), &bytes);
    if (err == ERR_OK)
        err = summary_check(bytes_of_buf(&bytes), digest, key, signer);
    buf_free(&bytes);
    return err;
}

enum err summary_verify(const json_t *summary, const struct public_key *key, struct digest *signer)
{
    struct digest digest = summary_digest(summary);

    return summary_verify_digest(summary, &digest, key, signer);
}
