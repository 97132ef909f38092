#ifndef PRISMFED_AUDIT_REPORT_H
#define PRISMFED_AUDIT_REPORT_H

#include "audit/rules.h"
#include "base/confine.h"
#include "codec/json.h"
#include "crypto/digest.h"

/* What an audit found. Each rule of a section is in one state: it failed, or it was not (or not fully) checked, or it
 * passed, or there was nothing to check. */

enum audit_state { AUDIT_NOTHING_TO_CHECK, AUDIT_PASSED, AUDIT_NOT_CHECKED, AUDIT_FAILED, AUDIT_STATE_COUNT };

/* Of the whole. Without a finding the files agree with each other; whether they are those that the reader means is
 * another question, and as long as such a question is open the folder is not compliant. */
enum audit_verdict {
    AUDIT_COMPLIANT,
    AUDIT_CONSISTENT, /* no finding, but something is open */
    AUDIT_NOT_COMPLIANT
};

struct audit_finding {
    enum audit_rule rule;
    unsigned section;
    char *file;    /* owned; like the others escaped (text_escape) */
    char *pointer; /* RFC 6901; owned */
    char *text;    /* expected and found; owned */
};

/* A member that is not in good standing when the log ends, or that was at some time found with a false claim. */
struct audit_standing {
    char *member;                       /* owned */
    const char *status;                 /* static text, like why */
    const char *why;                    /* or NULL: there is nothing but its false claims */
    uint64_t false_claims, found_epoch; /* how often it was found with one, and when last; 0: never */
};

/* One label's part, or that of a folder as a whole. */
struct audit_section {
    char *label; /* owned; of a folder: its path */
    bool is_folder;
    char *scenario; /* owned; NULL until genesis is read */
    bool simulated;
    struct digest federation_id;
    uint64_t log_size; /* after what could be executed */
    struct digest log_root;
    uint64_t epochs, anchored, blocks, entries; /* re-executed */
    uint64_t passed[AUDIT_RULE_COUNT], failed[AUDIT_RULE_COUNT];
    char *skipped[AUDIT_RULE_COUNT];                     /* why something was not checked, or NULL; owned */
    bool open[AUDIT_RULE_COUNT];                         /* what was skipped keeps the verdict from being compliant */
    char scenario_sha256[2 * DIGEST_SIZE + 1], seed[24]; /* of the run, as the summary says; "": it does not */
    uint64_t claims_disclosed;                           /* that could be run again; 0 without a spot check */
    uint64_t memory, memory_max;                         /* bytes that the values of its files take at most, and may */
    unsigned standing_count;
    struct audit_standing *standings; /* owned */
};

/* Zero-initialise; audit_report_free() at the end. */
struct audit_report {
    struct confine_force confined; /* what kept the process that made it in; set by whoever confined it */
    unsigned note_count;
    char **notes; /* owned; what a reader should know, though it is no rule's; escaped */
    unsigned section_count;
    struct audit_section *sections;
    size_t finding_count;
    struct audit_finding *findings;
};

/* Later passes, failures and skips belong to this section. */
void audit_section_begin(struct audit_report *r, const char *label);
void audit_folder_begin(struct audit_report *r, const char *folder); /* the same for a folder as a whole */
struct audit_section *audit_section(struct audit_report *r);         /* the present one; valid until the next begins */
void audit_pass(struct audit_report *r, enum audit_rule rule);
void audit_note(struct audit_report *r, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Nobody can check it, or nobody asked for it: no reason to doubt the rest. */
void audit_skip(struct audit_report *r, enum audit_rule rule, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Not checked, and without it nobody may rely on the rest. */
void audit_open(struct audit_report *r, enum audit_rule rule, const char *fmt, ...) PRINTF_LIKE(3, 4);
void audit_stand(struct audit_report *r, const char *member, const struct audit_standing *standing); /* copied */
void audit_fail(struct audit_report *r, enum audit_rule rule, const char *file, const char *pointer, const char *fmt,
                ...) PRINTF_LIKE(5, 6);
/* The same for a complaint of json_doc_complain(): takes it apart. */
void audit_fail_diag(struct audit_report *r, enum audit_rule rule, const char *file, const struct diag *diag);
/* At the first difference between what stands there and what should. */
void audit_fail_difference(struct audit_report *r, enum audit_rule rule, const char *file, const char *pointer,
                           const json_t *found, const json_t *expected);
enum audit_state audit_rule_state(const struct audit_section *s, enum audit_rule rule);
enum audit_verdict audit_verdict(const struct audit_report *r);
bool audit_simulated(const struct audit_report *r); /* is any of it a rehearsal? */
void audit_report_free(struct audit_report *r);

/* Appended to out, for a person. */
void audit_report_text(const struct audit_report *r, struct buf *out);
/* The same in the forms of others. A finding, what passed, what was not checked and what there was none of are four
 * things in each of them. SARIF 2.1.0 (new reference); JUnit XML; commands of GitHub's runners. */
json_t *audit_report_sarif(const struct audit_report *r, const char *version);
void audit_report_junit(const struct audit_report *r, struct buf *out);
void audit_report_github(const struct audit_report *r, struct buf *out);
const char *audit_verdict_name(enum audit_verdict verdict);
/* New reference. */
json_t *audit_report_json(const struct audit_report *r);

#endif
