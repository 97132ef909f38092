#include "crypto/envelope.h"

#include "codec/cbor.h"
#include "tap.h"

static struct secret_key key;

static const uint8_t body[] = {0xa1, 0x61, 0x61, 0x82, 0x01, 0x02}; /* {"a": [1, 2]} */

static struct envelope sample(enum entry_kind kind)
{
    return (struct envelope){
        .kind = kind,
        .sequence = UINT64_MAX,
        .federation_id = digest_of(bytes_of_text("federation")),
        .federated_epoch = 42,
        .ledger_block_id = digest_of(bytes_of_text("block")),
        .node_fingerprint = key.fingerprint,
        .body = bytes_of(body, sizeof body),
    };
}

static void kinds_have_names(void)
{
    for (unsigned i = 0; i < ENTRY_KIND_COUNT; i++) {
        enum entry_kind kind;

        CHECK_OK(entry_kind_parse(bytes_of_text(entry_kind_name((enum entry_kind)i)), &kind));
        CHECK_EQ_U64(kind, i);
    }
    CHECK_ERR(entry_kind_parse(bytes_of_text(""), &(enum entry_kind){0}), ERR_UNKNOWN);
    CHECK_ERR(entry_kind_parse(bytes_of_text("Update"), &(enum entry_kind){0}), ERR_UNKNOWN);
    CHECK_ERR(entry_kind_parse(bytes_of_text("updates"), &(enum entry_kind){0}), ERR_UNKNOWN);
    CHECK_ERR(entry_kind_parse(bytes_of("updat", 5), &(enum entry_kind){0}), ERR_UNKNOWN);
}

static void signed_is_parsed(void)
{
    for (unsigned i = 0; i < ENTRY_KIND_COUNT; i++) {
        struct envelope want = sample((enum entry_kind)i), got;
        struct cose_sign1 cose;
        struct buf out = {0};

        envelope_sign(&key, &want, &out);
        CHECK_OK(cbor_check(bytes_of_buf(&out), NULL));
        REQUIRE_OK(envelope_parse(bytes_of_buf(&out), &got, &cose));
        CHECK_EQ_U64(got.kind, i);
        CHECK_EQ_U64(got.sequence, want.sequence);
        CHECK_EQ_U64(got.federated_epoch, want.federated_epoch);
        CHECK(digest_equal(&got.federation_id, &want.federation_id));
        CHECK(digest_equal(&got.ledger_block_id, &want.ledger_block_id));
        CHECK(digest_equal(&got.node_fingerprint, &key.fingerprint));
        CHECK_EQ_BYTES(got.body, want.body);
        CHECK(got.body.data > out.data && got.body.data < out.data + out.len);
        CHECK_EQ_BYTES(cose.subject, bytes_of_text(entry_kind_name(got.kind)));
        CHECK_OK(cose_verify(&cose, &key.public));
        buf_free(&out);
    }
}

static void bytes_are_pinned(void)
{
    struct envelope e = sample(ENTRY_UPDATE);
    char hex[2 * DIGEST_SIZE + 1];
    struct buf out = {0};
    struct digest id;

    envelope_sign(&key, &e, &out);
    id = envelope_id(bytes_of_buf(&out));
    digest_hex(&id, hex);
    CHECK_EQ_TEXT(hex, "8717f94d20dc0fec978d3dda664245cc4b35cdb8af08b38cb11b93c01257cfe9");
    buf_free(&out);
}

static void every_flipped_bit_fails(void)
{
    struct envelope e = sample(ENTRY_SCORE);
    struct cose_sign1 cose;
    struct buf in = {0};

    envelope_sign(&key, &e, &in);
    for (size_t bit = 0; bit < 8 * in.len; bit++) {
        in.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (envelope_parse(bytes_of_buf(&in), &e, &cose) == ERR_OK)
            CHECK(cose_verify(&cose, &key.public) != ERR_OK);
        in.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t len = 0; len < in.len; len++)
        CHECK(envelope_parse(bytes_of(in.data, len), &e, &cose) != ERR_OK);
    buf_free(&in);
}

/* ---- payloads made by hand, rightly signed but wrong in one place */

struct parts {
    const char *kind, *subject, *content_type, *last_key;
    uint64_t pairs, schema;
    size_t federation_len;
    bool other_node;
};
static const struct parts right = {
    .kind = "close",
    .subject = "close",
    .content_type = ENVELOPE_CONTENT_TYPE,
    .last_key = "node_fingerprint",
    .pairs = 8,
    .schema = ENVELOPE_SCHEMA,
    .federation_len = DIGEST_SIZE,
};

static void put_payload(const struct parts *parts, struct buf *out)
{
    struct digest zero = {0};
    struct cbor_writer w;

    cbor_writer_init(&w, out);
    cbor_put_map(&w, parts->pairs);
    cbor_put_text(&w, "body");
    cbor_put_null(&w);
    cbor_put_text(&w, "kind");
    cbor_put_text(&w, parts->kind);
    cbor_put_text(&w, "schema");
    cbor_put_uint(&w, parts->schema);
    cbor_put_text(&w, "sequence");
    cbor_put_uint(&w, 1);
    cbor_put_text(&w, "federation_id");
    cbor_put_bytes(&w, bytes_of(zero.b, parts->federation_len));
    cbor_put_text(&w, "federated_epoch");
    cbor_put_uint(&w, 1);
    cbor_put_text(&w, "ledger_block_id");
    digest_put(&w, &zero);
    if (parts->pairs == 7)
        return;
    cbor_put_text(&w, parts->last_key);
    digest_put(&w, parts->other_node ? &zero : &key.fingerprint);
    if (parts->pairs == 8)
        return;
    cbor_put_text(&w, "zzzzzzzzzzzzzzzzz");
    cbor_put_null(&w);
}

static void check_made(const struct parts *parts, enum err want)
{
    struct buf payload = {0}, in = {0};
    struct envelope e = {.sequence = 77};
    struct cose_sign1 cose;

    put_payload(parts, &payload);
    cose_sign(&key, parts->content_type, parts->subject, bytes_of_buf(&payload), &in);
    CHECK_ERR(envelope_parse(bytes_of_buf(&in), &e, &cose), want);
    CHECK_EQ_U64(e.sequence, want == ERR_OK ? 1 : 77); /* outputs are set on success only */
    buf_free(&payload);
    buf_free(&in);
}

static void wrong_in_one_place(void)
{
    struct parts p;

    check_made(&right, ERR_OK);
    check_made((p = right, p.subject = "score", &p), ERR_MISMATCH);
    check_made((p = right, p.kind = "score", &p), ERR_MISMATCH);
    check_made((p = right, p.other_node = true, &p), ERR_MISMATCH);
    check_made((p = right, p.kind = p.subject = "vote", &p), ERR_UNKNOWN);
    check_made((p = right, p.content_type = "application/cbor", &p), ERR_UNKNOWN);
    check_made((p = right, p.schema = 2, &p), ERR_UNKNOWN);
    check_made((p = right, p.federation_len = 31, &p), ERR_RANGE);
    check_made((p = right, p.pairs = 7, &p), ERR_RANGE);
    check_made((p = right, p.pairs = 9, &p), ERR_RANGE);
    check_made((p = right, p.last_key = "node_fingerprinu", &p), ERR_MISSING);
    check_made((p = right, p.last_key = "node_fingerprins", &p), ERR_UNKNOWN);
}

static void size_is_bounded(void)
{
    uint8_t *large = mem_alloc(ENVELOPE_SIZE_MAX + 1);
    struct cose_sign1 cose;
    struct envelope e;

    CHECK_ERR(envelope_parse(bytes_of(large, ENVELOPE_SIZE_MAX + 1), &e, &cose), ERR_LIMIT);
    CHECK(envelope_parse(bytes_of(large, ENVELOPE_SIZE_MAX), &e, &cose) == ERR_TYPE);
    mem_free(large);
}

int main(void)
{
    key_library_init();
    key_simulated(1, "envelope", &key);
    TAP_RUN(kinds_have_names);
    TAP_RUN(signed_is_parsed);
    TAP_RUN(bytes_are_pinned);
    TAP_RUN(every_flipped_bit_fails);
    TAP_RUN(wrong_in_one_place);
    TAP_RUN(size_is_bounded);
    return tap_done();
}
