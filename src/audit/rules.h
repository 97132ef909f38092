#ifndef PRISMFED_AUDIT_RULES_H
#define PRISMFED_AUDIT_RULES_H

/* What the compliance validator checks. The codes are stable: people write them into tickets (docs/audit.md). */

enum audit_rule {
    RULE_FILE_MISSING,
    RULE_FILE_EXTRA,
    RULE_FILE_FORM,
    RULE_GENESIS_DOCUMENT,
    RULE_GENESIS_VIEW,
    RULE_GENESIS_TRUST,
    RULE_ROOT_THRESHOLD,
    RULE_ROOT_VERSION,
    RULE_ROOT_EXPIRED,
    RULE_ROOT_FEDERATION,
    RULE_ROOT_ROLES,
    RULE_EPOCH_ORDER,
    RULE_EPOCH_BYTES,
    RULE_BLOCK_CHAIN,
    RULE_CERT_VOTE,
    RULE_CERT_QUORUM,
    RULE_BLOCK_STATE,
    RULE_BLOCK_LINK,
    RULE_BLOCK_FORK,
    RULE_COHORT,
    RULE_EPOCH_VIEW,
    RULE_ANCHOR_SIGNATURE,
    RULE_ANCHOR_BINDING,
    RULE_CHECKPOINT,
    RULE_SUMMARY_SIGNATURE,
    RULE_SUMMARY_VIEW,
    RULE_SUMMARY_LEDGER,
    RULE_SUMMARY_FORM,
    RULE_GOVERNANCE_LOG,
    RULE_LOG_END,
    RULE_WITNESS,
    RULE_SUMMARY_OBSERVED,
    RULE_WORK_CLAIMS,
    AUDIT_RULE_COUNT
};

/* Of a finding. */
enum audit_severity {
    AUDIT_SEVERITY_ERROR, /* the files are not what they say */
    AUDIT_SEVERITY_NOTE   /* nobody finds it by these files alone */
};
const char *audit_severity_name(enum audit_severity severity); /* "error", "note": as in SARIF */

/* One row for each rule: report, SARIF and docs/audit.md say what stands here. */
struct audit_rule_info {
    const char *code;
    const char *says;  /* what holds when the rule is met */
    const char *cites; /* the clause that wants it */
    const char *reads; /* the files that it is about, below the folder */
    enum audit_severity severity;
};
const struct audit_rule_info *audit_rule_info(enum audit_rule rule);

#endif
