/* For machines that build and test: JUnit's XML, and the annotations of GitHub's runners. */
#include <inttypes.h>
#include <string.h>

#include "audit/report.h"

/* ---- JUnit: a label is a suite, a rule a case */

/* The report is printable already (text_escape). */
static void add_xml(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        const char *entity = *text == '<'   ? "&lt;"
                             : *text == '>' ? "&gt;"
                             : *text == '&' ? "&amp;"
                             : *text == '"' ? "&quot;"
                                            : NULL;

        if (entity != NULL)
            buf_add_text(out, entity);
        else
            buf_add_byte(out, (uint8_t)*text);
    }
}

static void add_attribute(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, " %s=\"", name);
    add_xml(out, value);
    buf_add_byte(out, '"');
}

static void add_failures(struct buf *out, const struct audit_report *r, unsigned section, enum audit_rule rule)
{
    for (size_t i = 0; i < r->finding_count; i++) {
        const struct audit_finding *f = &r->findings[i];

        if (f->section != section || f->rule != rule)
            continue;
        buf_add_text(out, "      <failure");
        add_attribute(out, "type", audit_rule_info(rule)->code);
        add_attribute(out, "message", f->text);
        buf_add_byte(out, '>');
        add_xml(out, f->file);
        buf_add_text(out, *f->pointer != '\0' ? " " : "");
        add_xml(out, f->pointer);
        buf_add_text(out, "</failure>\n");
    }
}

static void add_note(struct buf *out, const char *element, const char *type, const char *text)
{
    buf_printf(out, "      <%s", element);
    if (type != NULL)
        add_attribute(out, "type", type);
    add_attribute(out, "message", text);
    buf_add_text(out, "/>\n");
}

/* An open question is an error, so that nobody takes the run for a good one; what nobody asked for is skipped. */
static void add_case(struct buf *out, const struct audit_report *r, unsigned section, enum audit_rule rule)
{
    const struct audit_section *s = &r->sections[section];
    struct buf why = {0};

    buf_add_text(out, "    <testcase");
    add_attribute(out, "classname", s->label);
    add_attribute(out, "name", audit_rule_info(rule)->code);
    buf_add_text(out, ">\n");
    switch (audit_rule_state(s, rule)) {
    case AUDIT_FAILED:
        add_failures(out, r, section, rule);
        break;
    case AUDIT_NOT_CHECKED:
        buf_printf(&why, "%s%s", s->open[rule] ? "" : "not checked: ", s->skipped[rule]);
        add_note(out, s->open[rule] ? "error" : "skipped", s->open[rule] ? "open" : NULL, buf_text(&why));
        break;
    case AUDIT_NOTHING_TO_CHECK:
        add_note(out, "skipped", NULL, "there was nothing to check");
        break;
    case AUDIT_PASSED:
    case AUDIT_STATE_COUNT:
        break;
    }
    buf_add_text(out, "    </testcase>\n");
    buf_free(&why);
}

static void add_suite(struct buf *out, const struct audit_report *r, unsigned section)
{
    const struct audit_section *s = &r->sections[section];
    unsigned failed = 0, open = 0, skipped = 0;

    for (unsigned i = 0; i < AUDIT_RULE_COUNT; i++) {
        enum audit_state state = audit_rule_state(s, (enum audit_rule)i);

        failed += state == AUDIT_FAILED;
        open += state == AUDIT_NOT_CHECKED && s->open[i];
        skipped += state == AUDIT_NOTHING_TO_CHECK || (state == AUDIT_NOT_CHECKED && !s->open[i]);
    }
    buf_add_text(out, "  <testsuite");
    add_attribute(out, "name", s->label);
    buf_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\">\n", (unsigned)AUDIT_RULE_COUNT, failed,
               open, skipped);
    for (unsigned i = 0; i < AUDIT_RULE_COUNT; i++)
        add_case(out, r, section, (enum audit_rule)i);
    buf_add_text(out, "  </testsuite>\n");
}

static bool has_failed(const struct audit_section *s)
{
    bool failed = false;

    for (unsigned i = 0; i < AUDIT_RULE_COUNT; i++)
        failed = failed || s->failed[i] > 0;
    return failed;
}

void audit_report_junit(const struct audit_report *r, struct buf *out)
{
    buf_add_text(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
    add_attribute(out, "name", "prismfed audit");
    buf_add_text(out, ">\n");
    for (unsigned i = 0; i < r->section_count; i++) {
        if (!r->sections[i].is_folder || has_failed(&r->sections[i]))
            add_suite(out, r, i);
    }
    buf_add_text(out, "</testsuites>\n");
}

/* ---- GitHub: one command a line */

static void add_escaped(struct buf *out, const char *text, bool property)
{
    for (; *text != '\0'; text++) {
        if (*text == '%' || *text == '\r' || *text == '\n' || (property && (*text == ':' || *text == ',')))
            buf_printf(out, "%%%02X", (unsigned)(uint8_t)*text);
        else
            buf_add_byte(out, (uint8_t)*text);
    }
}

static void add_command(struct buf *out, const char *command, const char *file, const char *title)
{
    buf_printf(out, "::%s ", command);
    if (file != NULL && *file != '\0') {
        buf_add_text(out, "file=");
        add_escaped(out, file, true);
        buf_add_byte(out, ',');
    }
    buf_add_text(out, "title=");
    add_escaped(out, title, true);
    buf_add_text(out, "::");
}

static void add_unchecked(struct buf *out, const struct audit_section *s)
{
    for (unsigned i = 0; i < AUDIT_RULE_COUNT; i++) {
        if (s->skipped[i] == NULL)
            continue;
        add_command(out, s->open[i] ? "warning" : "notice", NULL, audit_rule_info((enum audit_rule)i)->code);
        add_escaped(out, s->label, false);
        add_escaped(out, s->open[i] ? ": open: " : ": not checked: ", false);
        add_escaped(out, s->skipped[i], false);
        buf_add_byte(out, '\n');
    }
}

void audit_report_github(const struct audit_report *r, struct buf *out)
{
    for (size_t i = 0; i < r->finding_count; i++) {
        const struct audit_finding *f = &r->findings[i];

        add_command(out, "error", f->file, audit_rule_info(f->rule)->code);
        add_escaped(out, f->pointer, false);
        add_escaped(out, *f->pointer != '\0' ? ": " : "", false);
        add_escaped(out, f->text, false);
        buf_add_byte(out, '\n');
    }
    for (unsigned i = 0; i < r->section_count; i++)
        add_unchecked(out, &r->sections[i]);
    add_command(out, audit_verdict(r) == AUDIT_COMPLIANT ? "notice" : "error", NULL, "verdict");
    add_escaped(out, audit_verdict_name(audit_verdict(r)), false);
    buf_add_byte(out, '\n');
}
