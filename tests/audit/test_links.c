#include <jansson.h>

#include "base/text.h"
#include "codec/cbor.h"
#include "fixture.h"
#include "ledger/link.h"
#include "tap.h"

/* A log in which the voters change: a key is rotated, a validator leaves. What a forger may do to the links. */

static struct fixture good;

static const char EVENTS[] = "{\"kind\": \"rotate_key\", \"node\": \"core-1\", \"epoch\": 3},"
                             "{\"kind\": \"leave\", \"node\": \"core-3\", \"epoch\": 4}";

static void audit(const struct fixture *f, struct audit_report *report)
{
    *report = (struct audit_report){0};
    fixture_audit(f, report);
}

static void must_find(struct fixture *f, enum audit_rule rule)
{
    struct audit_report report;

    audit(f, &report);
    if (!CHECK(report_has(&report, rule))) {
        tap_note("wanted %s", audit_rule_info(rule)->code);
        report_note(&report);
    }
    audit_report_free(&report);
    fixture_free(f);
}

/* Changes next_voters/set of an epoch's file. */
static void put_set(struct fixture *f, unsigned epoch, const struct voter_set *set)
{
    json_t *value = text_open(&f->epochs[epoch]), *next = json_object_get(value, "next_voters");
    struct buf bytes = {0};

    voter_set_encode(set, &bytes);
    if (!json_is_object(next)) {
        json_object_set_new(value, "next_voters", json_object());
        next = json_object_get(value, "next_voters");
    }
    json_object_set_new(next, "set", json_base64(bytes_of_buf(&bytes)));
    text_close(&f->epochs[epoch], value);
    buf_free(&bytes);
}

static void get_set(const struct fixture *f, unsigned epoch, struct voter_set *set)
{
    json_t *value = text_open(&f->epochs[epoch]);
    struct buf bytes = {0};

    const char *text = json_string_value(json_object_get(json_object_get(value, "next_voters"), "set"));
    REQUIRE(text != NULL);
    REQUIRE_OK(base64_decode(bytes_of_text(text), &bytes));
    REQUIRE_OK(voter_set_decode(bytes_of_buf(&bytes), set));
    json_decref(value);
    buf_free(&bytes);
}

static void the_links_hold(void)
{
    struct audit_report report;
    struct voter_set first, second;

    audit(&good, &report);
    for (enum audit_rule rule = 0; rule < AUDIT_RULE_COUNT; rule++)
        CHECK(!report_has(&report, rule));
    audit_report_free(&report);
    get_set(&good, 0, &first);
    get_set(&good, 1, &second);
    CHECK_EQ_U64(first.membership_epoch, 2);
    CHECK_EQ_U64(first.count, 5);
    CHECK_EQ_U64(second.membership_epoch, 3);
    CHECK_EQ_U64(second.count, 4);
    CHECK_EQ_U64(second.quorum, 3);
}

static void other_voters_than_the_header_names(void)
{
    struct fixture f = {0};
    struct voter_set set;

    fixture_copy(&f, &good);
    get_set(&f, 0, &set);
    set.quorum = 5;
    put_set(&f, 0, &set);
    must_find(&f, RULE_BLOCK_LINK);
}

static void a_link_is_left_out(void)
{
    struct fixture f = {0};

    fixture_copy(&f, &good);
    json_t *value = text_open(&f.epochs[0]);
    json_object_set_new(value, "next_voters", json_null());
    text_close(&f.epochs[0], value);
    must_find(&f, RULE_BLOCK_LINK);
}

static void a_link_too_many(void)
{
    struct fixture f = {0};
    struct voter_set set;

    fixture_copy(&f, &good);
    get_set(&f, 1, &set);
    put_set(&f, 2, &set); /* nothing closes there */
    must_find(&f, RULE_EPOCH_VIEW);
}

static void the_link_of_another_epoch(void)
{
    struct fixture f = {0};
    struct voter_set set;

    fixture_copy(&f, &good);
    get_set(&f, 1, &set);
    put_set(&f, 0, &set);
    must_find(&f, RULE_BLOCK_LINK);
}

static void what_is_shown_of_the_voters_is_theirs(void)
{
    struct fixture f = {0};

    fixture_copy(&f, &good);
    json_t *value = text_open(&f.epochs[1]);
    json_object_set_new(json_object_get(json_object_get(value, "next_voters"), "decoded"), "quorum", json_integer(2));
    text_close(&f.epochs[1], value);
    must_find(&f, RULE_EPOCH_VIEW);
}

/* Who records has lost its disk: its ledger is one that others gave back to it. */
static void a_ledger_that_was_lost_and_came_back(void)
{
    static const char events[] = "{\"kind\": \"wipe\", \"node\": \"core-0\", \"epoch\": 4, \"after_ms\": 100}";
    struct audit_report report;
    struct fixture f = {0};

    fixture_make_eventful(&f, 4, 3, false, events, 4, 78);
    audit(&f, &report);
    for (enum audit_rule rule = 0; rule < AUDIT_RULE_COUNT; rule++)
        CHECK(!report_has(&report, rule));
    audit_report_free(&report);
    fixture_free(&f);
}

int main(void)
{
    key_library_init();
    fixture_make_eventful(&good, 5, 4, false, EVENTS, 4, 77);
    TAP_RUN(the_links_hold);
    TAP_RUN(other_voters_than_the_header_names);
    TAP_RUN(a_link_is_left_out);
    TAP_RUN(a_link_too_many);
    TAP_RUN(the_link_of_another_epoch);
    TAP_RUN(what_is_shown_of_the_voters_is_theirs);
    TAP_RUN(a_ledger_that_was_lost_and_came_back);
    fixture_free(&good);
    return tap_done();
}
