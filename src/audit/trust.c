/* The trust root that the auditor was given, and what it says of a log. */
#include "audit/trust.h"

#include <string.h>

#include "base/mutate.h"
#include "state/governance.h"
#include "state/membership.h"

enum err audit_trust_add(struct audit_trust *t, const char *path, struct bytes text, struct diag *diag)
{
    struct root *root = mem_alloc(sizeof *root);
    const struct root *before = t->path != NULL ? &t->root : NULL;
    struct dsse envelope;
    enum err err = root_parse(path, text, &envelope, root, diag);

    if (err == ERR_OK) {
        if (t->fault == ERR_OK)
            t->fault = root_check(&envelope, root, before, &t->why);
        dsse_free(&envelope);
        t->path = path;
        t->root = *root;
    }
    mem_free(root);
    return err;
}

static bool has_expired(const struct audit_trust *t)
{
    return t->has_at && MUTATE(AUDIT_ROOT_FOR_EVER, false, t->at >= t->root.expires);
}

bool trust_vouches(const struct audit_trust *t, const struct digest *federation_id)
{
    return t != NULL && t->fault == ERR_OK && !has_expired(t) &&
           MUTATE(AUDIT_ROOT_OF_ANY, true, digest_equal(&t->root.federation, federation_id));
}

/* ---- the roles, as the log ends */

static bool has_key(const struct root_party *party, const struct digest *fingerprint)
{
    bool found = false;

    for (unsigned i = 0; i < party->count; i++) {
        struct digest other = key_fingerprint(&party->keys[i]);
        found = found || digest_equal(&other, fingerprint);
    }
    return found;
}

static bool governors_agree(const struct root_party *party, const struct federation_state *s)
{
    const struct governance *g = s->governance;
    unsigned there = 0;

    for (unsigned i = 0; g != NULL && i < g->count; i++) {
        if (!governance_counts(g, i, s->epoch))
            continue;
        there++;
        if (!has_key(party, &g->governors[i].fingerprint))
            return false;
    }
    return g != NULL && there == party->count && g->threshold == party->threshold;
}

static bool validators_agree(const struct root_party *party, const struct federation_state *s)
{
    for (unsigned i = 0; i < s->validator_count; i++) {
        if (!has_key(party, &state_member(s, s->validators[i])->fingerprint))
            return false;
    }
    return s->validator_count == party->count && s->quorum == party->threshold;
}

static void judge_roles(const struct audit_trust *t, const struct federation_state *s, bool whole,
                        struct audit_report *report)
{
    const struct root_party *governors = &t->root.roles[ROOT_ROLE_GOVERNANCE];
    const struct root_party *validators = &t->root.roles[ROOT_ROLE_VALIDATOR];

    if (!whole) {
        audit_skip(report, RULE_ROOT_ROLES, "the log could not be executed to its end");
        return;
    }
    if (governors->count > 0 && !governors_agree(governors, s))
        audit_fail(report, RULE_ROOT_ROLES, t->path, "/roles/governance",
                   "when the log ends others govern, or with another threshold");
    else if (validators->count > 0 && !validators_agree(validators, s))
        audit_fail(report, RULE_ROOT_ROLES, t->path, "/roles/validator",
                   "when the log ends others are validators, or with another quorum");
    else if (governors->count + validators->count > 0)
        audit_pass(report, RULE_ROOT_ROLES);
}

/* ---- all of it */

static void judge_version(const struct audit_trust *t, struct audit_report *report)
{
    bool of_versions = t->fault == ERR_STALE || t->fault == ERR_MISSING;

    if (t->fault == ERR_OK || t->fault == ERR_MISMATCH) {
        audit_pass(report, RULE_ROOT_THRESHOLD);
        audit_pass(report, RULE_ROOT_VERSION);
    } else {
        audit_fail_diag(report, of_versions ? RULE_ROOT_VERSION : RULE_ROOT_THRESHOLD, t->path, &t->why);
        audit_skip(report, of_versions ? RULE_ROOT_THRESHOLD : RULE_ROOT_VERSION, "the root is not good");
    }
}

static void judge_time(const struct audit_trust *t, struct audit_report *report)
{
    char expires[ROOT_TIME_SIZE];

    root_time_print(t->root.expires, expires);
    if (!t->has_at)
        audit_skip(report, RULE_ROOT_EXPIRED,
                   "nobody said at which time the root must hold (--at TIME); it holds until %s", expires);
    else if (has_expired(t))
        audit_fail(report, RULE_ROOT_EXPIRED, t->path, "/expires", "it held until %s", expires);
    else
        audit_pass(report, RULE_ROOT_EXPIRED);
}

void trust_judge(const struct audit_trust *t, const struct federation_state *end, bool whole,
                 struct audit_report *report)
{
    if (t == NULL)
        return;
    judge_version(t, report);
    judge_time(t, report);
    if (t->fault == ERR_MISMATCH || !digest_equal(&t->root.federation, &end->federation_id)) {
        audit_fail(report, RULE_ROOT_FEDERATION, t->path, "/federation", "it is the root of another federation");
        return;
    }
    audit_pass(report, RULE_ROOT_FEDERATION);
    judge_roles(t, end, whole, report);
}
