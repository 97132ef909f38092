#include <jansson.h>

#include "base/text.h"
#include "fixture.h"
#include "ledger/epoch_file.h"
#include "tap.h"

/* Who may sign an anchor or a summary: keys and standing are those of the epoch that is signed, not those of the log's
 * end. In `moving` the key of core-1 is rotated with the end of the first epoch and core-3 leaves with the end of the
 * second; in `lagging` core-3 stops in the first epoch, is absent, and quarantined when the last epoch closes. */

static struct fixture moving, lagging;

enum { EPOCH_FIRST, EPOCH_SECOND, EPOCH_THIRD, EPOCH_LAST };

static void sign_anew(struct fixture *f, unsigned epoch, const char *key_label)
{
    json_t *value = text_open(&f->epochs[epoch]);
    struct secret_key key;
    struct anchor_statement anchor;
    struct cose_sign1 cose;
    struct buf old = {0}, signature = {0};

    REQUIRE_OK(base64_decode(bytes_of_text(json_string_value(json_object_get(value, "signature"))), &old));
    REQUIRE_OK(anchor_parse(bytes_of_buf(&old), &anchor, &cose));
    key_simulated(f->seed, key_label, &key);
    anchor_sign(&key, &anchor, &signature);
    json_object_set_new(value, "signature", json_base64(bytes_of_buf(&signature)));
    text_close(&f->epochs[epoch], value);
    buf_free(&old);
    buf_free(&signature);
}

/* Is the anchor good when it is signed with this key? */
static bool may_sign(const struct fixture *of, unsigned epoch, const char *key_label)
{
    struct audit_report report = {0};
    struct fixture f = {0};
    bool may;

    fixture_copy(&f, of);
    sign_anew(&f, epoch, key_label);
    fixture_audit(&f, &report);
    CHECK(!report_has(&report, RULE_ANCHOR_BINDING));
    may = !report_has(&report, RULE_ANCHOR_SIGNATURE);
    audit_report_free(&report);
    fixture_free(&f);
    return may;
}

static void must_be_compliant(const struct fixture *f)
{
    struct audit_report report = {0};

    fixture_audit(f, &report);
    CHECK_EQ_U64(report.finding_count, 0);
    report_note(&report);
    audit_report_free(&report);
}

static void what_honest_recorders_sign(void)
{
    must_be_compliant(&moving);
    must_be_compliant(&lagging);
}

static void the_key_of_then(void)
{
    CHECK(may_sign(&moving, EPOCH_FIRST, "core-1"));
    CHECK(!may_sign(&moving, EPOCH_SECOND, "core-1"));
    CHECK(!may_sign(&moving, EPOCH_LAST, "core-1"));
}

static void the_key_of_later(void)
{
    CHECK(!may_sign(&moving, EPOCH_FIRST, "core-1, another key"));
    CHECK(may_sign(&moving, EPOCH_SECOND, "core-1, another key"));
    CHECK(may_sign(&moving, EPOCH_LAST, "core-1, another key"));
}

static void a_member_that_has_left(void)
{
    CHECK(may_sign(&moving, EPOCH_FIRST, "core-3"));
    CHECK(may_sign(&moving, EPOCH_SECOND, "core-3")); /* its last one */
    CHECK(!may_sign(&moving, EPOCH_THIRD, "core-3"));
}

static void a_member_in_quarantine(void)
{
    CHECK(may_sign(&lagging, EPOCH_FIRST, "core-3"));
    CHECK(may_sign(&lagging, EPOCH_SECOND, "core-3")); /* absent */
    CHECK(!may_sign(&lagging, EPOCH_LAST, "core-3"));
}

/* Does the audit take this member as the recorder? */
static bool may_record(const struct fixture *of, const char *name, const char *key_label)
{
    struct audit_report report = {0};
    struct fixture f = {0};
    struct secret_key key;
    json_t *value, *recorder;
    bool may;

    fixture_copy(&f, of);
    key_simulated(f.seed, key_label, &key);
    value = text_open(&f.summary);
    recorder = json_object_get(value, "recorder");
    json_object_set_new(recorder, "node_id", json_string(name));
    json_object_set_new(recorder, "node_fingerprint", json_hex(digest_bytes(&key.fingerprint)));
    json_object_set_new(recorder, "public_key", json_hex(bytes_of(key.public.b, KEY_PUBLIC_SIZE)));
    summary_sign_anew(value, &key);
    text_close(&f.summary, value);
    fixture_audit(&f, &report);
    may = report.finding_count == 0;
    CHECK(may || report_has(&report, RULE_SUMMARY_SIGNATURE));
    audit_report_free(&report);
    fixture_free(&f);
    return may;
}

static void the_recorder_when_the_log_ends(void)
{
    CHECK(may_record(&moving, "core-2", "core-2"));
    CHECK(may_record(&moving, "core-1", "core-1, another key"));
    CHECK(!may_record(&moving, "core-1", "core-1"));
    CHECK(!may_record(&moving, "core-3", "core-3"));
    CHECK(!may_record(&lagging, "core-3", "core-3"));
}

/* Whoever is the first choice to record has a new key in the middle, leaves, lies, or has come late. */
static void honest_runs_with_any_recorder(void)
{
    static const char *const events[] = {
        "{\"kind\": \"rotate_key\", \"node\": \"core-0\", \"epoch\": 4}",
        "{\"kind\": \"leave\", \"node\": \"core-0\", \"epoch\": 4}",
        "{\"kind\": \"lie\", \"node\": \"core-0\", \"behaviour\": \"stale\", \"at_ms\": 10},"
        "{\"kind\": \"lie\", \"node\": \"core-1\", \"behaviour\": \"stale\", \"at_ms\": 10},"
        "{\"kind\": \"lie\", \"node\": \"core-2\", \"behaviour\": \"stale\", \"at_ms\": 10},"
        "{\"kind\": \"lie\", \"node\": \"core-3\", \"behaviour\": \"stale\", \"at_ms\": 10},"
        "{\"kind\": \"rotate_key\", \"node\": \"core-0\", \"epoch\": 4}",
    };

    for (unsigned i = 0; i < sizeof events / sizeof events[0]; i++) {
        struct fixture f = {0};

        fixture_make_eventful(&f, 4, 3, false, events[i], 4, 80 + i);
        must_be_compliant(&f);
        fixture_free(&f);
    }
}

/* The one node that has never lied is no member yet, or has come when some epochs were over. */
static void honest_runs_with_a_newcomer(void)
{
    static const char *const after_ms[] = {"100", "60000"};

    for (unsigned i = 0; i < 2; i++) {
        struct fixture f = {0};
        struct buf events = {0};

        buf_printf(&events,
                   "{\"kind\": \"lie\", \"node\": \"core-0\", \"behaviour\": \"stale\", \"at_ms\": 10},"
                   "{\"kind\": \"join\", \"node\": \"edge-0\", \"epoch\": 4, \"after_ms\": %s}",
                   after_ms[i]);
        fixture_make_eventful(&f, 1, 1, true, buf_text(&events), 4, 90);
        must_be_compliant(&f);
        fixture_free(&f);
        buf_free(&events);
    }
}

int main(void)
{
    key_library_init();
    fixture_make_eventful(&moving, 5, 4, false,
                          "{\"kind\": \"rotate_key\", \"node\": \"core-1\", \"epoch\": 3},"
                          "{\"kind\": \"leave\", \"node\": \"core-3\", \"epoch\": 4}",
                          4, 77);
    fixture_make_eventful(&lagging, 4, 3, false, "{\"kind\": \"crash\", \"node\": \"core-3\", \"epoch\": 3}", 4, 78);
    TAP_RUN(what_honest_recorders_sign);
    TAP_RUN(the_key_of_then);
    TAP_RUN(the_key_of_later);
    TAP_RUN(a_member_that_has_left);
    TAP_RUN(a_member_in_quarantine);
    TAP_RUN(the_recorder_when_the_log_ends);
    TAP_RUN(honest_runs_with_any_recorder);
    TAP_RUN(honest_runs_with_a_newcomer);
    fixture_free(&moving);
    fixture_free(&lagging);
    return tap_done();
}
