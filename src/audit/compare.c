#include "audit/compare.h"

#include <inttypes.h>
#include <jansson.h>

#include "audit/order.h"
#include "base/mutate.h"

static struct epoch_record record_of(const struct replay *r, const struct replayed_epoch *e)
{
    return (struct epoch_record){
        .federation = r->state.name,
        .simulated = r->state.simulated,
        .epoch = e->epoch,
        .blocks = e->bytes.blocks,
        .block_count = e->bytes.block_count,
        .verdicts = e->verdicts,
        .log = &r->log,
        .size_before = e->size_before,
        .anchor = e->anchor,
        .signature = bytes_of_buf(&e->bytes.signature),
        .outcome = e->outcome,
        .next_voters = bytes_of_buf(&e->next_voters),
    };
}

bool compare_text(const struct replay *r, const struct replayed_epoch *e, struct bytes text)
{
    struct epoch_names names = {.context = &r->names, .name = names_find};
    struct epoch_record record = record_of(r, e);
    struct buf expected = {0};

    buf_reserve(&expected, text.len + 1);
    epoch_file_write(&record, &names, &expected);
    bool same = MUTATE(AUDIT_TEXT_BELIEVED, true, bytes_equal(text, bytes_of_buf(&expected)));
    buf_free(&expected);
    return same;
}

static void compare_view(struct replay *r, const struct replayed_epoch *e, struct audit_report *report)
{
    struct epoch_names names = {.context = &r->names, .name = names_find};
    struct epoch_record record = record_of(r, e);
    json_t *expected = epoch_file_render(&record, &names);
    struct buf pointer = {0};

    if (json_difference(e->doc.root, expected, &pointer)) {
        audit_fail_difference(report, RULE_EPOCH_VIEW, e->file, buf_text(&pointer), e->doc.root, expected);
    } else {
        audit_pass(report, RULE_EPOCH_VIEW);
        order_compare(e->file, e->doc.root, expected, report);
    }
    buf_free(&pointer);
    json_decref(expected);
}

/* The statement that was signed is the one that execution gives: compared as bytes. */
static bool same_statement(const struct anchor_statement *a, struct bytes payload)
{
    struct buf expected = {0};
    bool same;

    anchor_payload(a, &expected);
    same = bytes_equal(bytes_of_buf(&expected), payload);
    buf_free(&expected);
    return same;
}

/* Nobody with this key was in good standing when the epoch closed. */
static void blame_signer(struct replay *r, const struct replayed_epoch *e, const struct digest *kid,
                         struct audit_report *report)
{
    const char *name = names_find(&r->names, kid);

    if (name == NULL)
        audit_fail(report, RULE_ANCHOR_SIGNATURE, e->file, "/signature", "the signer's key is nobody's in this log");
    else
        audit_fail(report, RULE_ANCHOR_SIGNATURE, e->file, "/signature",
                   "signed with a key of %s, who had another one in epoch %" PRIu64 " or was not in good standing",
                   name, e->epoch);
}

/* Keys and standing are those of the epoch that is signed. */
void compare_anchor(struct replay *r, const struct replayed_epoch *e, struct audit_report *report)
{
    struct anchor_statement statement;
    struct cose_sign1 cose;
    enum err err = anchor_parse(bytes_of_buf(&e->bytes.signature), &statement, &cose);
    const struct public_key *key = err == ERR_OK ? signers_find(&e->signers, &cose.kid) : NULL;

    if (err == ERR_OK && key == NULL) {
        blame_signer(r, e, &cose.kid, report);
        return;
    }
    if (err == ERR_OK)
        err = cose_verify(&cose, key);
    if (err != ERR_OK) {
        audit_fail(report, RULE_ANCHOR_SIGNATURE, e->file, "/signature", "%s", err_text(err));
        return;
    }
    audit_pass(report, RULE_ANCHOR_SIGNATURE);
    if (MUTATE(AUDIT_ANY_ANCHOR, true, same_statement(&e->anchor, cose.payload)))
        audit_pass(report, RULE_ANCHOR_BINDING);
    else
        audit_fail(report, RULE_ANCHOR_BINDING, e->file, "/signature",
                   "a valid signature, but over other roots than those of this epoch");
}

void compare_epoch(struct replay *r, const struct replayed_epoch *e, struct audit_report *report)
{
    compare_view(r, e, report);
    compare_anchor(r, e, report);
}
