#include "audit/order.h"
#include "audit/replay.h"

#include <inttypes.h>
#include <jansson.h>

#include "base/mutate.h"

static void compare_view(struct replay *r, const struct replayed_epoch *e, struct audit_report *report)
{
    struct names known = r->names; /* a view of those known by then */
    struct epoch_names names = {.context = &known, .name = names_find};
    struct merkle_tree log = r->log; /* a view up to the epoch's end */
    struct epoch_record record = {
        .federation = r->state.name,
        .simulated = r->state.simulated,
        .epoch = e->epoch,
        .blocks = e->bytes.blocks,
        .block_count = e->bytes.block_count,
        .verdicts = &r->verdicts[e->first_verdict],
        .log = &log,
        .size_before = e->size_before,
        .anchor = e->anchor,
        .signature = bytes_of_buf(&e->bytes.signature),
        .outcome = e->outcome,
        .next_voters = bytes_of_buf(&e->next_voters),
    };
    json_t *expected;
    struct buf pointer = {0};

    log.size = e->anchor.log_size;
    known.count = e->names_count;
    expected = epoch_file_render(&record, &names);
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
static void compare_anchor(struct replay *r, const struct replayed_epoch *e, struct audit_report *report)
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

void replay_compare(struct replay *r, struct audit_report *report)
{
    for (unsigned i = 0; i < r->epoch_count; i++) {
        compare_view(r, &r->epochs[i], report);
        compare_anchor(r, &r->epochs[i], report);
    }
}
