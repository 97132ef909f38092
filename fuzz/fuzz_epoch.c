/* An epoch's file, to the quick reader and to the one with a tree. Whatever a finding quotes, each form of the report
 * can be made of it, and those that are JSON are JSON. */

#include "audit/report.h"
#include "fuzz.h"
#include "ledger/epoch_file.h"

#include <jansson.h>

static void check_json(json_t *value)
{
    struct buf text = {0};
    struct json_doc doc;
    struct diag diag = {0};

    json_render(value, &text);
    json_decref(value);
    enum err err = json_doc_parse(&doc, "report", bytes_of_buf(&text), &diag);
    ASSERT(err == ERR_OK);
    json_doc_free(&doc);
    buf_free(&text);
}

static void check_forms(const char *file, const struct diag *diag)
{
    struct audit_report report = {0};
    struct buf text = {0};

    audit_section_begin(&report, "fuzz");
    audit_fail_diag(&report, RULE_EPOCH_BYTES, file, diag);
    audit_open(&report, RULE_GENESIS_TRUST, "%s", diag->text);
    audit_report_text(&report, &text);
    audit_report_junit(&report, &text);
    audit_report_github(&report, &text);
    check_json(audit_report_json(&report));
    check_json(audit_report_sarif(&report, "0"));
    buf_free(&text);
    audit_report_free(&report);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = bytes_of(data, size);
    struct buf name = {0};
    struct epoch_file file;
    struct json_doc doc;
    struct diag diag = {0};

    if (epoch_file_scan(in, &file))
        epoch_file_fini(&file);
    buf_add(&name, data, size < 64 ? size : 64);
    if (json_doc_parse(&doc, buf_text(&name), in, &diag) == ERR_OK) {
        if (epoch_file_parse(&doc, &file, &diag) == ERR_OK)
            epoch_file_fini(&file);
        json_doc_free(&doc);
    }
    if (diag.text[0] != '\0')
        check_forms(buf_text(&name), &diag);
    buf_free(&name);
    return 0;
}
