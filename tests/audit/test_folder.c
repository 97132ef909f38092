#include <fcntl.h>
#include <jansson.h>
#include <sys/stat.h>

#include "base/file.h"
#include "crypto/key.h"
#include "fixture.h"
#include "tap.h"

/* What the audit makes of a folder: which files belong together, which are missing, which are too many. */

static struct fixture good;
static char folder[] = "/tmp/audit-folder-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[256];

    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const struct buf *text)
{
    struct diag diag = {0};

    CHECK_OK(file_write(in_folder(name), bytes_of_buf(text), &diag));
}

static void make_folder(const char *name)
{
    struct diag diag = {0};

    CHECK_OK(file_make_folder(in_folder(name), &diag));
}

static void put_all(void)
{
    make_folder("simulations");
    make_folder("ledger/x");
    put("simulations/epoch_summary_x.json", &good.summary);
    put("ledger/x/genesis.json", &good.genesis);
    put("ledger/x/epoch_003.json", &good.epochs[0]);
    put("ledger/x/epoch_004.json", &good.epochs[1]);
}

/* Audits the folder; the rule (or none, AUDIT_RULE_COUNT) must be the only one that fails. */
static void expect(enum audit_rule rule)
{
    struct audit_options options = {0};
    struct audit_report report = {0};
    struct diag diag = {0};

    REQUIRE_OK(audit_folder(folder, &options, &report, &diag));
    CHECK_EQ_U64(report.finding_count, rule == AUDIT_RULE_COUNT ? 0 : 1);
    if (rule != AUDIT_RULE_COUNT)
        CHECK(report_has(&report, rule));
    report_note(&report);
    audit_report_free(&report);
}

static void whole_folder_is_compliant(void)
{
    put_all();
    expect(AUDIT_RULE_COUNT);
}

static void a_file_too_many(void)
{
    static const char *const names[] = {"simulations/notes.txt",
                                        "ledger/x/epoch_3.json",
                                        "ledger/x/epoch_003.json.new",
                                        "ledger/x/epoch_0003.json",
                                        "ledger/x/readme",
                                        "ledger/readme",
                                        "ledger/x/Genesis.json",
                                        "ledger/x/epoch_summary_x.json"};

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        put(names[i], &good.summary);
        expect(RULE_FILE_EXTRA);
        unlink(in_folder(names[i]));
    }
}

/* One of the two would be read by nobody. */
static void two_files_for_one_thing(void)
{
    struct buf text = {0};
    struct audit_options options = {0};
    struct audit_report report = {0};
    struct diag diag = {0};

    buf_add(&text, good.summary.data, good.summary.len);
    put("simulations/epoch_summary.json", &text);
    put("ledger/genesis.json", &good.genesis);
    put("ledger/epoch_003.json", &good.epochs[0]);
    put("ledger/epoch_004.json", &good.epochs[1]);
    put("simulations/epoch_summary_default.json", &text);
    REQUIRE_OK(audit_folder(folder, &options, &report, &diag));
    CHECK(report_has(&report, RULE_FILE_EXTRA));
    report_note(&report);
    audit_report_free(&report);
    unlink(in_folder("simulations/epoch_summary_default.json"));
    unlink(in_folder("simulations/epoch_summary.json"));
    unlink(in_folder("ledger/genesis.json"));
    unlink(in_folder("ledger/epoch_003.json"));
    unlink(in_folder("ledger/epoch_004.json"));
    make_folder("ledger/default");
    expect(RULE_FILE_EXTRA);
    put("ledger/default/genesis.json", &good.genesis);
    expect(RULE_FILE_EXTRA);
    unlink(in_folder("ledger/default/genesis.json"));
    rmdir(in_folder("ledger/default"));
    make_folder("ledger/y"); /* of a label that nothing speaks of */
    expect(RULE_FILE_EXTRA);
    rmdir(in_folder("ledger/y"));
    buf_free(&text);
}

static void a_file_too_few(void)
{
    unlink(in_folder("simulations/epoch_summary_x.json"));
    expect(RULE_FILE_MISSING);
    put_all();
    unlink(in_folder("ledger/x/genesis.json"));
    expect(RULE_FILE_MISSING);
    put_all();
}

static void a_summary_without_a_ledger(void)
{
    put("simulations/epoch_summary_y.json", &good.summary);
    expect(RULE_FILE_MISSING);
    unlink(in_folder("simulations/epoch_summary_y.json"));
}

static void report_for_people_and_programs(void)
{
    struct audit_options options = {0};
    struct audit_report report = {0};
    struct diag diag = {0};
    struct buf text = {0};

    put("ledger/x/readme", &good.summary);
    REQUIRE_OK(audit_folder(folder, &options, &report, &diag));
    audit_report_text(&report, &text);
    CHECK(strstr(buf_text(&text), "FAIL PF-FILE-EXTRA: ") != NULL);
    CHECK(strstr(buf_text(&text), "not checked: PF-WORK-CLAIMS: ") != NULL);
    CHECK(strstr(buf_text(&text), "OPEN: PF-GENESIS-TRUST: ") != NULL);
    CHECK(strstr(buf_text(&text), "the keys are simulated") != NULL);
    CHECK(strstr(buf_text(&text), "verdict: NOT compliant, 1 finding\n") != NULL);
    json_t *value = audit_report_json(&report);
    CHECK(json_is_false(json_object_get(value, "compliant")));
    CHECK_EQ_U64(json_array_size(json_object_get(value, "findings")), 1);
    CHECK_EQ_U64(json_array_size(json_object_get(value, "sections")), 2);
    json_decref(value);
    buf_free(&text);
    audit_report_free(&report);
    unlink(in_folder("ledger/x/readme"));
}

/* What the words are, and that each rule of each section is in one state, for people and for programs. */
static void verdict_of(const struct audit_options *options, enum audit_verdict verdict, const char *word,
                       const char *line)
{
    struct audit_report report = {0};
    struct diag diag = {0};
    struct buf text = {0};
    json_t *value, *section, *rule;
    size_t i, k;

    REQUIRE_OK(audit_folder(folder, options, &report, &diag));
    CHECK_EQ_I64(audit_verdict(&report), verdict);
    audit_report_text(&report, &text);
    if (!CHECK(strstr(buf_text(&text), line) != NULL))
        tap_note("%s", buf_text(&text));
    value = audit_report_json(&report);
    CHECK(strcmp(json_string_value(json_object_get(value, "verdict")), word) == 0);
    CHECK(json_is_true(json_object_get(value, "compliant")) == (verdict == AUDIT_COMPLIANT));
    json_array_foreach(json_object_get(value, "sections"), i, section)
    {
        json_array_foreach(json_object_get(section, "rules"), k, rule)
        {
            const char *state = json_string_value(json_object_get(rule, "state"));
            bool failed = json_integer_value(json_object_get(rule, "failed")) > 0;
            bool skipped = json_is_string(json_object_get(rule, "not_checked"));
            bool passed = json_integer_value(json_object_get(rule, "passed")) > 0;

            CHECK(strcmp(state, failed    ? "failed"
                                : skipped ? "not_checked"
                                : passed  ? "passed"
                                          : "nothing_to_check") == 0);
        }
        CHECK_EQ_U64(k, AUDIT_RULE_COUNT);
    }
    json_decref(value);
    buf_free(&text);
    audit_report_free(&report);
}

static void verdicts(void)
{
    static const struct digest other = {{1}};
    struct audit_rehearsal rehearsal = fixture_rehearsal(&good, NULL);
    struct audit_options nothing = {0};
    struct audit_options federation = {.federation_count = 1, .federations = &rehearsal.federation_id};
    struct audit_options wrong = {.federation_count = 1, .federations = &other};
    struct audit_options scenario = {.rehearsal_count = 1, .rehearsals = &rehearsal};
    struct audit_options unchecked = {.rehearsal_count = 1, .rehearsals = &rehearsal, .spot_checks = 1};

    verdict_of(&nothing, AUDIT_CONSISTENT, "consistent", "verdict: consistent, and not more: 1 question is open\n");
    verdict_of(&federation, AUDIT_COMPLIANT, "compliant",
               "verdict: compliant, as a rehearsal: its keys are simulated\n");
    verdict_of(&scenario, AUDIT_COMPLIANT, "compliant", "verdict: compliant, as a rehearsal: its keys are simulated\n");
    verdict_of(&unchecked, AUDIT_CONSISTENT, "consistent", "OPEN: PF-WORK-CLAIMS: no site with a claim");
    verdict_of(&wrong, AUDIT_NOT_COMPLIANT, "not_compliant", "verdict: NOT compliant, 1 finding\n");
    rehearsal.federation_id = other;
    verdict_of(&scenario, AUDIT_CONSISTENT, "consistent", "OPEN: PF-GENESIS-TRUST: no scenario that was named");
    rehearsal = fixture_rehearsal(&good, NULL);
    rehearsal.scenario.b[9] ^= 1; /* another file that makes the same genesis */
    verdict_of(&scenario, AUDIT_CONSISTENT, "consistent", "OPEN: PF-GENESIS-TRUST: no scenario that was named");
}

/* Audits the folder; this rule fails so often, for a file with that end, and the label x is judged all the same. */
static void expect_of(enum audit_rule rule, unsigned count, const char *file)
{
    struct audit_options options = {0};
    struct audit_report report = {0};
    struct diag diag = {0};
    struct buf text = {0};
    unsigned found = 0;
    bool named = false;

    REQUIRE_OK(audit_folder(folder, &options, &report, &diag));
    for (size_t i = 0; i < report.finding_count; i++) {
        const char *end = strstr(report.findings[i].file, file);

        found += report.findings[i].rule == rule;
        named = named || (report.findings[i].rule == rule && end != NULL && strcmp(end, file) == 0);
    }
    CHECK_EQ_U64(found, count);
    if (!CHECK(named))
        report_note(&report);
    CHECK(report.section_count > 1 && report.sections[report.section_count - 1].scenario != NULL);
    audit_report_text(&report, &text);
    json_decref(audit_report_json(&report));
    audit_report_free(&report);
    buf_free(&text);
}

static void links_lead_nowhere(void)
{
    CHECK(symlink("epoch_003.json", in_folder("ledger/x/epoch_005.json")) == 0);
    expect_of(RULE_FILE_EXTRA, 1, "ledger/x/epoch_005.json");
    unlink(in_folder("ledger/x/epoch_005.json"));

    /* A file that should be there, taken from somewhere else. */
    put("elsewhere", &good.epochs[1]);
    unlink(in_folder("ledger/x/epoch_004.json"));
    CHECK(symlink("../../elsewhere", in_folder("ledger/x/epoch_004.json")) == 0);
    expect_of(RULE_FILE_EXTRA, 1, "ledger/x/epoch_004.json");
    unlink(in_folder("ledger/x/epoch_004.json"));
    unlink(in_folder("elsewhere"));
    put_all();

    /* Whole folders. */
    CHECK(symlink("x", in_folder("ledger/y")) == 0);
    expect_of(RULE_FILE_EXTRA, 1, "ledger/y");
    unlink(in_folder("ledger/y"));
    CHECK(symlink("nowhere", in_folder("simulations/epoch_summary_z.json")) == 0);
    expect_of(RULE_FILE_EXTRA, 1, "simulations/epoch_summary_z.json");
    unlink(in_folder("simulations/epoch_summary_z.json"));
}

/* It would also hang whoever opens it. */
static void a_pipe_hides_nothing(void)
{
    CHECK(mkfifo(in_folder("ledger/x/epoch_005.json"), 0600) == 0);
    put("ledger/x/readme", &good.summary);
    expect_of(RULE_FILE_EXTRA, 2, "ledger/x/epoch_005.json");
    unlink(in_folder("ledger/x/epoch_005.json"));
    unlink(in_folder("ledger/x/readme"));
}

/* A terabyte of nothing is not read; the others are. */
static void a_file_too_large(void)
{
    int fd = open(in_folder("ledger/x/epoch_005.json"), O_WRONLY | O_CREAT | O_EXCL, 0600);

    REQUIRE(fd >= 0);
    CHECK(ftruncate(fd, (off_t)1 << 38) == 0);
    close(fd);
    expect_of(RULE_FILE_FORM, 1, "ledger/x/epoch_005.json");
    unlink(in_folder("ledger/x/epoch_005.json"));
}

static void names_that_are_no_labels(void)
{
    static const char *const names[] = {"\xff", "a b", "-x", "\xc2\x9b", "a\nverdict: compliant"};
    struct buf path = {0};

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        buf_clear(&path);
        buf_printf(&path, "simulations/epoch_summary_%s.json", names[i]);
        put(buf_text(&path), &good.summary);
        expect(RULE_FILE_EXTRA);
        unlink(in_folder(buf_text(&path)));
        buf_clear(&path);
        buf_printf(&path, "ledger/%s", names[i]);
        make_folder(buf_text(&path));
        expect(RULE_FILE_EXTRA);
        rmdir(in_folder(buf_text(&path)));
    }
    buf_free(&path);
}

static void what_lies_beside_is_noted(void)
{
    struct audit_options options = {0};
    struct audit_report report = {0};
    struct diag diag = {0};

    put("hidden\033[2J", &good.summary);
    make_folder("Ledger");
    REQUIRE_OK(audit_folder(folder, &options, &report, &diag));
    CHECK_EQ_U64(report.finding_count, 0);
    REQUIRE(report.note_count == 2);
    CHECK(strstr(report.notes[0], "/Ledger lies beside") != NULL);
    CHECK(strstr(report.notes[1], "/hidden\\u{1b}[2J lies beside") != NULL);
    audit_report_free(&report);
    unlink(in_folder("hidden\033[2J"));
    rmdir(in_folder("Ledger"));
}

static void folders_that_are_unusable(void)
{
    struct audit_options options = {0};
    struct audit_report report = {0};
    struct diag diag = {0};

    CHECK_ERR(audit_folder("/nowhere/at/all", &options, &report, &diag), ERR_IO);
    CHECK_ERR(audit_folder(in_folder("simulations"), &options, &report, &diag), ERR_MISSING);
    CHECK_ERR(audit_folder(in_folder("ledger/x/genesis.json"), &options, &report, &diag), ERR_IO);
}

/* The state of one label; never one of a log that could be executed in part only. */
static void the_state_after_the_last_epoch(void)
{
    struct federation_state state = {0};
    struct audit_options options = {.label = "x", .state = &state};
    struct audit_report report = {0};
    struct diag diag = {0};
    struct buf text = {0};

    put("simulations/epoch_summary_y.json", &good.summary); /* another label's, which is not looked at */
    REQUIRE_OK(audit_folder(folder, &options, &report, &diag));
    CHECK_EQ_U64(report.finding_count, 0);
    CHECK_EQ_U64(state.epoch, 5);
    audit_report_free(&report);
    unlink(in_folder("simulations/epoch_summary_y.json"));

    state_free(&state);
    buf_add(&text, good.epochs[1].data, good.epochs[1].len - 20);
    put("ledger/x/epoch_004.json", &text);
    REQUIRE_OK(audit_folder(folder, &options, &report, &diag));
    CHECK(report.finding_count > 0);
    CHECK_EQ_U64(state.member_count, 0);
    audit_report_free(&report);
    buf_free(&text);
    put_all();

    options.label = "z";
    CHECK_ERR(audit_folder(folder, &options, &report, &diag), ERR_UNKNOWN);
    CHECK(strstr(diag.text, "\"z\"; there are x") != NULL);
    state_free(&state);
}

static void every_code_is_documented(void)
{
    struct buf text = {0}, row = {0};
    struct diag diag = {0};

    REQUIRE_OK(file_read(tap_source("docs/audit.md"), 1 << 20, &text, &diag));
    for (unsigned i = 0; i < AUDIT_RULE_COUNT; i++) {
        const struct audit_rule_info *info = audit_rule_info((enum audit_rule)i);

        buf_clear(&row);
        buf_printf(&row, "| `%s` | %s |", info->code, info->says);
        if (!CHECK(strstr(buf_text(&text), buf_text(&row)) != NULL))
            tap_note("%s", buf_text(&row));
    }
    buf_free(&text);
    buf_free(&row);
}

static void remove_all(void)
{
    static const char *const names[] = {"simulations/epoch_summary_x.json", "ledger/x/genesis.json",
                                        "ledger/x/epoch_003.json", "ledger/x/epoch_004.json"};
    static const char *const folders[] = {"simulations", "ledger/x", "ledger"};

    for (unsigned i = 0; i < 4; i++)
        unlink(in_folder(names[i]));
    for (unsigned i = 0; i < 3; i++)
        rmdir(in_folder(folders[i]));
    rmdir(folder);
}

int main(void)
{
    key_library_init();
    fixture_make(&good, 1, 1, true, 2, 9);
    if (mkdtemp(folder) == NULL)
        return 1;
    TAP_RUN(whole_folder_is_compliant);
    TAP_RUN(a_file_too_many);
    TAP_RUN(two_files_for_one_thing);
    TAP_RUN(a_file_too_few);
    TAP_RUN(a_summary_without_a_ledger);
    TAP_RUN(report_for_people_and_programs);
    TAP_RUN(verdicts);
    TAP_RUN(links_lead_nowhere);
    TAP_RUN(a_pipe_hides_nothing);
    TAP_RUN(a_file_too_large);
    TAP_RUN(names_that_are_no_labels);
    TAP_RUN(what_lies_beside_is_noted);
    TAP_RUN(folders_that_are_unusable);
    TAP_RUN(the_state_after_the_last_epoch);
    TAP_RUN(every_code_is_documented);
    remove_all();
    fixture_free(&good);
    return tap_done();
}
