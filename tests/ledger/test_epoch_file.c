#include <jansson.h>

#include "base/text.h"
#include "crypto/envelope.h"
#include "ledger/epoch_file.h"
#include "tap.h"

/* An epoch of two blocks with three entries (one of them no envelope), made by hand. */

struct sample {
    struct secret_key keys[3];
    struct buf texts[3];
    struct buf encoded[2];
    struct block blocks[2];
    enum err verdicts[3];
    struct merkle_tree log;
    struct buf signature;
    struct epoch_record record;
};

static const char *name_of(const void *context, const struct digest *fingerprint)
{
    static const char *const names[] = {"alpha", "beta", "gamma"};
    const struct sample *s = context;
    for (unsigned i = 0; i < 3; i++)
        if (digest_equal(&s->keys[i].fingerprint, fingerprint))
            return names[i];
    return NULL;
}

static void make_entry(struct sample *s, unsigned i, struct bytes body)
{
    struct envelope e = {
        .kind = ENTRY_LEAVE,
        .sequence = 1,
        .federation_id = digest_of(bytes_of_text("federation")),
        .federated_epoch = 4,
        .ledger_block_id = digest_of(bytes_of_text("block")),
        .body = body,
    };
    envelope_sign(&s->keys[i], &e, &s->texts[i]);
}

static void make_block(struct sample *s, unsigned number, const struct bytes *entries, unsigned count)
{
    struct buf votes[2] = {{0}}, certificate = {0};
    struct bytes views[2];
    struct merkle_frontier tree = {0};
    for (unsigned i = 0; i < count; i++) {
        struct digest leaf = entry_leaf_hash(entries[i]);
        merkle_frontier_append(&tree, &leaf);
        merkle_tree_append(&s->log, &leaf);
    }
    struct block_header h = {
        .federation_id = digest_of(bytes_of_text("federation")),
        .membership_epoch = 1,
        .height = 10 + number,
        .federated_epoch = 4,
        .entries_root = merkle_frontier_root(&tree),
        .entry_count = count,
        .log_size = s->log.size,
        .log_root = merkle_tree_root(&s->log, s->log.size),
    };
    struct vote vote = {h.federation_id, 1, 6, h.height, block_id(&h)};
    for (unsigned i = 0; i < 2; i++) {
        vote_sign(&s->keys[i], &vote, &votes[i]);
        views[i] = bytes_of_buf(&votes[i]);
    }
    certificate_encode(views, 2, &certificate);
    block_encode(&h, entries, count, bytes_of_buf(&certificate), &s->encoded[number]);
    struct blob *blob = blob_new(bytes_of_buf(&s->encoded[number]));
    ASSERT(block_decode(blob, &s->blocks[number]) == ERR_OK);
    blob_drop(blob);
    buf_free(&certificate);
    buf_free(&votes[0]);
    buf_free(&votes[1]);
}

static void sample_init(struct sample *s)
{
    memset(s, 0, sizeof *s);
    key_library_init();
    for (unsigned i = 0; i < 3; i++)
        key_simulated(i, "epoch file", &s->keys[i]);
    for (unsigned i = 0; i < 5; i++) {
        struct digest leaf = merkle_leaf_hash(bytes_of(&i, 1));
        merkle_tree_append(&s->log, &leaf);
    }
    make_entry(s, 0, bytes_of("\xa0", 1));
    buf_add_text(&s->texts[1], "no envelope");
    make_entry(s, 2, bytes_of("\xa1\x61k\x1b\x00\x40\x00\x00\x00\x00\x00\x00", 12)); /* {"k": 2^54} */
    struct bytes entries[3] = {bytes_of_buf(&s->texts[0]), bytes_of_buf(&s->texts[1]), bytes_of_buf(&s->texts[2])};
    make_block(s, 0, entries, 2);
    make_block(s, 1, entries + 2, 1);
    s->verdicts[1] = ERR_SYNTAX;
    s->record = (struct epoch_record){
        .federation = "sample",
        .simulated = true,
        .epoch = 4,
        .blocks = s->blocks,
        .block_count = 2,
        .verdicts = s->verdicts,
        .log = &s->log,
        .size_before = 5,
        .anchor =
            {
                .federation_id = s->blocks[1].header.federation_id,
                .epoch = 4,
                .anchored = true,
                .merkle_root = merkle_tree_range_root(&s->log, 5, 8),
                .height = 11,
                .block_id = block_id(&s->blocks[1].header),
                .log_size = 8,
                .log_root = s->blocks[1].header.log_root,
            },
        .outcome = json_pack("{s:b}", "anchored", 1),
    };
    anchor_sign(&s->keys[0], &s->record.anchor, &s->signature);
    s->record.signature = bytes_of_buf(&s->signature);
}

static void sample_fini(struct sample *s)
{
    for (unsigned i = 0; i < 3; i++)
        buf_free(&s->texts[i]);
    for (unsigned i = 0; i < 2; i++) {
        buf_free(&s->encoded[i]);
        block_fini(&s->blocks[i]);
    }
    merkle_tree_free(&s->log);
    buf_free(&s->signature);
    json_decref(s->record.outcome);
}

static json_t *render(struct sample *s)
{
    struct epoch_names names = {s, name_of};
    return epoch_file_render(&s->record, &names);
}

/* Parses a file that was changed by hand. */
static enum err parse(const json_t *file, struct epoch_file *out, struct diag *diag)
{
    struct buf text = {0};
    struct json_doc doc;
    json_render(file, &text);
    enum err err = json_doc_parse(&doc, "file.json", bytes_of_buf(&text), diag);
    ASSERT(err == ERR_OK);
    err = epoch_file_parse(&doc, out, diag);
    json_doc_free(&doc);
    buf_free(&text);
    return err;
}

static const char *text_at(const json_t *j, const char *array, size_t i, const char *key)
{
    return json_string_value(json_object_get(json_array_get(json_object_get(j, array), i), key));
}

static void a_file_says_what_happened(void)
{
    struct sample s;
    sample_init(&s);
    json_t *j = render(&s);
    CHECK_EQ_TEXT(json_string_value(json_object_get(j, "format")), "prismfed.epoch");
    CHECK_EQ_U64(json_array_size(json_object_get(j, "entries")), 3);
    CHECK_EQ_TEXT(text_at(j, "entries", 0, "node_id"), "alpha");
    CHECK_EQ_TEXT(text_at(j, "entries", 0, "kind"), "leave");
    CHECK_EQ_TEXT(text_at(j, "entries", 0, "verdict"), "accepted");
    CHECK(text_at(j, "entries", 1, "node_id") == NULL);
    CHECK_EQ_TEXT(text_at(j, "entries", 1, "verdict"), err_text(ERR_SYNTAX));
    json_t *decoded = json_object_get(json_array_get(json_object_get(j, "entries"), 2), "decoded");
    CHECK_EQ_TEXT(json_string_value(json_object_get(json_object_get(decoded, "body"), "k")), "18014398509481984");
    json_t *block = json_array_get(json_object_get(j, "blocks"), 1);
    CHECK_EQ_I64(json_integer_value(json_object_get(block, "view")), 6);
    CHECK_EQ_I64(json_integer_value(json_object_get(block, "first_entry")), 7);
    CHECK_EQ_U64(json_array_size(json_object_get(block, "certificate")), 2);
    CHECK_EQ_U64(json_array_size(json_object_get(block, "signers")), 2);
    json_decref(j);
    sample_fini(&s);
}

/* The proofs of a file verify against its own roots. */
static void its_proofs_verify(void)
{
    struct sample s;
    sample_init(&s);
    json_t *j = render(&s), *entries = json_object_get(j, "entries");
    struct digest root = merkle_tree_root(&s.log, 8);
    for (size_t i = 0; i < 3; i++) {
        struct merkle_proof proof = {0};
        struct digest leaf = entry_leaf_hash(bytes_of_buf(&s.texts[i]));
        json_t *nodes = json_object_get(json_array_get(entries, i), "inclusion_proof");
        for (size_t k = 0; k < json_array_size(nodes); k++) {
            struct buf node = {0};
            CHECK_OK(hex_decode(bytes_of_text(json_string_value(json_array_get(nodes, k))), &node));
            proof.nodes[proof.count++] = digest_from(bytes_of_buf(&node));
            buf_free(&node);
        }
        CHECK_OK(merkle_inclusion_verify(&leaf, 5 + i, 8, &proof, &root));
    }
    json_decref(j);
    sample_fini(&s);
}

static void the_bytes_come_back(void)
{
    struct sample s;
    struct epoch_file f;
    struct diag diag = {0};
    sample_init(&s);
    json_t *j = render(&s);
    REQUIRE_OK(parse(j, &f, &diag));
    CHECK_EQ_U64(f.epoch, 4);
    REQUIRE(f.block_count == 2);
    for (unsigned i = 0; i < 2; i++)
        CHECK_EQ_BYTES(blob_bytes(f.blocks[i].bytes), bytes_of_buf(&s.encoded[i]));
    CHECK_EQ_BYTES(bytes_of_buf(&f.signature), bytes_of_buf(&s.signature));
    epoch_file_fini(&f);
    json_decref(j);
    sample_fini(&s);
}

/* Errors name the place. */
static void damage_is_found_and_named(void)
{
    static const struct {
        const char *array, *key, *pointer;
        size_t index;
    } cases[] = {
        {"entries", "envelope", "/entries/1/envelope", 1},
        {"blocks", "header", "/blocks/0/header", 0},
        {"blocks", "certificate", "/blocks/1/certificate", 1},
    };
    struct sample s;
    sample_init(&s);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct epoch_file f;
        struct diag diag = {0};
        json_t *j = render(&s);
        json_put(json_array_get(json_object_get(j, cases[i].array), cases[i].index), cases[i].key, json_string("?"));
        CHECK(parse(j, &f, &diag) != ERR_OK);
        CHECK(strstr(diag.text, cases[i].pointer) != NULL);
        json_decref(j);
    }
    sample_fini(&s);
}

static enum err parse_after(struct sample *s, void (*change)(json_t *file))
{
    struct epoch_file f;
    struct diag diag = {0};
    json_t *j = render(s);
    change(j);
    enum err err = parse(j, &f, &diag);
    if (err == ERR_OK)
        epoch_file_fini(&f);
    json_decref(j);
    return err;
}

static void drop_entry(json_t *j)
{
    json_array_remove(json_object_get(j, "entries"), 1);
}

static void swap_entries(json_t *j)
{
    json_t *entries = json_object_get(j, "entries"), *first = json_incref(json_array_get(entries, 0));
    json_array_remove(entries, 0);
    json_array_insert_new(entries, 1, first);
}

static void add_entry(json_t *j)
{
    json_t *entries = json_object_get(j, "entries");
    json_array_append(entries, json_array_get(entries, 0));
}

static void no_signature(json_t *j)
{
    json_object_del(j, "signature");
}

static void no_object(json_t *j)
{
    json_object_clear(j);
}

static void change_view(json_t *j)
{
    json_put(j, "anchored", json_string("decoded parts are not looked at"));
    json_object_del(j, "anchor");
}

static void blocks_and_entries_must_fit(void)
{
    struct sample s;
    sample_init(&s);
    CHECK_ERR(parse_after(&s, drop_entry), ERR_MISMATCH);
    CHECK_ERR(parse_after(&s, swap_entries), ERR_MISMATCH);
    CHECK_ERR(parse_after(&s, add_entry), ERR_RANGE);
    CHECK_ERR(parse_after(&s, no_signature), ERR_MISSING);
    CHECK_ERR(parse_after(&s, no_object), ERR_MISSING);
    CHECK_OK(parse_after(&s, change_view));
    sample_fini(&s);
}

static void an_anchor_round_trips(void)
{
    struct sample s;
    struct anchor_statement back;
    struct cose_sign1 cose;
    struct buf other = {0};
    sample_init(&s);
    REQUIRE_OK(anchor_parse(bytes_of_buf(&s.signature), &back, &cose));
    CHECK_OK(cose_verify(&cose, &s.keys[0].public));
    anchor_sign(&s.keys[0], &back, &other);
    CHECK_EQ_BYTES(bytes_of_buf(&other), bytes_of_buf(&s.signature));
    buf_clear(&other);
    back.anchored = false; /* merkle_root is null then */
    anchor_sign(&s.keys[0], &back, &other);
    REQUIRE_OK(anchor_parse(bytes_of_buf(&other), &back, &cose));
    CHECK(!back.anchored && digest_is_zero(&back.merkle_root));
    CHECK_ERR(anchor_parse(bytes_of_buf(&s.texts[0]), &back, &cose), ERR_TYPE);
    buf_free(&other);
    sample_fini(&s);
}

static void a_summary_is_signed_without_its_signature(void)
{
    struct sample s;
    struct buf signature = {0};
    struct digest signer;
    sample_init(&s);
    json_t *summary = json_pack("{s:i,s:[i]}", "epoch_count", 3, "epochs", 1);
    struct digest digest = summary_digest(summary);
    summary_sign(&s.keys[1], &digest, &signature);
    CHECK_ERR(summary_verify(summary, &s.keys[1].public, &signer), ERR_MISSING);
    json_put(summary, "summary_signature", json_base64(bytes_of_buf(&signature)));
    CHECK_OK(summary_verify(summary, &s.keys[1].public, &signer));
    CHECK(digest_equal(&signer, &s.keys[1].fingerprint));
    CHECK(summary_verify(summary, &s.keys[0].public, &signer) != ERR_OK);
    json_put(summary, "epoch_count", json_integer(4));
    CHECK_ERR(summary_verify(summary, &s.keys[1].public, &signer), ERR_MISMATCH);
    json_decref(summary);
    buf_free(&signature);
    sample_fini(&s);
}

static void check_json(const char *hex, const char *want)
{
    struct buf bytes = {0}, text = {0};
    json_t *j = NULL;
    ASSERT(hex_decode(bytes_of_text(hex), &bytes) == ERR_OK);
    if (want == NULL) {
        CHECK(cbor_to_json(bytes_of_buf(&bytes), &j) != ERR_OK);
    } else if (CHECK_OK(cbor_to_json(bytes_of_buf(&bytes), &j))) {
        json_canonical(j, &text);
        CHECK_EQ_TEXT(buf_text(&text), want);
        json_decref(j);
    }
    buf_free(&bytes);
    buf_free(&text);
}

static void cbor_becomes_json(void)
{
    check_json("1818", "24");
    check_json("1b0020000000000000", "9007199254740992");
    check_json("1b0020000000000001", "\"9007199254740993\"");
    check_json("3b001fffffffffffff", "-9007199254740992");
    check_json("3b0020000000000000", "\"-9007199254740993\"");
    check_json("43010203", "\"010203\"");
    check_json("40", "\"\"");
    check_json("60", "\"\"");
    check_json("83f4f5f6", "[false,true,null]");
    check_json("f93e00", "1.5");
    check_json("f97e00", "\"NaN\"");
    check_json("f97c00", "\"Infinity\"");
    check_json("f9fc00", "\"-Infinity\"");
    check_json("a2016161614101", "{\"1\":\"a\",\"A\":1}");
    check_json("a2016161613101", NULL); /* keys 1 and "1" */
    check_json("c101", "{\"tag\":1,\"value\":1}");
    check_json("6100", NULL); /* JSON libraries stumble over NUL */
    check_json("", NULL);
    check_json("0101", NULL);
    check_json("82", NULL);
}

int main(void)
{
    TAP_RUN(a_file_says_what_happened);
    TAP_RUN(its_proofs_verify);
    TAP_RUN(the_bytes_come_back);
    TAP_RUN(damage_is_found_and_named);
    TAP_RUN(blocks_and_entries_must_fit);
    TAP_RUN(an_anchor_round_trips);
    TAP_RUN(a_summary_is_signed_without_its_signature);
    TAP_RUN(cbor_becomes_json);
    return tap_done();
}
