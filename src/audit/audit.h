#ifndef PRISMFED_AUDIT_AUDIT_H
#define PRISMFED_AUDIT_AUDIT_H

#include "audit/checkpoint.h"
#include "audit/fork.h"
#include "audit/input.h"
#include "audit/offers.h"
#include "audit/spot_check.h"
#include "audit/trust.h"

/* The compliance validator: recomputes everything that follows from genesis and the signed bytes, and believes
 * nothing else. It reads what it is given and nothing more; no clock, no network. */

/* A scenario that vouches for its own rehearsal: whoever has the file and the seed can make the genesis. */
struct audit_rehearsal {
    const char *path;            /* of the scenario; borrowed */
    struct digest federation_id; /* of the genesis that it makes with the seed */
    struct digest scenario;      /* SHA-256 of the file's bytes */
    uint64_t seed;
    const struct claim_work *work; /* what it discloses; borrowed; NULL: nothing */
};

/* Of a label's files, when nothing else is said. docs/audit.md, Limits. */
enum { AUDIT_MEMORY_MB = 4096 };

/* All pointers borrowed. */
struct audit_options {
    unsigned federation_count;
    const struct digest *federations; /* those trusted: a label's must be one of them, or a rehearsal's; with none at
                                         all any is taken, and the report says so */
    unsigned rehearsal_count;
    const struct audit_rehearsal *rehearsals; /* those trusted, too */
    uint64_t spot_checks;                     /* claims to run again, of the labels of rehearsals; 0: none */
    const char *label;                        /* audit this one alone; NULL: all */
    unsigned threads;                         /* that verify signatures; 0: one for each processor */
    uint64_t memory_mb;                       /* MiB that the values of a label's files may take; 0: AUDIT_MEMORY_MB */
    const struct audit_trust *trust;          /* borrowed; a trust root that vouches for its federation; NULL: none */
    const struct trust_policy *policy; /* borrowed; who must have cosigned the last checkpoint; NULL: nobody asks */
    struct fork_watch *forks; /* borrowed; histories of one audit, whatever folder they are in; NULL: not compared */
    struct federation_state *state; /* NULL, or zero: gets the state after the last epoch of a log that could be
                                       executed to its end; the caller's to free (state_free) */
    struct offers *offers;          /* NULL, or gets what a site has offered in such a log; borrowed */
    void (*progress)(void *context, const char *label); /* or NULL */
    void *context;
};

/* Adds a section to the report. */
void audit_label(const struct audit_input *in, const struct audit_options *options, struct audit_report *report);

/* The label whose summary a file of this name in simulations/ is; a view of the name, or static. False: it is no
 * summary's name. */
bool audit_summary_label(const char *name, struct bytes *label);

/* Reads a folder with simulations/ and ledger/ and audits every label in it. An error (then the report is not to be
 * used): the folder cannot be read, or holds no artifacts at all. *report must be zero. */
enum err audit_folder(const char *folder, const struct audit_options *options, struct audit_report *report,
                      struct diag *diag) MUST_CHECK;

#endif
