#ifndef PRISMFED_AUDIT_REPORT_H
#define PRISMFED_AUDIT_REPORT_H

#include "audit/rules.h"
#include "codec/json.h"
#include "crypto/digest.h"

/* What an audit found. Passed, failed and not checked are three things and stay so. */

struct audit_finding {
    enum audit_rule rule;
    unsigned section;
    char *file;    /* owned; like the others escaped (text_escape) */
    char *pointer; /* RFC 6901; owned */
    char *text;    /* expected and found; owned */
};

/* A member that is not in good standing when the log ends, or was not once. */
struct audit_standing {
    char *member;                       /* owned */
    const char *status;                 /* static text, like why */
    const char *why;                    /* or NULL: there is nothing but its false claims */
    uint64_t false_claims, found_epoch; /* how often it was found with one, and when last; 0: never */
};

/* One label's part; section 0 is the folder as a whole. */
struct audit_section {
    char *label;    /* owned */
    char *scenario; /* owned; NULL until genesis is read */
    bool simulated;
    struct digest federation_id;
    uint64_t epochs, anchored, blocks, entries; /* re-executed */
    uint64_t passed[AUDIT_RULE_COUNT], failed[AUDIT_RULE_COUNT];
    const char *skipped[AUDIT_RULE_COUNT]; /* why something was not checked, or NULL; static text */
    unsigned standing_count;
    struct audit_standing *standings; /* owned */
};

/* Zero-initialise; audit_report_free() at the end. */
struct audit_report {
    unsigned section_count;
    struct audit_section *sections;
    size_t finding_count;
    struct audit_finding *findings;
};

/* Later passes, failures and skips belong to this section. */
void audit_section_begin(struct audit_report *r, const char *label);
struct audit_section *audit_section(struct audit_report *r); /* the present one; valid until the next begins */
void audit_pass(struct audit_report *r, enum audit_rule rule);
void audit_skip(struct audit_report *r, enum audit_rule rule, const char *why);
void audit_stand(struct audit_report *r, const char *member, const struct audit_standing *standing); /* copied */
void audit_fail(struct audit_report *r, enum audit_rule rule, const char *file, const char *pointer, const char *fmt,
                ...) PRINTF_LIKE(5, 6);
/* The same for a complaint of json_doc_complain(): takes it apart. */
void audit_fail_diag(struct audit_report *r, enum audit_rule rule, const char *file, const struct diag *diag);
/* At the first difference between what stands there and what should. */
void audit_fail_difference(struct audit_report *r, enum audit_rule rule, const char *file, const char *pointer,
                           const json_t *found, const json_t *expected);
void audit_report_free(struct audit_report *r);

/* Appended to out, for a person. */
void audit_report_text(const struct audit_report *r, struct buf *out);
/* New reference. */
json_t *audit_report_json(const struct audit_report *r);

#endif
