#ifndef PRISMFED_TESTS_AUDIT_FIXTURE_H
#define PRISMFED_TESTS_AUDIT_FIXTURE_H

#include "audit/audit.h"

/* Artifacts of a small real rehearsal in memory, to be tampered with: genesis, epochs, summary. */

enum { FIXTURE_EPOCHS_MAX = 4 };

struct fixture {
    char label[32];
    uint64_t seed, first_epoch;
    unsigned epoch_count;
    struct buf genesis, summary, epochs[FIXTURE_EPOCHS_MAX];
    char names[FIXTURE_EPOCHS_MAX][32];
};

/* Rehearses with validators core-0.. and, if edge, a participant edge-0. Ends the test program when that fails. */
void fixture_make(struct fixture *f, unsigned validators, unsigned quorum, bool edge, unsigned epochs, uint64_t seed);
/* The same, with these events: JSON objects, separated by commas. */
void fixture_make_eventful(struct fixture *f, unsigned validators, unsigned quorum, bool edge, const char *events,
                           unsigned epochs, uint64_t seed);
void fixture_copy(struct fixture *to, const struct fixture *from); /* to is zero */
void fixture_free(struct fixture *f);

/* Into *report, which must be zero. */
void fixture_audit(const struct fixture *f, struct audit_report *report);
void fixture_audit_with(const struct fixture *f, const struct audit_options *options, struct audit_report *report);
/* Signs the summary anew with the key that its recorder has in genesis. */
void fixture_sign_summary(const struct fixture *f, json_t *summary);
/* The same with any key. */
void summary_sign_anew(json_t *summary, const struct secret_key *key);
/* The rehearsal that the fixture is of, as the holder of its scenario would name it. */
struct audit_rehearsal fixture_rehearsal(const struct fixture *f, const struct claim_work *work);
bool report_has(const struct audit_report *r, enum audit_rule rule);
/* Says what the report found, as TAP comments. */
void report_note(const struct audit_report *r);

/* Opens a text as JSON (the caller changes it) and writes it back; steals value. */
json_t *text_open(const struct buf *text);
void text_close(struct buf *text, json_t *value);

#endif
