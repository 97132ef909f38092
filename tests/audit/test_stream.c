#include <jansson.h>

#include "fixture.h"
#include "tap.h"

/* However the files are gone through, with a tree or without one, by one thread or many, the report is the same, byte
 * for byte. */

static struct fixture good;

static void report_of(const struct fixture *f, unsigned threads, struct buf *out)
{
    struct audit_report report = {0};

    fixture_audit_with(f, &(struct audit_options){.threads = threads}, &report);
    json_t *json = audit_report_json(&report);
    json_render(json, out);
    json_decref(json);
    audit_report_free(&report);
}

static bool same_reports(const struct fixture *a, unsigned threads_a, const struct fixture *b, unsigned threads_b)
{
    struct buf x = {0}, y = {0};

    report_of(a, threads_a, &x);
    report_of(b, threads_b, &y);
    bool same = bytes_equal(bytes_of_buf(&x), bytes_of_buf(&y));
    buf_free(&x);
    buf_free(&y);
    return same;
}

/* White space is no part of the form, but who reads line by line cannot take it. */
static void with_and_without_a_tree(void)
{
    for (unsigned i = 0; i <= good.epoch_count; i++) {
        struct fixture spaced = {0};

        fixture_copy(&spaced, &good);
        buf_add_text(i < good.epoch_count ? &spaced.epochs[i] : &spaced.summary, " \n");
        CHECK(same_reports(&good, 1, &spaced, 1));
        fixture_free(&spaced);
    }
}

static void on_any_number_of_threads(void)
{
    CHECK(same_reports(&good, 1, &good, 2));
    CHECK(same_reports(&good, 1, &good, 5));
}

/* The same of files with one byte changed somewhere, most of which have findings. */
static void with_findings_on_any_number_of_threads(void)
{
    for (size_t at = 1; at < good.epochs[1].len; at += 997) {
        struct fixture bad = {0};

        fixture_copy(&bad, &good);
        bad.epochs[1].data[at] ^= 1;
        CHECK(same_reports(&bad, 1, &bad, 3));
        fixture_free(&bad);
    }
}

int main(void)
{
    key_library_init();
    fixture_make(&good, 4, 3, true, 3, 77);
    TAP_RUN(with_and_without_a_tree);
    TAP_RUN(on_any_number_of_threads);
    TAP_RUN(with_findings_on_any_number_of_threads);
    fixture_free(&good);
    return tap_done();
}
