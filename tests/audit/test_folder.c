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
    static const char *const names[] = {
        "simulations/notes.txt",    "ledger/x/epoch_3.json", "ledger/x/epoch_003.json.new",
        "ledger/x/epoch_0003.json", "ledger/x/readme",       "ledger/readme"};

    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        put(names[i], &good.summary);
        expect(RULE_FILE_EXTRA);
        unlink(in_folder(names[i]));
    }
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
    CHECK_EQ_U64(state.epoch, 0);
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
    TAP_RUN(a_file_too_few);
    TAP_RUN(a_summary_without_a_ledger);
    TAP_RUN(report_for_people_and_programs);
    TAP_RUN(folders_that_are_unusable);
    TAP_RUN(the_state_after_the_last_epoch);
    TAP_RUN(every_code_is_documented);
    remove_all();
    fixture_free(&good);
    return tap_done();
}
