#include "fixture.h"
#include "tap.h"

/* Two certified histories of one federation: each is whole by itself. The keys and the genesis of a rehearsal follow
 * from the scenario's members and its seed, so one that goes another way from its second epoch on is a fork. */

static struct fixture one, other, shorter, foreign;

/* Audits both with one watch; adds to the report, which must be zero. */
static void audit_both(const struct fixture *a, const struct fixture *b, struct audit_report *report)
{
    struct fork_watch forks = {0};
    struct audit_options options = {.forks = &forks};

    fixture_audit_with(a, &options, report);
    fixture_audit_with(b, &options, report);
    fork_watch_free(&forks);
}

static void each_alone_is_well(void)
{
    const struct fixture *const all[] = {&one, &other, &shorter, &foreign};

    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct audit_report report = {0};

        fixture_audit(all[i], &report);
        CHECK_EQ_U64(report.finding_count, 0);
        report_note(&report);
        audit_report_free(&report);
    }
}

static void a_fork_is_found_in_whatever_order(void)
{
    const struct fixture *const pairs[][2] = {{&one, &other}, {&other, &one}, {&shorter, &other}, {&other, &shorter}};

    for (unsigned i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct audit_report report = {0};

        audit_both(pairs[i][0], pairs[i][1], &report);
        CHECK_EQ_U64(report.finding_count, 1);
        if (CHECK(report_has(&report, RULE_BLOCK_FORK))) {
            CHECK(strcmp(report.findings[0].file, "epoch_004.json") == 0);
            CHECK(strstr(report.findings[0].text, "both are certified; who voted for both: core-") != NULL);
            CHECK_EQ_U64(report.findings[0].section, 1);
            CHECK(strstr(report.findings[0].text, "of them is proven to have lied") != NULL);
        }
        report_note(&report);
        audit_report_free(&report);
    }
}

/* The same once more, a part of it, and another federation are no forks. */
static void what_is_no_fork(void)
{
    const struct fixture *const pairs[][2] = {{&one, &one}, {&one, &shorter}, {&shorter, &one}, {&one, &foreign}};

    for (unsigned i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct audit_report report = {0};

        audit_both(pairs[i][0], pairs[i][1], &report);
        CHECK_EQ_U64(report.finding_count, 0);
        CHECK_EQ_U64(report.sections[1].passed[RULE_BLOCK_FORK], i < 3 ? 1 : 0);
        report_note(&report);
        audit_report_free(&report);
    }
}

/* A vote in a later view is allowed to who was not bound by the earlier one. */
static void votes_of_two_views_prove_nothing_alone(void)
{
    struct fork_watch forks = {0};
    struct audit_options options = {.forks = &forks};
    struct audit_report report = {0};

    fixture_audit_with(&one, &options, &report);
    for (unsigned i = 0; i < forks.items[0].block_count; i++)
        forks.items[0].blocks[i].view++;
    fixture_audit_with(&other, &options, &report);
    if (CHECK(report_has(&report, RULE_BLOCK_FORK))) {
        CHECK(strstr(report.findings[0].text, "who voted for both: core-") != NULL);
        CHECK(strstr(report.findings[0].text, "the certificates alone do not prove") != NULL);
    }
    audit_report_free(&report);
    fork_watch_free(&forks);
}

static void every_pair_is_compared(void)
{
    struct fork_watch forks = {0};
    struct audit_options options = {.forks = &forks};
    struct audit_report report = {0};

    fixture_audit_with(&one, &options, &report);
    fixture_audit_with(&foreign, &options, &report);
    fixture_audit_with(&shorter, &options, &report);
    fixture_audit_with(&other, &options, &report);
    CHECK_EQ_U64(report.finding_count, 2); /* against `one` and `shorter` */
    audit_report_free(&report);
    fork_watch_free(&forks);
}

int main(void)
{
    static const char lie[] =
        "{\"kind\": \"lie\", \"node\": \"core-2\", \"behaviour\": \"inverted_scores\", \"epoch\": 4}";

    key_library_init();
    fixture_make(&one, 4, 3, false, 3, 41);
    fixture_make_eventful(&other, 4, 3, false, lie, 3, 41);
    fixture_make(&shorter, 4, 3, false, 2, 41);
    fixture_make(&foreign, 4, 3, false, 2, 42);
    TAP_RUN(each_alone_is_well);
    TAP_RUN(a_fork_is_found_in_whatever_order);
    TAP_RUN(what_is_no_fork);
    TAP_RUN(votes_of_two_views_prove_nothing_alone);
    TAP_RUN(every_pair_is_compared);
    fixture_free(&one);
    fixture_free(&other);
    fixture_free(&shorter);
    fixture_free(&foreign);
    return tap_done();
}
