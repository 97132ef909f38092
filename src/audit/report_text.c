#include <inttypes.h>
#include <jansson.h>

#include "audit/report.h"

static const char *const state_names[AUDIT_STATE_COUNT] = {
    [AUDIT_NOTHING_TO_CHECK] = "nothing_to_check",
    [AUDIT_PASSED] = "passed",
    [AUDIT_NOT_CHECKED] = "not_checked",
    [AUDIT_FAILED] = "failed",
};

static void add_counts(struct buf *out, const struct audit_section *s)
{
    unsigned counts[AUDIT_STATE_COUNT] = {0};

    for (unsigned i = 0; i < AUDIT_RULE_COUNT; i++)
        counts[audit_rule_state(s, (enum audit_rule)i)]++;
    buf_printf(out, "  rules: %u passed, %u failed, %u not (or not fully) checked, %u with nothing to check\n",
               counts[AUDIT_PASSED], counts[AUDIT_FAILED], counts[AUDIT_NOT_CHECKED], counts[AUDIT_NOTHING_TO_CHECK]);
}

static void add_standing(struct buf *out, const struct audit_standing *s)
{
    buf_printf(out, "  %s is %s", s->member, s->status);
    if (s->why != NULL)
        buf_printf(out, ": %s", s->why);
    if (s->false_claims > 0)
        buf_printf(out, "%s found with false claims %" PRIu64 " time%s, the last in epoch %" PRIu64,
                   s->why != NULL ? ";" : ":", s->false_claims, s->false_claims == 1 ? "" : "s", s->found_epoch);
    buf_add_byte(out, '\n');
}

static void add_section(struct buf *out, const struct audit_section *s)
{
    char id[2 * DIGEST_SIZE + 1];

    buf_printf(out, "%s", s->label);
    if (s->scenario != NULL) {
        digest_hex(&s->federation_id, id);
        buf_printf(out, ": %s, federation %s\n", s->scenario, id);
        buf_printf(
            out, "  re-executed: %" PRIu64 " epochs (%" PRIu64 " anchored), %" PRIu64 " blocks, %" PRIu64 " entries\n",
            s->epochs, s->anchored, s->blocks, s->entries);
        for (unsigned i = 0; i < s->standing_count; i++)
            add_standing(out, &s->standings[i]);
        if (s->claims_disclosed > 0)
            buf_printf(out, "  run again: %" PRIu64 " of the %" PRIu64 " claims whose work is disclosed\n",
                       s->passed[RULE_WORK_CLAIMS] + s->failed[RULE_WORK_CLAIMS], s->claims_disclosed);
        if (s->simulated)
            buf_add_text(out, "  the keys are simulated: this shows a rehearsal, it proves nothing about anybody\n");
    } else {
        buf_add_byte(out, '\n');
    }
    add_counts(out, s);
}

static void add_skips(struct buf *out, const struct audit_section *s)
{
    for (unsigned i = 0; i < AUDIT_RULE_COUNT; i++) {
        if (s->skipped[i] != NULL)
            buf_printf(out, "  %s: %s: %s\n", s->open[i] ? "OPEN" : "not checked",
                       audit_rule_info((enum audit_rule)i)->code, s->skipped[i]);
    }
}

static void add_findings(struct buf *out, const struct audit_report *r, unsigned section)
{
    for (size_t i = 0; i < r->finding_count; i++) {
        const struct audit_finding *f = &r->findings[i];

        if (f->section == section)
            buf_printf(out, "  FAIL %s: %s%s%s: %s\n", audit_rule_info(f->rule)->code, f->file,
                       *f->pointer != '\0' ? " " : "", f->pointer, f->text);
    }
}

static unsigned open_count(const struct audit_report *r)
{
    unsigned count = 0;

    for (unsigned i = 0; i < r->section_count; i++) {
        for (unsigned k = 0; k < AUDIT_RULE_COUNT; k++)
            count += r->sections[i].open[k];
    }
    return count;
}

static void add_verdict(struct buf *out, const struct audit_report *r)
{
    unsigned open = open_count(r);

    switch (audit_verdict(r)) {
    case AUDIT_COMPLIANT:
        buf_printf(out, "verdict: compliant%s\n", audit_simulated(r) ? ", as a rehearsal: its keys are simulated" : "");
        break;
    case AUDIT_CONSISTENT:
        buf_printf(out, "verdict: consistent, and not more: %u question%s open\n", open, open == 1 ? " is" : "s are");
        break;
    case AUDIT_NOT_COMPLIANT:
        buf_printf(out, "verdict: NOT compliant, %zu finding%s\n", r->finding_count, r->finding_count == 1 ? "" : "s");
    }
}

static void add_confined(struct buf *out, const struct confine_force *force)
{
    buf_add_text(out, "confined by the kernel: ");
    confine_text(force, out);
    buf_add_byte(out, '\n');
}

void audit_report_text(const struct audit_report *r, struct buf *out)
{
    for (unsigned i = 0; i < r->section_count; i++) {
        const struct audit_section *s = &r->sections[i];
        bool failed = false;

        for (unsigned k = 0; k < AUDIT_RULE_COUNT; k++)
            failed = failed || s->failed[k] > 0;
        if (s->is_folder && !failed)
            continue;
        add_section(out, s);
        add_findings(out, r, i);
        add_skips(out, s);
    }
    for (unsigned i = 0; i < r->note_count; i++)
        buf_printf(out, "note: %s\n", r->notes[i]);
    add_confined(out, &r->confined);
    add_verdict(out, r);
}

/* ---- for programs */

static json_t *text_json(const char *text)
{
    return text != NULL ? json_string(text) : json_null();
}

static json_t *rules_json(const struct audit_section *s)
{
    json_t *out = json_array();

    for (unsigned i = 0; i < AUDIT_RULE_COUNT; i++) {
        const struct audit_rule_info *info = audit_rule_info((enum audit_rule)i);
        json_t *rule = json_object();

        json_put(rule, "code", json_string(info->code));
        json_put(rule, "state", json_string(state_names[audit_rule_state(s, (enum audit_rule)i)]));
        json_put(rule, "passed", json_u64(s->passed[i]));
        json_put(rule, "failed", json_u64(s->failed[i]));
        json_put(rule, "not_checked", text_json(s->skipped[i]));
        json_put(rule, "open", json_boolean(s->open[i]));
        json_put(rule, "says", json_string(info->says));
        json_put(rule, "cites", json_string(info->cites));
        json_put(rule, "reads", json_string(info->reads));
        json_put(rule, "severity", json_string(audit_severity_name(info->severity)));
        json_push(out, rule);
    }
    return out;
}

static json_t *standings_json(const struct audit_section *s)
{
    json_t *out = json_array();

    for (unsigned i = 0; i < s->standing_count; i++) {
        const struct audit_standing *standing = &s->standings[i];
        json_t *site = json_object();

        json_put(site, "node_id", json_string(standing->member));
        json_put(site, "status", json_string(standing->status));
        json_put(site, "why", text_json(standing->why));
        json_put(site, "false_claims", json_u64(standing->false_claims));
        json_put(site, "found_epoch", json_u64(standing->found_epoch));
        json_push(out, site);
    }
    return out;
}

static json_t *section_json(const struct audit_section *s)
{
    json_t *out = json_object();

    json_put(out, "label", json_string(s->label));
    json_put(out, "is_folder", json_boolean(s->is_folder));
    json_put(out, "scenario", text_json(s->scenario));
    json_put(out, "federation_id", s->scenario != NULL ? json_hex(digest_bytes(&s->federation_id)) : json_null());
    json_put(out, "simulated", s->scenario != NULL ? json_boolean(s->simulated) : json_null());
    json_put(out, "scenario_sha256", text_json(s->scenario_sha256[0] != '\0' ? s->scenario_sha256 : NULL));
    json_put(out, "seed", text_json(s->seed[0] != '\0' ? s->seed : NULL));
    json_put(out, "epochs", json_u64(s->epochs));
    json_put(out, "anchored", json_u64(s->anchored));
    json_put(out, "blocks", json_u64(s->blocks));
    json_put(out, "entries", json_u64(s->entries));
    json_put(out, "claims_disclosed", json_u64(s->claims_disclosed));
    json_put(out, "standings", standings_json(s));
    json_put(out, "rules", rules_json(s));
    return out;
}

static const char *const verdict_names[] = {
    [AUDIT_COMPLIANT] = "compliant",
    [AUDIT_CONSISTENT] = "consistent",
    [AUDIT_NOT_COMPLIANT] = "not_compliant",
};

const char *audit_verdict_name(enum audit_verdict verdict)
{
    return verdict_names[verdict];
}

static json_t *confined_json(const struct confine_force *force)
{
    json_t *out = json_object();

    json_put(out, "files", json_boolean(force->files));
    json_put(out, "network", json_boolean(force->network));
    json_put(out, "signals", json_boolean(force->signals));
    return out;
}

json_t *audit_report_json(const struct audit_report *r)
{
    json_t *out = json_object(), *sections = json_array(), *findings = json_array(), *notes = json_array();

    for (unsigned i = 0; i < r->note_count; i++)
        json_push(notes, json_string(r->notes[i]));
    for (unsigned i = 0; i < r->section_count; i++)
        json_push(sections, section_json(&r->sections[i]));
    for (size_t i = 0; i < r->finding_count; i++) {
        const struct audit_finding *f = &r->findings[i];
        json_t *finding = json_object();

        json_put(finding, "code", json_string(audit_rule_info(f->rule)->code));
        json_put(finding, "label", json_string(r->sections[f->section].label));
        json_put(finding, "file", json_string(f->file));
        json_put(finding, "pointer", json_string(f->pointer));
        json_put(finding, "text", json_string(f->text));
        json_push(findings, finding);
    }
    json_put(out, "format", json_string("prismfed.audit-report"));
    json_put(out, "version", json_u64(2));
    json_put(out, "verdict", json_string(audit_verdict_name(audit_verdict(r))));
    json_put(out, "compliant", json_boolean(audit_verdict(r) == AUDIT_COMPLIANT));
    json_put(out, "simulated", json_boolean(audit_simulated(r)));
    json_put(out, "confined", confined_json(&r->confined));
    json_put(out, "notes", notes);
    json_put(out, "findings", findings);
    json_put(out, "sections", sections);
    return out;
}
