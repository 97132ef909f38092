#include "audit/replay.h"

#include <string.h>

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
    if (json_difference(e->doc.root, expected, &pointer))
        audit_fail_difference(report, RULE_EPOCH_VIEW, e->file, buf_text(&pointer), e->doc.root, expected);
    else
        audit_pass(report, RULE_EPOCH_VIEW);
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

static void compare_anchor(struct replay *r, const struct replayed_epoch *e, struct audit_report *report)
{
    struct anchor_statement statement;
    struct cose_sign1 cose;
    enum err err = anchor_parse(bytes_of_buf(&e->bytes.signature), &statement, &cose);
    int member = err == ERR_OK ? state_find(&r->state, &cose.kid) : -1;

    if (err == ERR_OK && member < 0)
        err = ERR_UNKNOWN;
    if (err == ERR_OK && r->state.members[member].status == MEMBER_CONVICTED)
        err = ERR_STATE;
    if (err == ERR_OK)
        err = cose_verify(&cose, &r->state.members[member].card.key);
    if (err != ERR_OK) {
        audit_fail(report, RULE_ANCHOR_SIGNATURE, e->file, "/signature", "%s", err_text(err));
        return;
    }
    audit_pass(report, RULE_ANCHOR_SIGNATURE);
#ifdef MUTANT_AUDIT_ANY_ANCHOR
    audit_pass(report, RULE_ANCHOR_BINDING);
    return;
#endif
    if (same_statement(&e->anchor, cose.payload))
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
