#include "crypto/key.h"
#include "fixture.h"
#include "tap.h"

/* Each byte in turn of a ledger file, a summary and a genesis file, one bit of it flipped: the audit must say so, but
 * for white space between tokens. */

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static void flip_each(struct fixture *f, struct buf *text, const char *what)
{
    bool in_string = false;
    size_t flipped = 0, missed = 0;

    for (size_t i = 0; i < text->len; i++) {
        uint8_t c = text->data[i];

        if (c == '"')
            in_string = !in_string; /* our artifacts escape no quotes: see escapes_none() */
        if (!in_string && is_space(c))
            continue;
        struct audit_report report = {0};
        text->data[i] = (uint8_t)(c ^ 1u << i % 8);
        fixture_audit(f, &report);
        if (report.finding_count == 0 && ++missed <= 10)
            tap_complain(__FILE__, __LINE__, "%s: byte %zu, '%c' as '%c', is not noticed", what, i, c, text->data[i]);
        audit_report_free(&report);
        text->data[i] = c;
        flipped++;
    }
    tap_note("%s: %zu of %zu bytes flipped", what, flipped, text->len);
    CHECK_EQ_U64(missed, 0);
    CHECK(flipped > 1000);
}

static bool escapes_none(const struct buf *text)
{
    return memchr(text->data, '\\', text->len) == NULL;
}

static struct fixture fixture;

static void the_untouched_one_is_compliant(void)
{
    struct audit_report report = {0};

    fixture_audit(&fixture, &report);
    CHECK_EQ_U64(report.finding_count, 0);
    report_note(&report);
    audit_report_free(&report);
    CHECK(escapes_none(&fixture.epochs[0]) && escapes_none(&fixture.summary) && escapes_none(&fixture.genesis));
}

static void every_byte_of_a_ledger_file(void)
{
    flip_each(&fixture, &fixture.epochs[0], "ledger file");
}

static void every_byte_of_a_summary(void)
{
    flip_each(&fixture, &fixture.summary, "summary");
}

static void every_byte_of_a_genesis_file(void)
{
    flip_each(&fixture, &fixture.genesis, "genesis file");
}

int main(void)
{
    key_library_init();
    fixture_make(&fixture, 1, 1, false, 1, 77);
    TAP_RUN(the_untouched_one_is_compliant);
    TAP_RUN(every_byte_of_a_ledger_file);
    TAP_RUN(every_byte_of_a_summary);
    TAP_RUN(every_byte_of_a_genesis_file);
    fixture_free(&fixture);
    return tap_done();
}
