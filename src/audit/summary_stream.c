#include "audit/summary_stream.h"

#include <jansson.h>
#include <string.h>

#include "audit/end.h"
#include "audit/observed.h"
#include "audit/order.h"
#include "audit/summary.h"
#include "base/mutate.h"

/* A summary has a row for each epoch, between what stands before and behind them: the frame. In the one form that
 * artifacts have, a line tells which of them it belongs to. The file is gone through twice: the signature covers parts
 * of the frame that stand behind the rows and count before them. */

enum { PART_SIZE = 256 << 10 };

struct lines {
    const struct audit_input *in;
    uint64_t next; /* offset of the next part */
    struct buf part;
    size_t at;       /* in part */
    struct buf line; /* the last one, its end included */
    bool failed;
};

static bool next_part(struct lines *l)
{
    struct diag diag = {0};

    if (l->at < l->part.len)
        return true;
    l->at = 0;
    if (audit_read_part(l->in, &l->in->summary, l->next, PART_SIZE, &l->part, &diag) != ERR_OK) {
        l->failed = true;
        return false;
    }
    l->next += l->part.len;
    return l->part.len > 0;
}

/* False at the end. */
static bool next_line(struct lines *l)
{
    const uint8_t *end = NULL;

    buf_clear(&l->line);
    while (end == NULL && next_part(l)) {
        const uint8_t *from = l->part.data + l->at;

        end = memchr(from, '\n', l->part.len - l->at);
        size_t n = end != NULL ? (size_t)(end - from) + 1 : l->part.len - l->at;
        buf_add(&l->line, from, n);
        l->at += n;
    }
    return l->line.len > 0 && !l->failed && l->next <= AUDIT_FILE_MAX;
}

static bool is_line(const struct lines *l, const char *text)
{
    return bytes_equal(bytes_of_buf(&l->line), bytes_of_text(text));
}

static void lines_free(struct lines *l)
{
    buf_free(&l->part);
    buf_free(&l->line);
}

#define ROWS_BEGIN "  \"epochs\": [\n"
#define ROWS_END "  ],\n"

/* The document without its rows. */
static bool read_frame(const struct audit_input *in, struct buf *frame)
{
    struct lines l = {.in = in};
    enum { BEFORE, ROWS, BEHIND } part = BEFORE;

    while (next_line(&l)) {
        if (part == BEFORE && is_line(&l, ROWS_BEGIN)) {
            buf_add_text(frame, "  \"epochs\": [],\n");
            part = ROWS;
        } else if (part == ROWS && is_line(&l, ROWS_END)) {
            part = BEHIND;
        } else if (part != ROWS) {
            buf_add(frame, l.line.data, l.line.len);
        }
    }
    bool whole = part == BEHIND && !l.failed;
    lines_free(&l);
    return whole;
}

/* One row, without the indentation that it has in the document. *last: none follows it. */
static bool read_row(struct lines *l, struct buf *row, bool *last)
{
    buf_clear(row);
    if (!next_line(l) || !is_line(l, "    {\n"))
        return false;
    buf_add_text(row, "{\n");
    while (next_line(l)) {
        *last = is_line(l, "    }\n");
        if (*last || is_line(l, "    },\n")) {
            buf_add_text(row, "}\n");
            return true;
        }
        if (l->line.len < 4 || memcmp(l->line.data, "    ", 4) != 0)
            return false;
        buf_add(row, l->line.data + 4, l->line.len - 4);
    }
    return false;
}

/* ---- what is read is what should stand there */

struct stream {
    const struct replay *r;
    const struct audit_input *in;
    struct audit_report *report;
    struct json_doc frame;
    struct digest_context canonical;
};

static bool is_in_form(const json_t *value, const struct buf *text)
{
    struct buf form = {0};

    json_render(value, &form);
    bool same = bytes_equal(bytes_of_buf(&form), bytes_of_buf(text));
    buf_free(&form);
    return same;
}

static uint64_t memory_left(const struct audit_report *report)
{
    const struct audit_section *s = &report->sections[report->section_count - 1];

    return s->memory_max - s->memory;
}

static bool check_row(struct stream *s, unsigned number, const struct buf *text)
{
    struct json_doc doc;
    struct diag diag = {0};
    struct buf canonical = {0};

    if (json_doc_parse_within(&doc, "", bytes_of_buf(text), memory_left(s->report), &diag) != ERR_OK)
        return false;
    bool well = number < s->r->epoch_count && is_in_form(doc.root, text) && observed_row_fits(doc.root);
    if (well) {
        buf_add_text(&canonical, number > 0 ? "," : "");
        json_canonical(doc.root, &canonical);
        digest_add(&s->canonical, canonical.data, canonical.len);
        observed_row_clear(doc.root);
        struct digest digest = summary_row_hash(doc.root);
        well = MUTATE(AUDIT_ROW_BELIEVED, true, digest_equal(&digest, &s->r->rows[number]));
    }
    buf_free(&canonical);
    json_doc_free(&doc);
    return well;
}

static bool check_rows(struct stream *s)
{
    struct lines l = {.in = s->in};
    struct buf row = {0};
    unsigned count = 0;
    bool last = false, well = false;

    do
        well = next_line(&l);
    while (well && !is_line(&l, ROWS_BEGIN));
    while (well && !last)
        well = read_row(&l, &row, &last) && check_row(s, count++, &row);
    well = well && next_line(&l) && is_line(&l, ROWS_END) && count == s->r->epoch_count;
    lines_free(&l);
    buf_free(&row);
    return well;
}

static bool parse_frame(struct stream *s)
{
    struct buf text = {0};
    struct diag diag = {0};
    bool read = read_frame(s->in, &text) && json_doc_parse_within(&s->frame, s->in->summary.path, bytes_of_buf(&text),
                                                                  memory_left(s->report), &diag) == ERR_OK;
    bool well = read && json_is_object(s->frame.root) && is_in_form(s->frame.root, &text);

    buf_free(&text);
    return well;
}

/* Order of keys and all: as bytes. */
static bool is_frame_expected(const struct stream *s)
{
    json_t *expected = summary_expected(s->r, s->in->label, s->frame.root, json_array(), s->r->epoch_count);
    struct buf text = {0};

    json_render(expected, &text);
    bool same = is_in_form(s->frame.root, &text);
    buf_free(&text);
    json_decref(expected);
    return same;
}

static bool is_frame_observed(const struct stream *s)
{
    struct audit_report scratch = {0};

    audit_section_begin(&scratch, "");
    observed_check(s->frame.root, s->in->summary.path, &scratch);
    bool well = scratch.finding_count == 0;
    audit_report_free(&scratch);
    return well;
}

/* The canonical form of the whole, without the signature: the rows' in the frame's gap. */
static bool are_rows_signed(struct stream *s)
{
    static const char key[] = "\"epochs\":[";
    json_t *bare = json_copy(s->frame.root);
    struct buf text = {0};
    bool well = false;

    ASSERT(bare != NULL);
    json_object_del(bare, "summary_signature");
    json_canonical(bare, &text);
    const char *gap = strstr(buf_text(&text), key); /* keys that sort before it have been compared */
    ASSERT(gap != NULL);
    size_t head = (size_t)(gap - buf_text(&text)) + sizeof key - 1;
    digest_init(&s->canonical);
    digest_add(&s->canonical, text.data, head);
    if (check_rows(s)) {
        digest_add(&s->canonical, text.data + head, text.len - head);
        struct digest digest = digest_final(&s->canonical);
        well = MUTATE(AUDIT_STREAM_UNSIGNED, true, summary_is_signed(s->r, s->frame.root, &digest));
    }
    buf_free(&text);
    json_decref(bare);
    return well;
}

/* As summary_compare() counts them. */
static void report_passes(const struct stream *s)
{
    audit_pass(s->report, RULE_FILE_FORM); /* its form, */
    audit_pass(s->report, RULE_FILE_FORM); /* and the order of its keys */
    audit_pass(s->report, RULE_SUMMARY_SIGNATURE);
    for (unsigned i = 0; i < s->r->epoch_count; i++)
        audit_pass(s->report, RULE_SUMMARY_LEDGER);
    audit_pass(s->report, RULE_SUMMARY_FORM);
    audit_pass(s->report, RULE_SUMMARY_VIEW);
    summary_describe(s->frame.root, audit_section(s->report));
    end_check(s->r, json_object_get(s->frame.root, "end"), s->in->summary.path, s->report);
    summary_skip_observed(s->report);
}

bool summary_stream(const struct replay *r, const struct audit_input *in, struct audit_report *report)
{
    struct stream s = {.r = r, .in = in, .report = report};
    bool well = parse_frame(&s) && is_frame_expected(&s) && is_frame_observed(&s) && are_rows_signed(&s);

    if (well)
        report_passes(&s);
    if (s.frame.root != NULL)
        json_doc_free(&s.frame);
    return well;
}
