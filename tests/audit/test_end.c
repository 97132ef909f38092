#include <jansson.h>

#include "fixture.h"
#include "ledger/end.h"
#include "base/text.h"
#include "tap.h"

/* Where does the log end? A recorder who leaves out the last epochs signs a summary without them: everything that is
 * left agrees. `whole` and `cut` are runs of one federation, of three epochs and of the first two of them; so the files
 * of `cut`, but for its end, are what such a recorder would make of `whole`. */

static struct fixture whole, cut;

enum { VALIDATORS = 4 };

/* Replaces the signatures in the summary's end, in the order that is given, and signs the summary anew. Steals. */
static void put_signatures(struct fixture *f, json_t *signatures)
{
    json_t *summary = text_open(&f->summary), *end = json_object_get(summary, "end"), *signers = json_array();
    struct end_statement statement;
    struct cose_sign1 cose;
    size_t i;
    json_t *item;

    json_array_foreach(signatures, i, item)
    {
        struct buf bytes = {0};
        json_t *name = json_null();

        REQUIRE_OK(base64_decode(bytes_of_text(json_string_value(item)), &bytes));
        REQUIRE_OK(end_parse(bytes_of_buf(&bytes), &statement, &cose));
        for (unsigned v = 0; v <= VALIDATORS; v++) {
            struct secret_key key;
            char label[16];

            snprintf(label, sizeof label, v < VALIDATORS ? "core-%u" : "edge-0", v);
            key_simulated(f->seed, label, &key);
            if (digest_equal(&key.fingerprint, &cose.kid))
                name = json_string(label);
        }
        json_array_append_new(signers, name);
        buf_free(&bytes);
    }
    json_object_set_new(end, "signatures", signatures);
    json_object_set_new(end, "signers", signers);
    fixture_sign_summary(f, summary);
    text_close(&f->summary, summary);
}

static json_t *signatures_of(const struct fixture *f)
{
    json_t *summary = text_open(&f->summary);
    json_t *out = json_incref(json_object_get(json_object_get(summary, "end"), "signatures"));

    json_decref(summary);
    return out;
}

/* What the auditor makes of these files with these signatures, the federation being trusted. Steals. */
static void expect(const struct fixture *of, json_t *signatures, enum audit_verdict verdict)
{
    struct fixture f = {0};
    struct audit_rehearsal rehearsal = fixture_rehearsal(of, NULL);
    struct audit_options options = {.rehearsal_count = 1, .rehearsals = &rehearsal};
    struct audit_report report = {0};

    fixture_copy(&f, of);
    put_signatures(&f, signatures);
    fixture_audit_with(&f, &options, &report);
    if (!CHECK_EQ_I64(audit_verdict(&report), verdict))
        report_note(&report);
    CHECK(report.sections[0].open[RULE_LOG_END] == (verdict == AUDIT_CONSISTENT));
    CHECK(report_has(&report, RULE_LOG_END) == (verdict == AUDIT_NOT_COMPLIANT));
    for (size_t i = 0; i < report.finding_count; i++)
        CHECK_EQ_I64(report.findings[i].rule, RULE_LOG_END);
    audit_report_free(&report);
    fixture_free(&f);
}

static json_t *some_of(json_t *signatures, size_t count)
{
    while (json_array_size(signatures) > count)
        json_array_remove(signatures, json_array_size(signatures) - 1);
    return signatures;
}

static void the_end_that_all_vouch_for(void)
{
    expect(&whole, signatures_of(&whole), AUDIT_COMPLIANT);
    expect(&cut, signatures_of(&cut), AUDIT_COMPLIANT);
    expect(&whole, some_of(signatures_of(&whole), 3), AUDIT_COMPLIANT); /* a quorum */
}

static void nobody_vouches_for_the_end(void)
{
    expect(&cut, json_array(), AUDIT_CONSISTENT);
}

static void fewer_than_a_quorum_vouch(void)
{
    expect(&cut, some_of(signatures_of(&cut), 1), AUDIT_CONSISTENT);
    expect(&cut, some_of(signatures_of(&cut), 2), AUDIT_CONSISTENT);
}

static void they_vouch_for_a_later_end(void)
{
    expect(&cut, signatures_of(&whole), AUDIT_NOT_COMPLIANT);
    expect(&cut, some_of(signatures_of(&whole), 1), AUDIT_NOT_COMPLIANT);
}

static void they_vouched_for_an_earlier_end(void)
{
    expect(&whole, signatures_of(&cut), AUDIT_NOT_COMPLIANT);
}

static void one_validator_thrice(void)
{
    json_t *one = signatures_of(&cut);

    some_of(one, 1);
    json_array_append(one, json_array_get(one, 0));
    json_array_append(one, json_array_get(one, 0));
    expect(&cut, one, AUDIT_NOT_COMPLIANT);
}

/* Of the right end, with the keys of a participant, or of nobody. */
static void who_has_no_vote(void)
{
    static const char *const labels[] = {"edge-0", "nobody"};

    for (unsigned i = 0; i < 2; i++) {
        json_t *signatures = signatures_of(&cut);
        struct buf bytes = {0}, signature = {0};
        struct end_statement statement;
        struct cose_sign1 cose;
        struct secret_key key;

        REQUIRE_OK(base64_decode(bytes_of_text(json_string_value(json_array_get(signatures, 0))), &bytes));
        REQUIRE_OK(end_parse(bytes_of_buf(&bytes), &statement, &cose));
        key_simulated(cut.seed, labels[i], &key);
        end_sign(&key, &statement, &signature);
        json_array_append_new(signatures, json_base64(bytes_of_buf(&signature)));
        expect(&cut, signatures, AUDIT_NOT_COMPLIANT);
        buf_free(&bytes);
        buf_free(&signature);
    }
}

static void a_signature_that_does_not_verify(void)
{
    json_t *signatures = signatures_of(&cut);
    struct buf bytes = {0};

    REQUIRE_OK(base64_decode(bytes_of_text(json_string_value(json_array_get(signatures, 2))), &bytes));
    bytes.data[bytes.len - 40] ^= 1;
    json_array_set_new(signatures, 2, json_base64(bytes_of_buf(&bytes)));
    expect(&cut, signatures, AUDIT_NOT_COMPLIANT);
    buf_free(&bytes);
}

/* The summary says of the epoch that is left out that it did not end, or never began. */
static void an_epoch_called_stalled(void)
{
    for (unsigned honest_end = 0; honest_end < 2; honest_end++) {
        struct fixture f = {0};
        struct audit_rehearsal rehearsal = fixture_rehearsal(&cut, NULL);
        struct audit_options options = {.rehearsal_count = 1, .rehearsals = &rehearsal};
        struct audit_report report = {0};

        fixture_copy(&f, &cut);
        json_t *summary = text_open(&f.summary), *epochs = json_object_get(summary, "epochs");
        json_t *stalled = json_deep_copy(json_array_get(epochs, 1));
        static const char *const zero[] = {"aggregated_delta", "participants", "stale",        "absent",
                                           "quarantined",      "convicted",    "false_claims", "shards_moved"};
        static const char *const null[] = {"ledger_merkle", "signature", "incumbent"};

        for (unsigned i = 0; i < sizeof zero / sizeof zero[0]; i++)
            json_object_set_new(stalled, zero[i], json_integer(0));
        for (unsigned i = 0; i < sizeof null / sizeof null[0]; i++)
            json_object_set_new(stalled, null[i], json_null());
        json_object_set_new(stalled, "epoch", json_integer(5));
        json_object_set_new(stalled, "quorum_reached", json_false());
        json_object_set_new(stalled, "anchored", json_false());
        json_object_set_new(stalled, "stalled", json_true());
        json_object_set_new(stalled, "shards", json_object());
        json_object_set_new(stalled, "aligned_updates", json_array());
        json_array_append_new(epochs, stalled);
        json_object_set_new(summary, "epoch_count", json_integer(3));
        text_close(&f.summary, summary);
        put_signatures(&f, honest_end ? signatures_of(&whole) : json_array());
        fixture_audit_with(&f, &options, &report);
        CHECK_EQ_I64(audit_verdict(&report), honest_end ? AUDIT_NOT_COMPLIANT : AUDIT_CONSISTENT);
        CHECK_EQ_U64(report.finding_count, honest_end ? 4 : 0);
        report_note(&report);
        audit_report_free(&report);
        fixture_free(&f);
    }
}

/* Genesis alone is not compliant, whatever the summary says. */
static void a_log_of_which_nothing_is_left(void)
{
    struct audit_rehearsal rehearsal = fixture_rehearsal(&cut, NULL);
    struct audit_options options = {.rehearsal_count = 1, .rehearsals = &rehearsal};
    struct audit_report report = {0};
    struct fixture f = {0};

    fixture_copy(&f, &cut);
    f.epoch_count = 0;
    fixture_audit_with(&f, &options, &report);
    CHECK(report.sections[0].open[RULE_EPOCH_ORDER]);
    CHECK(report_has(&report, RULE_LOG_END));
    CHECK(audit_verdict(&report) == AUDIT_NOT_COMPLIANT);
    audit_report_free(&report);
    fixture_free(&f);
}

int main(void)
{
    key_library_init();
    fixture_make(&whole, VALIDATORS, 3, true, 3, 51);
    fixture_make(&cut, VALIDATORS, 3, true, 2, 51);
    TAP_RUN(the_end_that_all_vouch_for);
    TAP_RUN(nobody_vouches_for_the_end);
    TAP_RUN(fewer_than_a_quorum_vouch);
    TAP_RUN(they_vouch_for_a_later_end);
    TAP_RUN(they_vouched_for_an_earlier_end);
    TAP_RUN(one_validator_thrice);
    TAP_RUN(who_has_no_vote);
    TAP_RUN(a_signature_that_does_not_verify);
    TAP_RUN(an_epoch_called_stalled);
    TAP_RUN(a_log_of_which_nothing_is_left);
    fixture_free(&whole);
    fixture_free(&cut);
    return tap_done();
}
