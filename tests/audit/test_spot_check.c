#include <jansson.h>
#include <string.h>

#include "crypto/key.h"
#include "evolve/workload.h"
#include "fixture.h"
#include "tap.h"

/* Claims are run again on what is disclosed, and on nothing else. The fixture's sites color queen graphs. */

enum { SITES = 3, SHARDS = 2, EPOCHS = 3, ALL = 1000 };

static struct {
    struct digest fingerprints[SITES];
    struct workload own[SITES];
    struct instance shards[SHARDS];
    unsigned hidden; /* a site that does not disclose its work; SITES: none */
    bool shards_hidden;
} disclosed;

static void disclose(uint64_t seed)
{
    const struct workload_spec spec = {.family = "queen", .instances = 1, .size_min = 5, .size_max = 5};
    struct diag diag = {0};

    for (unsigned i = 0; i < SITES; i++) {
        struct secret_key key;
        char name[16];

        snprintf(name, sizeof name, "core-%u", i);
        key_simulated(seed, name, &key);
        disclosed.fingerprints[i] = key.fingerprint;
        REQUIRE_OK(workload_build(&spec, seed, name, &disclosed.own[i], &diag));
    }
    for (unsigned i = 0; i < SHARDS; i++)
        REQUIRE_OK(workload_build_shard(&spec, seed, i, &disclosed.shards[i], &diag));
    disclosed.hidden = SITES;
    disclosed.shards_hidden = false;
}

static void forget(void)
{
    for (unsigned i = 0; i < SITES; i++)
        workload_fini(&disclosed.own[i]);
    for (unsigned i = 0; i < SHARDS; i++)
        instance_fini(&disclosed.shards[i]);
}

static const struct instance *own(void *context, const struct member *member, unsigned *count)
{
    (void)context;
    for (unsigned i = 0; i < SITES; i++) {
        if (i == disclosed.hidden || !digest_equal(&disclosed.fingerprints[i], &member->fingerprint))
            continue;
        *count = disclosed.own[i].count;
        return disclosed.own[i].instances;
    }
    return NULL;
}

static const struct instance *shard(void *context, unsigned number)
{
    (void)context;
    return disclosed.shards_hidden ? NULL : &disclosed.shards[number];
}

static const struct claim_work work = {.own = own, .shard = shard};

/* The genomes of updates and the costs of rows in the log, but for those of the site that discloses nothing. */
static uint64_t claims(const struct fixture *f)
{
    char hidden[16];
    uint64_t count = 0;

    snprintf(hidden, sizeof hidden, "core-%u", disclosed.hidden);
    for (unsigned i = 0; i < f->epoch_count; i++) {
        json_t *file = text_open(&f->epochs[i]), *entry;
        size_t at;

        json_array_foreach(json_object_get(file, "entries"), at, entry)
        {
            const json_t *body = json_object_get(json_object_get(entry, "decoded"), "body");

            if (strcmp(json_string_value(json_object_get(entry, "node_id")), hidden) != 0)
                count +=
                    json_array_size(json_object_get(body, "genomes")) + json_array_size(json_object_get(body, "costs"));
        }
        json_decref(file);
    }
    return count;
}

static void run_all_again(const struct fixture *f, struct audit_report *report)
{
    struct audit_rehearsal rehearsal = fixture_rehearsal(f, &work);
    struct audit_options options = {.spot_checks = ALL, .rehearsal_count = 1, .rehearsals = &rehearsal};

    fixture_audit_with(f, &options, report);
}

/* How many claims passed, failed, and whether nothing could be checked. */
static void expect(const struct fixture *f, uint64_t wanted, uint64_t passed, uint64_t failed, bool skipped)
{
    struct audit_rehearsal rehearsal = fixture_rehearsal(f, &work);
    struct audit_options options = {.spot_checks = wanted, .rehearsal_count = 1, .rehearsals = &rehearsal};
    struct audit_report report = {0};
    const struct audit_section *s;

    fixture_audit_with(f, &options, &report);
    s = &report.sections[report.section_count - 1];
    CHECK_EQ_U64(s->passed[RULE_WORK_CLAIMS], passed);
    CHECK_EQ_U64(s->failed[RULE_WORK_CLAIMS], failed);
    CHECK((s->skipped[RULE_WORK_CLAIMS] != NULL) == skipped);
    CHECK(s->open[RULE_WORK_CLAIMS] == skipped);
    CHECK(failed > 0 || audit_verdict(&report) == (skipped ? AUDIT_CONSISTENT : AUDIT_COMPLIANT));
    CHECK_EQ_U64(report.finding_count, failed);
    for (size_t i = 0; i < report.finding_count; i++) {
        CHECK_EQ_I64(report.findings[i].rule, RULE_WORK_CLAIMS);
        CHECK(strncmp(report.findings[i].text, "core-1 claims a cost of ", 24) == 0);
        CHECK(strncmp(report.findings[i].pointer, "/entries/", 9) == 0);
    }
    audit_report_free(&report);
}

static void the_claims_of_the_honest_are_so(void)
{
    struct fixture f;

    fixture_make(&f, SITES, 2, false, EPOCHS, 11);
    disclose(11);
    CHECK(claims(&f) > 2 * SITES * EPOCHS);
    expect(&f, ALL, claims(&f), 0, false);
    expect(&f, claims(&f), claims(&f), 0, false);
    expect(&f, 2, 2, 0, false);
    disclosed.hidden = 0;
    expect(&f, ALL, claims(&f), 0, false);
    fixture_free(&f);
    forget();
}

/* A site that had a shard of somebody's is not judged without it. */
static void all_of_the_work_must_be_there(void)
{
    struct audit_report report = {0};
    struct fixture f;

    fixture_make(&f, SITES, 2, false, EPOCHS, 12);
    disclose(12);
    disclosed.shards_hidden = true;
    run_all_again(&f, &report);
    CHECK(report.sections[report.section_count - 1].passed[RULE_WORK_CLAIMS] < claims(&f));
    CHECK_EQ_U64(report.finding_count, 0);
    audit_report_free(&report);
    fixture_free(&f);
    forget();
}

static void false_claims_are_found(void)
{
    struct fixture f;

    fixture_make_eventful(&f, SITES, 2, false,
                          "{\"kind\": \"lie\", \"node\": \"core-1\", \"behaviour\": \"inflated_claims\", \"epoch\": 4}",
                          EPOCHS, 13);
    disclose(13);
    expect(&f, ALL, claims(&f) - 2, 2, false);
    disclosed.hidden = 1;
    expect(&f, ALL, claims(&f), 0, false);
    fixture_free(&f);
    forget();
}

/* By the costs in them. */
static void false_rows_are_found(void)
{
    struct audit_report report = {0};
    struct fixture f;

    fixture_make_eventful(&f, SITES, 2, false,
                          "{\"kind\": \"lie\", \"node\": \"core-1\", \"behaviour\": \"ipm_scores\", \"epoch\": 5}",
                          EPOCHS, 17);
    disclose(17);
    run_all_again(&f, &report);
    CHECK(report.finding_count > 1);
    for (size_t i = 0; i < report.finding_count; i++) {
        CHECK(strncmp(report.findings[i].text, "core-1 claims a cost of ", 24) == 0);
        CHECK(strstr(report.findings[i].file, "epoch_005") != NULL);
    }
    audit_report_free(&report);
    fixture_free(&f);
    forget();
}

static void nothing_disclosed_is_nothing_checked(void)
{
    struct fixture f;

    fixture_make(&f, SITES, 2, false, EPOCHS, 14);
    disclose(15); /* of another federation */
    expect(&f, ALL, 0, 0, true);
    fixture_free(&f);
    forget();
}

/* Work of another scenario, or with another seed, is other work: nobody honest may be accused by it. */
static void the_work_of_another_run_is_refused(void)
{
    struct fixture f;

    fixture_make(&f, SITES, 2, false, EPOCHS, 11);
    disclose(11);
    for (unsigned i = 0; i < 3; i++) {
        struct audit_rehearsal rehearsal = fixture_rehearsal(&f, &work);
        struct audit_options options = {.spot_checks = ALL, .rehearsal_count = 1, .rehearsals = &rehearsal};
        struct audit_report report = {0};
        char hex[2 * DIGEST_SIZE + 1], other[2 * DIGEST_SIZE + 1];

        digest_hex(&rehearsal.scenario, hex);
        rehearsal.scenario.b[3] ^= i == 0;
        rehearsal.seed += i == 1;
        rehearsal.federation_id.b[3] ^= i == 2;
        digest_hex(&rehearsal.scenario, other);
        fixture_audit_with(&f, &options, &report);
        const struct audit_section *s = &report.sections[0];
        CHECK_EQ_U64(report.finding_count, 0);
        CHECK_EQ_U64(s->passed[RULE_WORK_CLAIMS], 0);
        CHECK_EQ_I64(audit_verdict(&report), AUDIT_CONSISTENT);
        if (CHECK(s->open[RULE_WORK_CLAIMS]))
            CHECK(strstr(s->skipped[RULE_WORK_CLAIMS], hex) != NULL &&
                  strstr(s->skipped[RULE_WORK_CLAIMS], other) != NULL);
        audit_report_free(&report);
    }
    fixture_free(&f);
    forget();
}

/* Whoever names the right run and has the wrong graphs for it: genesis names the right ones. */
static void other_work_accuses_nobody(void)
{
    struct audit_report report = {0};
    struct fixture f;
    struct digest fingerprints[SITES];
    struct instance shards[SHARDS];

    fixture_make(&f, SITES, 2, false, EPOCHS, 11);
    disclose(11);
    memcpy(fingerprints, disclosed.fingerprints, sizeof fingerprints);
    forget();
    disclose(15);
    memcpy(disclosed.fingerprints, fingerprints, sizeof fingerprints);
    expect(&f, ALL, 0, 0, true);
    memcpy(shards, disclosed.shards, sizeof shards);
    for (unsigned i = 0; i < SITES; i++)
        workload_fini(&disclosed.own[i]);
    disclose(11);
    for (unsigned i = 0; i < SHARDS; i++) {
        instance_fini(&disclosed.shards[i]);
        disclosed.shards[i] = shards[i];
    }
    run_all_again(&f, &report);
    CHECK_EQ_U64(report.finding_count, 0);
    CHECK(report.sections[report.section_count - 1].passed[RULE_WORK_CLAIMS] < claims(&f));
    audit_report_free(&report);
    fixture_free(&f);
    forget();
}

int main(void)
{
    key_library_init();
    TAP_RUN(the_claims_of_the_honest_are_so);
    TAP_RUN(all_of_the_work_must_be_there);
    TAP_RUN(false_claims_are_found);
    TAP_RUN(false_rows_are_found);
    TAP_RUN(nothing_disclosed_is_nothing_checked);
    TAP_RUN(the_work_of_another_run_is_refused);
    TAP_RUN(other_work_accuses_nobody);
    return tap_done();
}
