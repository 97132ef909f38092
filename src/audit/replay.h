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

struct replayed_epoch {
    uint64_t epoch;
    const char *file;        /* borrowed */
    struct json_doc doc;     /* owned; as it was read */
    struct epoch_file bytes; /* owned */
    uint64_t first_verdict;  /* in replay.verdicts */
    uint64_t size_before;
    struct anchor_statement anchor; /* as it should be */
    struct signers signers;         /* owned; who may sign it */
    json_t *outcome;                /* owned reference */
    int *owners;                    /* owned; of each shard when the epoch had ended */
    unsigned candidate_count;
    struct genome *candidates; /* owned; what was scored, in aligned order, if replay.work_wanted */
    struct buf next_voters;    /* as it should be; empty: the membership epoch goes on */
    unsigned names_count;      /* of replay.names that were known when the epoch had ended */
};

/* Who had the shards after a block. */
struct replayed_owners {
    struct digest block_id;
    int *owners; /* owned */
};

struct replay {
    bool work_wanted;              /* what claims are about; set before replay_genesis() */
    struct federation_state state; /* after the last epoch here */
    int *first_owners;             /* owned; at genesis */
    struct names names;
    struct voter_set voters; /* as one knows them who follows nothing but headers, certificates and links */
    struct merkle_tree log;
    uint64_t verdict_count;
    enum err *verdicts; /* owned */
    size_t owners_count;
    struct replayed_owners *owners; /* owned; of genesis and every block, if wanted */
    struct buf governance;          /* owned; META-GOVERNANCE-LOG.md as it should be; empty: nobody governs */
    unsigned epoch_count;
    struct replayed_epoch *epochs; /* owned */
};

/* Reads genesis.json; false when there is nothing to go on with. *r must be zero; replay_free() in any case. */
bool replay_genesis(struct replay *r, const char *file, struct bytes text, struct audit_report *report);
/* Executes one epoch file on top; false when the state is not to be relied on from here. */
bool replay_epoch(struct replay *r, uint64_t epoch, const char *file, struct bytes text, struct audit_report *report);
/* Everything that the files show, rendered anew and compared; anchors. */
void replay_compare(struct replay *r, struct audit_report *report);
void replay_free(struct replay *r);

/* Calls see for each entry that took effect, in the order of the log; number: in the file of its epoch. */
void replay_entries(const struct replay *r,
                    void (*see)(void *context, const struct replayed_epoch *in, uint64_t number, struct bytes entry),
                    void *context);

/* Parses; an artifact has one form, apart from white space: no other order of keys, no other escapes. */
bool replay_load(struct json_doc *doc, const char *file, struct bytes text, struct audit_report *report);

#endif
