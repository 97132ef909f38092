#ifndef PRISMFED_RECORD_HISTORY_H
#define PRISMFED_RECORD_HISTORY_H

#include "state/execute.h"
#include "state/names.h"
#include "state/signers.h"
#include "ledger/epoch_file.h"
#include "ledger/store.h"

/* One node's ledger told anew from genesis, epoch by epoch: every block is checked and executed again, as an auditor
 * does. All that the artifacts say of the federation comes from here; what only the simulator saw is in timeline.h.
 * Memory is that of one epoch, however many there are. */

struct history_epoch {
    uint64_t epoch;
    unsigned block_count;
    struct block *blocks; /* owned */
    size_t verdict_count;
    enum err *verdicts;   /* owned; one for each entry of blocks */
    uint64_t size_before; /* of the log */
    struct anchor_statement anchor;
    struct signers signers;       /* owned; who may sign the anchor */
    struct epoch_outcome outcome; /* owned */
    json_t *outcome_json;         /* owned reference */
    struct buf next_voters;       /* of the next membership epoch when it closed the present one; else empty */
    int *owners;                  /* owned; the member that has each shard when the epoch has ended, or -1 */
    uint64_t shards_moved;        /* that have another owner than after the epoch before */
};

struct history {
    const struct ledger_store *store; /* borrowed */
    uint64_t next, height;            /* to be read: from, to */
    uint64_t last_epoch;              /* that is told */
    struct federation_state ahead;    /* after all that is read */
    struct federation_state state;    /* when the last epoch that was told had ended */
    struct names names;               /* of all keys that were in use until then */
    bool begun;  /* the blocks ended in the middle of an epoch, of which `epoch` has what is read */
    int *owners; /* owned; of the shards when that one began */
    struct genome first_incumbent;
    struct merkle_tree log;     /* up to there and beyond; what lies before the present epoch is forgotten */
    uint64_t epoch_count;       /* told so far */
    struct buf governance;      /* owned; META-GOVERNANCE-LOG.md up to what is read; empty: nobody governs */
    size_t governance_told;     /* of it, up to the last epoch that was told */
    struct history_epoch epoch; /* the one told last */
};

/* Begins at genesis; will read heights 1..height of the store and tell epochs up to last_epoch. *out must be zero;
 * history_fini() in any case. Errors of state_genesis(). */
enum err history_open(struct bytes genesis, const struct ledger_store *store, uint64_t height, uint64_t last_epoch,
                      struct history *out, struct diag *diag) MUST_CHECK;
/* The next epoch that ended; *more false: there is none, and all blocks are read. Where a ledger grows, the caller may
 * set a greater `height` then, and call again: the telling goes on in the middle of the epoch. ERR_MISMATCH and the
 * errors of the store, block_decode and state_apply_block name the height. */
enum err history_next(struct history *c, bool *more, struct diag *diag) MUST_CHECK;
void history_fini(struct history *c);

/* META-GOVERNANCE-LOG.md up to the last epoch that was told; empty: nobody governs. Valid until history_next(). */
struct bytes history_governance(const struct history *c);
/* What the ledger file of the present epoch is made of; the caller adds the signature. Borrows from c. */
void history_record(const struct history *c, struct epoch_record *out);

#endif
