#include "audit/audit.h"

#include <inttypes.h>

#include "audit/summary.h"
#include "base/mutate.h"

static void skip_all(struct audit_report *report, enum audit_rule first, enum audit_rule last, const char *why)
{
    for (enum audit_rule rule = first; rule <= last; rule++)
        audit_skip(report, rule, why);
}

static void check_trust(const struct replay *r, const struct audit_input *in, const struct audit_options *options,
                        struct audit_report *report)
{
    if (!options->has_federation_id)
        audit_skip(report, RULE_GENESIS_TRUST, "name the federation that you trust with --federation ID");
    else if (digest_equal(&r->state.federation_id, &options->federation_id))
        audit_pass(report, RULE_GENESIS_TRUST);
    else
        audit_fail(report, RULE_GENESIS_TRUST, in->genesis.path, "/federation_id",
                   "a whole and consistent log, of another federation than the trusted one");
}

/* All epoch files in order; false when one could not be executed, and with it none of those behind. */
static bool replay_all(struct replay *r, const struct audit_input *in, struct audit_report *report)
{
    for (unsigned i = 0; i < in->epoch_count; i++) {
        const struct audit_epoch_file *e = &in->epochs[i];

        if (e->epoch > r->state.epoch) {
            audit_fail(report, RULE_FILE_MISSING, e->file.path, "",
                       "the file of epoch %" PRIu64 " before it is missing", r->state.epoch);
            return false;
        }
        if (!replay_epoch(r, e->epoch, e->file.path, e->file.text, report))
            return false;
    }
    return true;
}

static const char *why(const struct member *m)
{
    switch (m->status) {
    case MEMBER_ABSENT:
        return "it let a deadline pass";
    case MEMBER_QUARANTINED:
        if (m->found_epoch >= m->last_epoch && m->false_claims > 0)
            return NULL;
        return "it was away for longer than max_ledger_drift";
    case MEMBER_CONVICTED:
        return "it signed two things that contradict each other";
    case MEMBER_LEFT:
        return "it said good-bye, or its leaving was signed off";
    default:
        return NULL;
    }
}

/* As execution says. */
static void tell_standings(const struct federation_state *s, struct audit_report *report)
{
    for (unsigned i = 0; i < s->member_count; i++) {
        const struct member *m = &s->members[i];
        struct audit_standing standing = {
            .status = member_status_name(m->status),
            .why = why(m),
            .false_claims = m->false_claims,
            .found_epoch = m->found_epoch,
        };

        if (m->status != MEMBER_ACTIVE || m->false_claims > 0)
            audit_stand(report, m->card.name, &standing);
    }
}

static void audit_log(struct replay *r, const struct audit_input *in, const struct audit_options *options,
                      struct audit_report *report)
{
    check_trust(r, in, options, report);
    bool whole = replay_all(r, in, report);
    replay_compare(r, report);
    if (MUTATE(AUDIT_STATE_OF_A_PART, true, whole) && options->state != NULL) {
        state_free(options->state);
        state_copy(options->state, &r->state);
    }
    tell_standings(&r->state, report);
    if (!whole)
        skip_all(report, RULE_EPOCH_ORDER, RULE_ANCHOR_BINDING, "nothing behind the first epoch that fails");
    if (options->spot_checks > 0)
        spot_check(r, options->spot_checks, options->work, report);
    else
        audit_skip(report, RULE_WORK_CLAIMS,
                   "decisions are re-executed, work is not: --spot-check, where it is disclosed");
    if (in->summary.path == NULL)
        audit_fail(report, RULE_FILE_MISSING, in->genesis.path, "", "there is no summary for the label \"%s\"",
                   in->label);
    else
        summary_compare(r, whole, in->label, in->summary.path, in->summary.text, report);
}

void audit_label(const struct audit_input *in, const struct audit_options *options, struct audit_report *report)
{
    struct replay *r = mem_alloc(sizeof *r);

    if (options->progress != NULL)
        options->progress(options->context, in->label);
    audit_section_begin(report, in->label);
    r->work_wanted = options->spot_checks > 0;
    if (in->genesis.path == NULL) {
        audit_fail(report, RULE_FILE_MISSING, in->summary.path != NULL ? in->summary.path : in->epochs[0].file.path, "",
                   "there is no genesis.json for the label \"%s\"", in->label);
        skip_all(report, RULE_GENESIS_DOCUMENT, RULE_WORK_CLAIMS, "there is no genesis to begin with");
    } else if (replay_genesis(r, in->genesis.path, in->genesis.text, report)) {
        audit_log(r, in, options, report);
    } else {
        skip_all(report, RULE_GENESIS_VIEW, RULE_WORK_CLAIMS, "the genesis cannot be read");
    }
    replay_free(r);
    mem_free(r);
}
