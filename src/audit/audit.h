#ifndef PRISMFED_AUDIT_AUDIT_H
#define PRISMFED_AUDIT_AUDIT_H

#include "audit/spot_check.h"

/* The compliance validator: recomputes everything that follows from genesis and the signed bytes, and believes
 * nothing else. It reads what it is given and nothing more; no clock, no network. */

struct audit_file {
    const char *path; /* as findings name it */
    struct bytes text;
};

struct audit_epoch_file {
    uint64_t epoch; /* as the file's name says */
    struct audit_file file;
};

/* The files of one label, in memory. path NULL: there is none. */
struct audit_input {
    const char *label;
    struct audit_file genesis, summary;
    unsigned epoch_count;
    const struct audit_epoch_file *epochs; /* ascending */
};

struct audit_options {
    bool has_federation_id;
    struct digest federation_id;    /* of the genesis to trust; must then be every label's */
    uint64_t spot_checks;           /* claims to run again; 0: none */
    const struct claim_work *work;  /* with which; borrowed */
    const char *label;              /* audit this one alone; NULL: all */
    struct federation_state *state; /* NULL, or zero: gets the state after the last epoch of a log that could be
                                       executed to its end; the caller's to free (state_free) */
    void (*progress)(void *context, const char *label); /* or NULL */
    void *context;
};

/* Adds a section to the report. */
void audit_label(const struct audit_input *in, const struct audit_options *options, struct audit_report *report);

/* Reads a folder with simulations/ and ledger/ and audits every label in it. An error (then the report is not to be
 * used): the folder cannot be read, or holds no artifacts at all. *report must be zero. */
enum err audit_folder(const char *folder, const struct audit_options *options, struct audit_report *report,
                      struct diag *diag) MUST_CHECK;

#endif
