#include "audit/report.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mutate.h"
#include "base/text.h"

/* What is reported may quote the input, names of files among it: it is kept as it may be printed. */
static char *copy_shown(const char *text)
{
    struct buf shown = {0};
    char *out;

    text_escape(bytes_of_text(text), &shown);
    out = mem_alloc(shown.len + 1);
    memcpy(out, buf_text(&shown), shown.len + 1);
    buf_free(&shown);
    return out;
}

void audit_section_begin(struct audit_report *r, const char *label)
{
    r->sections = mem_resize(r->sections, r->section_count + 1, sizeof r->sections[0]);
    r->sections[r->section_count++] = (struct audit_section){.label = copy_shown(label)};
}

void audit_folder_begin(struct audit_report *r, const char *folder)
{
    audit_section_begin(r, folder);
    audit_section(r)->is_folder = true;
}

struct audit_section *audit_section(struct audit_report *r)
{
    ASSERT(r->section_count > 0);
    return &r->sections[r->section_count - 1];
}

void audit_pass(struct audit_report *r, enum audit_rule rule)
{
    audit_section(r)->passed[rule]++;
}

static void skip(struct audit_report *r, enum audit_rule rule, bool open, const char *why)
{
    struct audit_section *s = audit_section(r);

    mem_free(s->skipped[rule]);
    s->skipped[rule] = copy_shown(why);
    s->open[rule] = open;
}

void audit_skip(struct audit_report *r, enum audit_rule rule, const char *fmt, ...)
{
    char text[1024];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    skip(r, rule, false, text);
}

void audit_open(struct audit_report *r, enum audit_rule rule, const char *fmt, ...)
{
    char text[1024];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    skip(r, rule, true, text);
}

void audit_note(struct audit_report *r, const char *fmt, ...)
{
    struct buf text = {0};
    va_list args;

    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    r->notes = mem_resize(r->notes, r->note_count + 1, sizeof r->notes[0]);
    r->notes[r->note_count++] = copy_shown(buf_text(&text));
    buf_free(&text);
}

enum audit_state audit_rule_state(const struct audit_section *s, enum audit_rule rule)
{
    if (s->failed[rule] > 0)
        return AUDIT_FAILED;
    if (s->skipped[rule] != NULL)
        return AUDIT_NOT_CHECKED;
    return s->passed[rule] > 0 ? AUDIT_PASSED : AUDIT_NOTHING_TO_CHECK;
}

enum audit_verdict audit_verdict(const struct audit_report *r)
{
    bool open = false;

    if (r->finding_count > 0)
        return AUDIT_NOT_COMPLIANT;
    for (unsigned i = 0; i < r->section_count; i++) {
        for (unsigned k = 0; k < AUDIT_RULE_COUNT; k++)
            open = open || r->sections[i].open[k];
    }
    return MUTATE(AUDIT_OPEN_IS_COMPLIANT, false, open) ? AUDIT_CONSISTENT : AUDIT_COMPLIANT;
}

bool audit_simulated(const struct audit_report *r)
{
    bool simulated = false;

    for (unsigned i = 0; i < r->section_count; i++)
        simulated = simulated || r->sections[i].simulated;
    return simulated;
}

void audit_stand(struct audit_report *r, const char *member, const struct audit_standing *standing)
{
    struct audit_section *s = audit_section(r);

    s->standings = mem_resize(s->standings, s->standing_count + 1, sizeof s->standings[0]);
    s->standings[s->standing_count] = *standing;
    s->standings[s->standing_count++].member = copy_shown(member);
}

static void add_finding(struct audit_report *r, enum audit_rule rule, const char *file, const char *pointer,
                        const char *text)
{
    struct audit_finding finding = {
        .rule = rule,
        .section = r->section_count - 1,
        .file = copy_shown(file),
        .pointer = copy_shown(pointer),
        .text = copy_shown(text),
    };

    r->findings = mem_resize(r->findings, r->finding_count + 1, sizeof r->findings[0]);
    r->findings[r->finding_count++] = finding;
    audit_section(r)->failed[rule]++;
}

void audit_fail(struct audit_report *r, enum audit_rule rule, const char *file, const char *pointer, const char *fmt,
                ...)
{
    char text[1024];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    add_finding(r, rule, file, pointer, text);
}

void audit_fail_diag(struct audit_report *r, enum audit_rule rule, const char *file, const struct diag *diag)
{
    const char *text = diag->text, *slash, *end;
    char pointer[256] = "";
    char *shown = copy_shown(file); /* as the diag has it */
    size_t prefix = strlen(shown);

    if (strncmp(text, shown, prefix) == 0 && text[prefix] == ':')
        text += prefix + 1;
    mem_free(shown);
    slash = strstr(text, ": /");
    end = slash != NULL ? strstr(slash + 2, ": ") : NULL;
    if (end != NULL)
        snprintf(pointer, sizeof pointer, "%.*s", (int)(end - slash - 2), slash + 2);
    audit_fail(r, rule, file, pointer, "%s", text);
}

/* The value that the pointer names, or NULL. */
static const json_t *value_at(const json_t *value, const char *pointer)
{
    while (value != NULL && *pointer == '/') {
        char token[256];
        size_t n = 0;

        for (pointer++; *pointer != '\0' && *pointer != '/'; pointer++) {
            char c = *pointer;

            if (c == '~')
                c = *++pointer == '0' ? '~' : '/';
            if (n + 1 < sizeof token)
                token[n++] = c;
        }
        token[n] = '\0';
        value = json_is_array(value) ? json_array_get(value, strtoul(token, NULL, 10)) : json_object_get(value, token);
    }
    return value;
}

static void brief(const json_t *value, char out[100])
{
    struct buf text = {0};

    if (value == NULL) {
        snprintf(out, 100, "nothing");
        return;
    }
    json_canonical(value, &text);
    snprintf(out, 100, "%.*s%s", (int)text_cut(bytes_of_buf(&text), 90), buf_text(&text), text.len > 90 ? "..." : "");
    buf_free(&text);
}

void audit_fail_difference(struct audit_report *r, enum audit_rule rule, const char *file, const char *pointer,
                           const json_t *found, const json_t *expected)
{
    char is[100], should[100];

    brief(value_at(found, pointer), is);
    brief(value_at(expected, pointer), should);
    audit_fail(r, rule, file, pointer, "expected %s, found %s", should, is);
}

void audit_report_free(struct audit_report *r)
{
    for (unsigned i = 0; i < r->section_count; i++) {
        mem_free(r->sections[i].label);
        mem_free(r->sections[i].scenario);
        for (unsigned k = 0; k < r->sections[i].standing_count; k++)
            mem_free(r->sections[i].standings[k].member);
        for (unsigned k = 0; k < AUDIT_RULE_COUNT; k++)
            mem_free(r->sections[i].skipped[k]);
        mem_free(r->sections[i].standings);
    }
    for (size_t i = 0; i < r->finding_count; i++) {
        mem_free(r->findings[i].file);
        mem_free(r->findings[i].pointer);
        mem_free(r->findings[i].text);
    }
    for (unsigned i = 0; i < r->note_count; i++)
        mem_free(r->notes[i]);
    mem_free(r->notes);
    mem_free(r->sections);
    mem_free(r->findings);
    *r = (struct audit_report){0};
}
