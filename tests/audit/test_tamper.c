#include <jansson.h>

#include "base/text.h"
#include "crypto/envelope.h"
#include "fixture.h"
#include "ledger/epoch_file.h"
#include "tap.h"

/* What a forger might do, by name, and the rule that must catch it. Four validators, quorum 3, one participant. The
 * keys of a rehearsal are known, so the forger here can sign as anybody where the case says so. */

static struct fixture good, foreign;

/* The case's copy of the good artifacts, and what is to be found. */
struct forgery {
    struct fixture f;
    json_t *value; /* what text_open() gave */
    struct buf *text;
};

static json_t *open_epoch(struct forgery *y, unsigned index)
{
    fixture_copy(&y->f, &good);
    y->text = &y->f.epochs[index];
    return y->value = text_open(y->text);
}

static json_t *open_summary(struct forgery *y)
{
    fixture_copy(&y->f, &good);
    y->text = &y->f.summary;
    return y->value = text_open(y->text);
}

/* Audits; the rule must be among the findings. */
static void must_find(struct forgery *y, enum audit_rule rule)
{
    struct audit_report report = {0};

    if (y->value != NULL)
        text_close(y->text, y->value);
    fixture_audit(&y->f, &report);
    if (!CHECK(report_has(&report, rule))) {
        tap_note("wanted %s", audit_rule_info(rule)->code);
        report_note(&report);
    }
    audit_report_free(&report);
    fixture_free(&y->f);
}

static json_t *at(json_t *value, const char *key, size_t index)
{
    return json_array_get(json_object_get(value, key), index);
}

static void decode(const json_t *text, struct buf *out)
{
    CHECK_OK(base64_decode(bytes_of_text(json_string_value(text)), out));
}

static void key_of(const char *name, struct secret_key *key)
{
    key_simulated(good.seed, name, key);
}

/* ---- rollback, freeze, mix and match */

static void older_epoch_in_place_of_a_newer(void)
{
    struct forgery y = {0};

    fixture_copy(&y.f, &good);
    buf_clear(&y.f.epochs[1]);
    buf_add(&y.f.epochs[1], good.epochs[0].data, good.epochs[0].len);
    must_find(&y, RULE_EPOCH_ORDER);
}

static void epoch_number_jumps_far_ahead(void)
{
    struct forgery y = {0};

    json_object_set_new(open_epoch(&y, 1), "epoch", json_string("9223372036854775808"));
    must_find(&y, RULE_EPOCH_ORDER);
}

static void file_in_the_middle_is_gone(void)
{
    struct forgery y = {0};

    fixture_copy(&y.f, &good);
    buf_clear(&y.f.epochs[1]);
    must_find(&y, RULE_FILE_MISSING);
}

static void last_file_is_gone(void)
{
    struct forgery y = {0};

    fixture_copy(&y.f, &good);
    buf_clear(&y.f.epochs[2]);
    must_find(&y, RULE_SUMMARY_VIEW);
}

static void root_of_another_epoch_in_the_summary(void)
{
    struct forgery y = {0};
    json_t *s = open_summary(&y);

    json_object_set(at(s, "epochs", 1), "ledger_merkle", json_object_get(at(s, "epochs", 0), "ledger_merkle"));
    must_find(&y, RULE_SUMMARY_LEDGER);
}

static void anchor_of_another_epoch(void)
{
    struct forgery y = {0};
    json_t *other = text_open(&good.epochs[0]);

    json_object_set(open_epoch(&y, 1), "signature", json_object_get(other, "signature"));
    json_decref(other);
    must_find(&y, RULE_ANCHOR_BINDING);
}

static void anchor_signed_by_a_stranger(void)
{
    struct forgery y = {0};
    struct secret_key stranger;
    struct anchor_statement anchor;
    struct cose_sign1 cose;
    struct buf old = {0}, signature = {0};
    json_t *e = open_epoch(&y, 0);

    key_of("nobody", &stranger);
    decode(json_object_get(e, "signature"), &old);
    CHECK_OK(anchor_parse(bytes_of_buf(&old), &anchor, &cose));
    anchor_sign(&stranger, &anchor, &signature);
    json_object_set_new(e, "signature", json_base64(bytes_of_buf(&signature)));
    must_find(&y, RULE_ANCHOR_SIGNATURE);
    buf_free(&old);
    buf_free(&signature);
}

/* ---- the log */

static void last_entry_is_cut_off(void)
{
    struct forgery y = {0};
    json_t *entries = json_object_get(open_epoch(&y, 1), "entries");

    json_array_remove(entries, json_array_size(entries) - 1);
    must_find(&y, RULE_EPOCH_BYTES);
}

static void last_block_is_cut_off(void)
{
    struct forgery y = {0};
    json_t *e = open_epoch(&y, 1), *blocks = json_object_get(e, "blocks"), *entries = json_object_get(e, "entries");
    size_t last = json_array_size(blocks) - 1;
    json_int_t count = json_integer_value(json_object_get(json_array_get(blocks, last), "entry_count"));

    for (json_int_t i = 0; i < count; i++)
        json_array_remove(entries, json_array_size(entries) - 1);
    json_array_remove(blocks, last);
    must_find(&y, RULE_EPOCH_ORDER);
}

static void two_leaves_change_places(void)
{
    struct forgery y = {0};
    json_t *e = open_epoch(&y, 1), *first = json_incref(json_object_get(at(e, "entries", 0), "envelope"));

    json_object_set(at(e, "entries", 0), "envelope", json_object_get(at(e, "entries", 1), "envelope"));
    json_object_set_new(at(e, "entries", 1), "envelope", first);
    must_find(&y, RULE_EPOCH_BYTES);
}

static void first_block_is_left_out(void)
{
    struct forgery y = {0};
    json_t *e = open_epoch(&y, 1);
    json_int_t count = json_integer_value(json_object_get(at(e, "blocks", 0), "entry_count"));

    for (json_int_t i = 0; i < count; i++)
        json_array_remove(json_object_get(e, "entries"), 0);
    json_array_remove(json_object_get(e, "blocks"), 0);
    must_find(&y, RULE_BLOCK_CHAIN);
}

static void proof_with_another_node(void)
{
    struct forgery y = {0};
    json_t *proof = json_object_get(at(open_epoch(&y, 0), "entries", 1), "inclusion_proof");

    CHECK(json_array_size(proof) > 0);
    json_array_set_new(proof, 0, json_string("00000000000000000000000000000000000000000000000000000000000000ff"));
    must_find(&y, RULE_EPOCH_VIEW);
}

static void verdict_that_was_not_given(void)
{
    struct forgery y = {0};

    json_object_set_new(at(open_epoch(&y, 0), "entries", 0), "verdict", json_string("signature does not verify"));
    must_find(&y, RULE_EPOCH_VIEW);
}

/* ---- thresholds */

static json_t *certificate(struct forgery *y)
{
    return json_object_get(at(open_epoch(y, 1), "blocks", 1), "certificate");
}

/* f = 1: two votes are 2f. */
static void certificate_of_2f_votes(void)
{
    struct forgery y = {0};
    json_t *votes = certificate(&y);

    while (json_array_size(votes) > 2)
        json_array_remove(votes, 0);
    must_find(&y, RULE_CERT_QUORUM);
}

static void certificate_without_votes(void)
{
    struct forgery y = {0};

    json_array_clear(certificate(&y));
    must_find(&y, RULE_CERT_QUORUM);
}

static void one_signer_twice(void)
{
    struct forgery y = {0};
    json_t *votes = certificate(&y);

    while (json_array_size(votes) > 2)
        json_array_remove(votes, json_array_size(votes) - 1);
    json_array_insert(votes, 1, json_array_get(votes, 0));
    must_find(&y, RULE_CERT_VOTE);
}

/* In the order of fingerprints that a certificate has. */
static void insert_vote(json_t *votes, const struct secret_key *key, const struct vote *vote)
{
    struct buf encoded = {0}, other = {0};
    struct vote v;
    struct cose_sign1 cose;
    size_t place = 0;

    vote_sign(key, vote, &encoded);
    for (; place < json_array_size(votes); place++) {
        buf_clear(&other);
        decode(json_array_get(votes, place), &other);
        CHECK_OK(vote_parse(bytes_of_buf(&other), &v, &cose));
        if (digest_compare(&cose.kid, &key->fingerprint) > 0)
            break;
    }
    json_array_insert_new(votes, place, json_base64(bytes_of_buf(&encoded)));
    buf_free(&encoded);
    buf_free(&other);
}

static void replace_vote(json_t *votes, const struct secret_key *key, const struct vote *vote)
{
    json_array_remove(votes, 0);
    insert_vote(votes, key, vote);
}

static void first_vote(json_t *votes, struct vote *out, struct digest *signer)
{
    struct buf bytes = {0};
    struct cose_sign1 cose;

    decode(json_array_get(votes, 0), &bytes);
    CHECK_OK(vote_parse(bytes_of_buf(&bytes), out, &cose));
    *signer = cose.kid;
    buf_free(&bytes);
}

static void vote_of_a_stranger(void)
{
    struct forgery y = {0};
    json_t *votes = certificate(&y);
    struct secret_key stranger;
    struct vote vote;
    struct digest signer;

    key_of("nobody", &stranger);
    first_vote(votes, &vote, &signer);
    replace_vote(votes, &stranger, &vote);
    must_find(&y, RULE_CERT_VOTE);
}

/* edge-0 is a member, but has no vote. */
static void vote_of_a_participant(void)
{
    struct forgery y = {0};
    json_t *votes = certificate(&y);
    struct secret_key edge;
    struct vote vote;
    struct digest signer;

    key_of("edge-0", &edge);
    first_vote(votes, &vote, &signer);
    replace_vote(votes, &edge, &vote);
    must_find(&y, RULE_CERT_VOTE);
}

static void signer_key(const struct digest *fingerprint, struct secret_key *out)
{
    char name[16];

    for (unsigned i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "core-%u", i);
        key_of(name, out);
        if (digest_equal(&out->fingerprint, fingerprint))
            return;
    }
    CHECK(!"a validator signed");
}

enum other { OTHER_MEMBERSHIP, OTHER_FEDERATION, OTHER_BLOCK, OTHER_HEIGHT };

/* Bytes of a vote that is its signer's own, but for something else than this block. */
static void vote_for(enum other what)
{
    struct forgery y = {0};
    json_t *votes = certificate(&y);
    struct secret_key key;
    struct vote vote;
    struct digest signer;

    first_vote(votes, &vote, &signer);
    signer_key(&signer, &key);
    vote.membership_epoch += what == OTHER_MEMBERSHIP;
    vote.federation_id.b[0] ^= what == OTHER_FEDERATION;
    vote.block_id.b[0] ^= what == OTHER_BLOCK;
    vote.sequence += what == OTHER_HEIGHT;
    replace_vote(votes, &key, &vote);
    must_find(&y, RULE_CERT_VOTE);
}

static void votes_for_something_else(void)
{
    vote_for(OTHER_MEMBERSHIP);
    vote_for(OTHER_FEDERATION);
    vote_for(OTHER_BLOCK);
    vote_for(OTHER_HEIGHT);
}

/* Every validator lies: header and votes agree with each other, but not with what the entries do. */
static void all_validators_vouch_for_a_wrong_state(void)
{
    struct forgery y = {0};
    json_t *block = at(open_epoch(&y, 0), "blocks", 0), *votes = json_object_get(block, "certificate");
    struct buf header = {0};
    struct block_header h;
    struct vote vote;
    struct digest signer;
    struct secret_key key;

    decode(json_object_get(block, "header"), &header);
    CHECK_OK(block_header_decode(bytes_of_buf(&header), &h));
    h.state_root.b[5] ^= 1;
    buf_clear(&header);
    block_header_encode(&h, &header);
    json_object_set_new(block, "header", json_base64(bytes_of_buf(&header)));
    first_vote(votes, &vote, &signer);
    vote.block_id = block_id(&h);
    json_array_clear(votes);
    for (unsigned i = 0; i < 3; i++) {
        char name[16];

        snprintf(name, sizeof name, "core-%u", i);
        key_of(name, &key);
        insert_vote(votes, &key, &vote);
    }
    must_find(&y, RULE_BLOCK_STATE);
    buf_free(&header);
}

/* ---- another federation */

static void epoch_of_another_federation(void)
{
    struct forgery y = {0};

    fixture_copy(&y.f, &good);
    buf_clear(&y.f.epochs[0]);
    buf_add(&y.f.epochs[0], foreign.epochs[0].data, foreign.epochs[0].len);
    must_find(&y, RULE_BLOCK_CHAIN);
}

static void genesis_of_another_federation(void)
{
    struct forgery y = {0};

    fixture_copy(&y.f, &good);
    buf_clear(&y.f.genesis);
    buf_add(&y.f.genesis, foreign.genesis.data, foreign.genesis.len);
    must_find(&y, RULE_BLOCK_CHAIN);
}

/* Whole and consistent, but not the one that the auditor trusts. */
static void everything_of_another_federation(void)
{
    static const struct digest trusted = {{1, 2, 3}};
    struct audit_options options = {.federation_count = 1, .federations = &trusted};
    struct audit_report report = {0};
    struct audit_input in = {.label = "x",
                             .genesis = {.path = "genesis.json", .text = bytes_of_buf(&foreign.genesis)},
                             .summary = {.path = "summary.json", .text = bytes_of_buf(&foreign.summary)}};

    audit_label(&in, &options, &report);
    CHECK(report_has(&report, RULE_GENESIS_TRUST));
    audit_report_free(&report);
}

static void genesis_view_that_lies(void)
{
    struct forgery y = {0};
    json_t *g;

    fixture_copy(&y.f, &good);
    y.text = &y.f.genesis;
    g = y.value = text_open(y.text);
    json_object_set_new(json_object_get(g, "decoded"), "quorum", json_integer(4));
    must_find(&y, RULE_GENESIS_VIEW);
}

/* ---- the summary; its recorder is the forger */

static void summary_that_claims_more(void)
{
    struct forgery y = {0};
    json_t *s = open_summary(&y);

    json_object_set_new(at(s, "epochs", 0), "aggregated_delta", json_integer(999999));
    fixture_sign_summary(&good, s);
    must_find(&y, RULE_SUMMARY_VIEW);
}

static void summary_with_a_key_too_many(void)
{
    struct forgery y = {0};
    json_t *s = open_summary(&y);

    json_object_set_new(s, "approved_by", json_string("the auditor"));
    fixture_sign_summary(&good, s);
    must_find(&y, RULE_SUMMARY_VIEW);
}

static void summary_of_another_label(void)
{
    struct forgery y = {0};
    json_t *s = open_summary(&y);

    json_object_set_new(s, "label", json_string("y"));
    fixture_sign_summary(&good, s);
    must_find(&y, RULE_SUMMARY_VIEW);
}

static void summary_that_forgets_a_node(void)
{
    struct forgery y = {0};
    json_t *s = open_summary(&y);

    json_array_remove(json_object_get(s, "nodes"), 1);
    fixture_sign_summary(&good, s);
    must_find(&y, RULE_SUMMARY_VIEW);
}

static void summary_changed_after_signing(void)
{
    struct forgery y = {0};

    json_object_set_new(open_summary(&y), "gain", json_integer(1));
    must_find(&y, RULE_SUMMARY_SIGNATURE);
}

/* The log says which genome is shared, what its genes are and who has offered it. */
static void shared_genome_of_the_recorders_own(void)
{
    static const char *const keys[] = {"hash", "offered_by", "genes"};

    for (unsigned i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct forgery y = {0};
        json_t *s = open_summary(&y), *genome = json_object_get(s, "genome"), *genes = json_object_get(genome, "genes");

        if (i < 2)
            json_object_set_new(genome, keys[i], json_string("mine"));
        else
            json_object_set_new(genes, json_object_iter_key(json_object_iter(genes)), json_integer(3));
        fixture_sign_summary(&good, s);
        must_find(&y, RULE_SUMMARY_VIEW);
    }
}

static void genes_of_an_epoch_of_the_recorders_own(void)
{
    struct forgery y = {0};
    json_t *genes = json_object_get(json_object_get(open_epoch(&y, 2), "outcome"), "genes");

    json_object_set_new(genes, json_object_iter_key(json_object_iter(genes)), json_integer(3));
    must_find(&y, RULE_EPOCH_VIEW);
}

static void recorder_who_is_no_member(void)
{
    struct forgery y = {0};
    json_t *s = open_summary(&y);

    json_object_set_new(json_object_get(s, "recorder"), "node_id", json_string("nobody"));
    fixture_sign_summary(&good, s);
    must_find(&y, RULE_SUMMARY_SIGNATURE);
}

/* ---- form */

static void not_json_at_all(void)
{
    struct forgery y = {0};

    fixture_copy(&y.f, &good);
    buf_clear(&y.f.epochs[1]);
    buf_add_text(&y.f.epochs[1], "hello");
    must_find(&y, RULE_FILE_FORM);
}

/* The same values, one character as an escape. */
static void another_form_of_the_same(void)
{
    struct forgery y = {0};
    struct buf text = {0};

    fixture_copy(&y.f, &good);
    const char *whole = buf_text(&y.f.summary), *place = strstr(whole, "\"seed\"");
    REQUIRE(place != NULL);
    buf_add(&text, whole, (size_t)(place - whole));
    buf_add_text(&text, "\"\\u0073eed\"");
    buf_add_text(&text, place + 6);
    buf_free(&y.f.summary);
    y.f.summary = text;
    must_find(&y, RULE_FILE_FORM);
}

/* Each epoch has room, one after the other, and together they would not; the summary has not. */
static void more_than_the_memory_that_is_given(void)
{
    struct fixture f;
    struct audit_report report = {0};

    fixture_copy(&f, &good);
    for (unsigned i = 0; i <= f.epoch_count; i++) {
        struct buf *text = i < f.epoch_count ? &f.epochs[i] : &f.summary;
        json_t *value = text_open(text);
        json_t *many = json_array();

        for (unsigned k = 0; k < (i < f.epoch_count ? 8000 : 24000); k++)
            json_array_append_new(many, json_integer(0));
        json_object_set_new(value, "many", many);
        text_close(text, value);
    }
    fixture_audit_with(&f, &(struct audit_options){.memory_mb = 1}, &report);
    bool told = false;
    for (size_t i = 0; i < report.finding_count; i++)
        told |= report.findings[i].rule == RULE_FILE_FORM && strstr(report.findings[i].text, "KiB of memory") != NULL;
    CHECK(told);
    CHECK_EQ_U64(report.finding_count, f.epoch_count + 1);
    report_note(&report);
    audit_report_free(&report);
    fixture_free(&f);
}

/* Indentation is nobody's lie. */
static void other_white_space_is_fine(void)
{
    struct fixture f;
    struct audit_report report = {0};

    fixture_copy(&f, &good);
    json_t *value = text_open(&f.epochs[0]);
    buf_clear(&f.epochs[0]);
    json_line(value, &f.epochs[0]);
    json_decref(value);
    fixture_audit(&f, &report);
    CHECK_EQ_U64(report.finding_count, 0);
    report_note(&report);
    audit_report_free(&report);
    fixture_free(&f);
}

/* The report is made, can be printed and is JSON, whatever the text where a finding cuts it. */
static void text_cut_anywhere(const char *character, unsigned before)
{
    struct fixture f;
    struct audit_report report = {0};
    struct buf text = {0};

    fixture_copy(&f, &good);
    snprintf(f.names[0], sizeof f.names[0], "\xff\xc2\x9b.json");
    json_t *value = text_open(&f.epochs[0]);
    for (unsigned i = 0; i < before; i++)
        buf_add_byte(&text, 'x');
    for (unsigned i = 0; i < 100; i++)
        buf_add_text(&text, character);
    json_put(value, "federation", json_string(buf_text(&text)));
    text_close(&f.epochs[0], value);
    fixture_audit(&f, &report);
    CHECK(report_has(&report, RULE_EPOCH_VIEW));
    buf_clear(&text);
    audit_report_text(&report, &text);
    for (size_t i = 0; i < text.len; i++)
        text.data[i] = text.data[i] == '\n' ? ' ' : text.data[i];
    CHECK(text_is_plain(bytes_of_buf(&text)));
    json_decref(audit_report_json(&report));
    audit_report_free(&report);
    buf_free(&text);
    fixture_free(&f);
}

static void hostile_text_is_reported(void)
{
    for (unsigned before = 0; before < 4; before++) {
        text_cut_anywhere("\xf0\x9f\x98\x80", before);
        text_cut_anywhere("\xe2\x80\xae", before);
        text_cut_anywhere("\xc2\x9b", before);
        text_cut_anywhere("\033[2J", before);
    }
}

/* The same keys and values, two of them in the other order. */
static void swap_first(json_t *object, const char *key)
{
    json_t *value = json_incref(json_object_get(object, key));

    json_object_del(object, key);
    json_object_set_new(object, key, value); /* last now */
}

static void keys_in_another_order(void)
{
    struct forgery epoch = {0}, entry = {0}, decoded = {0}, genesis = {0}, summary = {0}, node = {0};

    swap_first(open_epoch(&epoch, 1), "epoch");
    must_find(&epoch, RULE_FILE_FORM);
    swap_first(at(open_epoch(&entry, 1), "entries", 1), "kind");
    must_find(&entry, RULE_FILE_FORM);
    swap_first(json_object_get(at(open_epoch(&decoded, 1), "blocks", 0), "decoded"), "height");
    must_find(&decoded, RULE_FILE_FORM);
    fixture_copy(&genesis.f, &good);
    genesis.text = &genesis.f.genesis;
    genesis.value = text_open(genesis.text);
    swap_first(genesis.value, "federation_id");
    must_find(&genesis, RULE_FILE_FORM);
    json_t *s = open_summary(&summary);
    swap_first(s, "label");
    fixture_sign_summary(&good, s);
    must_find(&summary, RULE_FILE_FORM);
    s = open_summary(&node);
    swap_first(at(s, "nodes", 1), "role");
    fixture_sign_summary(&good, s);
    must_find(&node, RULE_FILE_FORM);
}

/* What only the recorder saw cannot be checked, but it has a type and a range. */
static void observed_fields_of_any_type(void)
{
    static const struct {
        const char *object, *key, *json;
    } wrong[] = {
        {NULL, "seed", "7"},
        {NULL, "seed", "\"07\""},
        {NULL, "seed", "\"18446744073709551616\""},
        {NULL, "scenario_sha256", "\"none\""},
        {NULL, "gain", "-1"},
        {NULL, "gain", "0.5"},
        {NULL, "gain", "\"12\""},
        {NULL, "events", "{}"},
        {NULL, "events", "[{\"kind\": \"crash\"}]"},
        {NULL, "events", "[7]"},
        {"network", "messages", "\"many\""},
        {"network", "also", "1"},
        {"work", "iterations", "null"},
        {"roots", "agree", "1"},
        {"epochs", "stalled", "0"},
        {"epochs", "virtual_ms", "{\"a\": 1}"},
        {"epochs", "view_changes", "[]"},
        {NULL, "costs", "{}"},
        {NULL, "costs", "[{\"node_id\": \"a\", \"unit\": 7, \"first\": 1.0, \"last\": 2.0}]"},
        {NULL, "costs", "[{\"node_id\": \"a\", \"unit\": null, \"first\": \"1\", \"last\": 2.0}]"},
        {NULL, "costs", "[{\"node_id\": \"a\", \"unit\": null, \"first\": 1.0}]"},
        {"nodes", "up", "\"yes\""},
        {"nodes", "height", "-7"},
        {"nodes", "restarts", "true"},
    };

    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct forgery y = {0};
        json_t *s = open_summary(&y), *object = wrong[i].object != NULL ? json_object_get(s, wrong[i].object) : s;

        if (json_is_array(object))
            object = json_array_get(object, 1);
        json_object_set_new(object, wrong[i].key, json_loads(wrong[i].json, JSON_DECODE_ANY, NULL));
        fixture_sign_summary(&good, s);
        must_find(&y, RULE_SUMMARY_FORM);
    }
}

int main(void)
{
    key_library_init();
    fixture_make(&good, 4, 3, true, 3, 5);
    fixture_make(&foreign, 4, 3, true, 1, 6);
    TAP_RUN(older_epoch_in_place_of_a_newer);
    TAP_RUN(epoch_number_jumps_far_ahead);
    TAP_RUN(file_in_the_middle_is_gone);
    TAP_RUN(last_file_is_gone);
    TAP_RUN(root_of_another_epoch_in_the_summary);
    TAP_RUN(anchor_of_another_epoch);
    TAP_RUN(anchor_signed_by_a_stranger);
    TAP_RUN(last_entry_is_cut_off);
    TAP_RUN(last_block_is_cut_off);
    TAP_RUN(two_leaves_change_places);
    TAP_RUN(first_block_is_left_out);
    TAP_RUN(proof_with_another_node);
    TAP_RUN(verdict_that_was_not_given);
    TAP_RUN(certificate_of_2f_votes);
    TAP_RUN(certificate_without_votes);
    TAP_RUN(one_signer_twice);
    TAP_RUN(vote_of_a_stranger);
    TAP_RUN(vote_of_a_participant);
    TAP_RUN(votes_for_something_else);
    TAP_RUN(all_validators_vouch_for_a_wrong_state);
    TAP_RUN(epoch_of_another_federation);
    TAP_RUN(genesis_of_another_federation);
    TAP_RUN(everything_of_another_federation);
    TAP_RUN(genesis_view_that_lies);
    TAP_RUN(summary_that_claims_more);
    TAP_RUN(summary_with_a_key_too_many);
    TAP_RUN(summary_of_another_label);
    TAP_RUN(summary_that_forgets_a_node);
    TAP_RUN(summary_changed_after_signing);
    TAP_RUN(shared_genome_of_the_recorders_own);
    TAP_RUN(genes_of_an_epoch_of_the_recorders_own);
    TAP_RUN(recorder_who_is_no_member);
    TAP_RUN(keys_in_another_order);
    TAP_RUN(observed_fields_of_any_type);
    TAP_RUN(not_json_at_all);
    TAP_RUN(another_form_of_the_same);
    TAP_RUN(more_than_the_memory_that_is_given);
    TAP_RUN(other_white_space_is_fine);
    TAP_RUN(hostile_text_is_reported);
    fixture_free(&good);
    fixture_free(&foreign);
    return tap_done();
}
