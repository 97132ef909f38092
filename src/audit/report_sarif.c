/* SARIF 2.1.0 (OASIS), for whoever shows findings of many tools in one place. */
#include <jansson.h>
#include <string.h>

#include "audit/report.h"

static json_t *message(const char *text)
{
    json_t *out = json_object();

    json_put(out, "text", json_string(text));
    return out;
}

/* 3.49: a reportingDescriptor. */
static json_t *rule_json(const struct audit_rule_info *info)
{
    json_t *out = json_object(), *configuration = json_object(), *properties = json_object();

    json_put(configuration, "level", json_string(audit_severity_name(info->severity)));
    json_put(properties, "cites", json_string(info->cites));
    json_put(properties, "reads", json_string(info->reads));
    json_put(out, "id", json_string(info->code));
    json_put(out, "shortDescription", message(info->says));
    json_put(out, "help", message(info->cites));
    json_put(out, "defaultConfiguration", configuration);
    json_put(out, "properties", properties);
    return out;
}

static json_t *driver_json(const char *version)
{
    json_t *out = json_object(), *rules = json_array(), *tool = json_object();

    for (unsigned i = 0; i < AUDIT_RULE_COUNT; i++)
        json_push(rules, rule_json(audit_rule_info((enum audit_rule)i)));
    json_put(out, "name", json_string("prismfed audit"));
    json_put(out, "version", json_string(version));
    json_put(out, "rules", rules);
    json_put(tool, "driver", out);
    return tool;
}

/* RFC 3986: what may not stand in a path is escaped. */
static json_t *uri_json(const char *path)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";
    struct buf uri = {0};

    if (path[0] == '/')
        buf_add_text(&uri, "file://");
    for (; *path != '\0'; path++) {
        if (strchr(plain, *path) != NULL)
            buf_add_byte(&uri, (uint8_t)*path);
        else
            buf_printf(&uri, "%%%02X", (unsigned)(uint8_t)*path);
    }
    json_t *out = json_string(buf_text(&uri));
    buf_free(&uri);
    return out;
}

static json_t *locations_json(const struct audit_finding *f)
{
    json_t *out = json_array(), *location = json_object(), *physical = json_object(), *artifact = json_object();

    if (*f->file != '\0') {
        json_put(artifact, "uri", uri_json(f->file));
        json_put(physical, "artifactLocation", artifact);
        json_put(location, "physicalLocation", physical);
    } else {
        json_decref(artifact);
        json_decref(physical);
    }
    if (*f->pointer != '\0') {
        json_t *logical = json_object(), *all = json_array();

        json_put(logical, "fullyQualifiedName", json_string(f->pointer));
        json_push(all, logical);
        json_put(location, "logicalLocations", all);
    }
    json_push(out, location);
    return out;
}

/* 3.27.17: the same finding has the same one wherever the folder lies and however it is told. */
static json_t *fingerprints_json(const struct audit_report *r, const struct audit_finding *f)
{
    const char *code = audit_rule_info(f->rule)->code, *label = r->sections[f->section].label;
    const char *slash = strrchr(f->file, '/'), *name = slash != NULL ? slash + 1 : f->file;
    struct buf all = {0};
    json_t *out = json_object();

    buf_printf(&all, "%s\n%s\n%s\n%s", code, r->sections[f->section].is_folder ? "" : label, name, f->pointer);
    struct digest digest = digest_of(bytes_of_buf(&all));
    json_put(out, "prismfedFinding/v1", json_hex(digest_bytes(&digest)));
    buf_free(&all);
    return out;
}

static json_t *result_json(enum audit_rule rule, const char *kind, const char *level, const char *text)
{
    json_t *out = json_object();

    json_put(out, "ruleId", json_string(audit_rule_info(rule)->code));
    json_put(out, "ruleIndex", json_u64(rule));
    json_put(out, "kind", json_string(kind));
    json_put(out, "level", json_string(level));
    json_put(out, "message", message(text));
    return out;
}

static void add_findings(json_t *results, const struct audit_report *r)
{
    for (size_t i = 0; i < r->finding_count; i++) {
        const struct audit_finding *f = &r->findings[i];
        json_t *result = result_json(f->rule, "fail", audit_severity_name(audit_rule_info(f->rule)->severity), f->text);

        json_put(result, "locations", locations_json(f));
        json_put(result, "partialFingerprints", fingerprints_json(r, f));
        json_push(results, result);
    }
}

/* 3.27.9: what passed, what nobody decided ("open" as long as the verdict depends on it), and what there was none of.
 */
static void add_states(json_t *results, const struct audit_section *s)
{
    struct buf text = {0};

    for (unsigned i = 0; i < AUDIT_RULE_COUNT; i++) {
        enum audit_rule rule = (enum audit_rule)i;
        enum audit_state state = audit_rule_state(s, rule);

        if (state == AUDIT_FAILED)
            continue;
        buf_clear(&text);
        buf_printf(&text, "%s: %s", s->label,
                   state == AUDIT_PASSED        ? audit_rule_info(rule)->says
                   : state == AUDIT_NOT_CHECKED ? s->skipped[i]
                                                : "there was nothing to check");
        json_push(results, result_json(rule,
                                       state == AUDIT_PASSED        ? "pass"
                                       : state != AUDIT_NOT_CHECKED ? "notApplicable"
                                       : s->open[i]                 ? "open"
                                                                    : "review",
                                       "none", buf_text(&text)));
    }
    buf_free(&text);
}

json_t *audit_report_sarif(const struct audit_report *r, const char *version)
{
    json_t *out = json_object(), *runs = json_array(), *run = json_object(), *results = json_array();
    json_t *properties = json_object();

    add_findings(results, r);
    for (unsigned i = 0; i < r->section_count; i++) {
        if (!r->sections[i].is_folder)
            add_states(results, &r->sections[i]);
    }
    json_put(properties, "verdict", json_string(audit_verdict_name(audit_verdict(r))));
    json_put(properties, "simulated", json_boolean(audit_simulated(r)));
    json_put(run, "tool", driver_json(version));
    json_put(run, "results", results);
    json_put(run, "properties", properties);
    json_push(runs, run);
    json_put(out, "$schema", json_string("https://json.schemastore.org/sarif-2.1.0.json"));
    json_put(out, "version", json_string("2.1.0"));
    json_put(out, "runs", runs);
    return out;
}
