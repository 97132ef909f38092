#include "audit/replay.h"

#include <stddef.h>

#include "base/mutate.h"

/* Reads a JSON text without the white space between its tokens. */
struct scanner {
    struct bytes text;
    size_t at;
    bool in_string, escaped;
};

/* -1 at the end. */
static int next_byte(struct scanner *s)
{
    while (s->at < s->text.len) {
        uint8_t c = s->text.data[s->at++];

        if (!s->in_string && (c == ' ' || c == '\n' || c == '\r' || c == '\t'))
            continue;
        if (c == '"' && !s->escaped)
            s->in_string = !s->in_string;
        s->escaped = s->in_string && c == '\\' && !s->escaped;
        return c;
    }
    return -1;
}

/* Where text leaves the form, or -1. */
static ptrdiff_t first_difference(struct bytes text, struct bytes form)
{
    struct scanner a = {.text = text}, b = {.text = form};

    if (bytes_equal(text, form))
        return -1; /* nearly every file */
    for (;;) {
        int c = next_byte(&a);

        if (c != next_byte(&b))
            return MUTATE(AUDIT_ANY_FORM, -1, (ptrdiff_t)a.at);
        if (c < 0)
            return -1;
    }
}

/* Whatever is in memory at one time shares one bound. */
static uint64_t memory_left(const struct audit_section *section)
{
    return MUTATE(AUDIT_ANY_MEMORY, UINT64_MAX, section->memory_max - section->memory);
}

bool replay_load(struct json_doc *doc, const char *file, struct bytes text, struct audit_report *report)
{
    struct buf form = {0};
    struct diag diag = {0};

    if (json_doc_parse_within(doc, file, text, memory_left(audit_section(report)), &diag) != ERR_OK) {
        audit_fail_diag(report, RULE_FILE_FORM, file, &diag);
        return false;
    }
    audit_section(report)->memory += doc->memory;
    json_render(doc->root, &form);
    ptrdiff_t at = first_difference(text, bytes_of_buf(&form));
    buf_free(&form);
    if (at >= 0)
        audit_fail(report, RULE_FILE_FORM, file, "", "at byte %td: the same values in another form", at);
    else
        audit_pass(report, RULE_FILE_FORM);
    return true;
}

void replay_unload(struct json_doc *doc, struct audit_report *report)
{
    audit_section(report)->memory -= doc->memory;
    json_doc_free(doc);
}
