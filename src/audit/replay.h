#ifndef PRISMFED_AUDIT_REPLAY_H
#define PRISMFED_AUDIT_REPLAY_H

#include "audit/report.h"
#include "state/claim.h"
#include "state/execute.h"
#include "state/membership.h"
#include "state/names.h"
#include "state/signers.h"
#include "ledger/epoch_file.h"

/* The log executed anew, from genesis and the signed bytes of the epoch files. */

struct fork_history;

struct replayed_epoch {
    uint64_t epoch;
    const char *file;        /* borrowed */
    struct json_doc doc;     /* owned; as it was read; gone when the epoch has been compared */
    struct epoch_file bytes; /* owned; its blocks are gone then, too, unless replay.bodies_wanted */
    enum err *verdicts;      /* owned; one for each entry */
    uint64_t size_before;
    struct anchor_statement anchor;       /* as it should be */
    struct signers signers;               /* owned; who may sign it; gone when the epoch has been compared */
    json_t *outcome;                      /* owned reference */
    int *owners;                          /* owned; of each shard when the epoch had ended */
    uint64_t shards_moved;                /* that have another owner than after the epoch before */
    json_t *shown_root, *shown_signature; /* owned references; what the file says of them, or NULL */
    unsigned candidate_count;
    struct genome *candidates; /* owned; what was scored, in aligned order, if replay.work_wanted */
    struct buf next_voters;    /* as it should be; empty: the membership epoch goes on */
};

/* Who had the shards after a block. */
struct replayed_owners {
    struct digest block_id;
    int *owners; /* owned */
};

/* Memory is that of one epoch and of what is wanted beyond: what is wanted is set before replay_genesis(). */
struct replay {
    bool epochs_wanted;           /* keep what a summary says of each epoch */
    bool bodies_wanted;           /* keep its entries, too (implies epochs_wanted) */
    bool work_wanted;             /* keep what claims are about (implies bodies_wanted) */
    struct fork_history *history; /* NULL, or gets the blocks; borrowed */
    struct pool *pool;            /* NULL: signatures are verified on this thread alone; borrowed */

    struct federation_state state; /* after the last epoch here */
    int *owners_before;            /* owned; after the last epoch here */
    struct names names;
    struct voter_set voters; /* as one knows them who follows nothing but headers, certificates and links */
    struct merkle_tree log;  /* what lies before the last epoch is forgotten */
    size_t owners_count;
    struct replayed_owners *owners; /* owned; of genesis and every block, if work_wanted */
    struct buf governance;          /* owned; META-GOVERNANCE-LOG.md as it should be; empty: nobody governs */
    uint64_t first_epoch;
    unsigned epoch_count;
    struct digest *rows;           /* owned; of each epoch what its row in the summary must be (summary_row_digest) */
    struct replayed_epoch *epochs; /* owned; if epochs_wanted */
};

/* Reads genesis.json; false when there is nothing to go on with. *r must be zero; replay_free() in any case. */
bool replay_genesis(struct replay *r, const char *file, struct bytes text, struct audit_report *report);
/* Executes one epoch file on top, and compares all that it shows with what comes out, and its anchor; false when the
 * state is not to be relied on from here. */
bool replay_epoch(struct replay *r, uint64_t epoch, const char *file, struct bytes text, struct audit_report *report);
void replay_free(struct replay *r);

/* Calls see for each entry that took effect, in the order of the log, if bodies_wanted; number: in the file of its
 * epoch. */
void replay_entries(const struct replay *r,
                    void (*see)(void *context, const struct replayed_epoch *in, uint64_t number, struct bytes entry),
                    void *context);

/* Parses; an artifact has one form, apart from white space: no other order of keys, no other escapes. */
bool replay_load(struct json_doc *doc, const char *file, struct bytes text, struct audit_report *report);
/* What was loaded is no longer needed. */
void replay_unload(struct json_doc *doc, struct audit_report *report);

#endif
