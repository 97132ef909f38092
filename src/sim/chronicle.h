#ifndef PRISMFED_SIM_CHRONICLE_H
#define PRISMFED_SIM_CHRONICLE_H

#include "govern/execute.h"
#include "govern/names.h"
#include "ledger/epoch_file.h"
#include "ledger/store.h"

/* One node's ledger told anew from genesis: every block is checked and executed again, as an auditor does. All that the
 * artifacts say of the federation comes from here; what only the simulator saw is in timeline.h. */

struct chronicle_epoch {
    uint64_t epoch;
    unsigned first_block, block_count; /* in chronicle.blocks */
    size_t first_verdict;              /* in chronicle.verdicts */
    uint64_t size_before;              /* of the log */
    struct anchor_statement anchor;
    struct epoch_outcome outcome; /* owned */
    json_t *outcome_json;         /* owned reference */
    struct merkle_tree log;       /* view: all leaves up to the epoch's end */
    struct buf next_voters;       /* of the next membership epoch when it closed the present one; else empty */
    int *owners;                  /* owned; the member that has each shard when the epoch has ended, or -1 */
};

struct chronicle {
    struct federation_state state; /* when the last epoch told here had ended */
    struct names names;            /* of all keys that were ever in use */
    struct genome first_incumbent;
    struct merkle_tree log; /* up to there and beyond */
    unsigned block_count;
    struct block *blocks; /* owned; heights 1 and on, also those after the last epoch */
    size_t verdict_count;
    enum err *verdicts;             /* owned; one for each entry of blocks */
    unsigned epoch_count;           /* that ended */
    struct chronicle_epoch *epochs; /* owned */
    int *first_owners;              /* owned; of each shard at genesis */
};

/* Reads heights 1..height of the store and tells epochs up to last_epoch. ERR_MISMATCH and the errors of block_decode
 * and state_apply_block name the height. *out must be zero. */
enum err chronicle_read(struct bytes genesis, const struct ledger_store *store, uint64_t height, uint64_t last_epoch,
                        struct chronicle *out, struct diag *diag) MUST_CHECK;
void chronicle_fini(struct chronicle *c);

/* What the ledger file of an epoch is made of; the caller adds the signature. Borrows from c. */
void chronicle_record(struct chronicle *c, unsigned epoch_index, struct epoch_record *out);
/* Shards that have another owner than after the epoch before. */
uint64_t chronicle_shards_moved(const struct chronicle *c, unsigned epoch_index);

#endif
