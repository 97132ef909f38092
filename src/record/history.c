#include "record/history.h"

#include <inttypes.h>
#include <jansson.h>

#include "state/claim.h"
#include "state/governance_log.h"
#include "state/membership.h"

static void epoch_free(struct history_epoch *e)
{
    for (unsigned i = 0; i < e->block_count; i++)
        block_fini(&e->blocks[i]);
    mem_free(e->blocks);
    mem_free(e->verdicts);
    mem_free(e->outcome.updates);
    mem_free(e->owners);
    json_decref(e->outcome_json);
    buf_free(&e->next_voters);
    signers_free(&e->signers);
    *e = (struct history_epoch){0};
}

static struct anchor_statement anchor_of(const struct history *c, const struct execution *x)
{
    struct digest root = {0}; /* an epoch that was abandoned leaves none */

    if (x->outcome.anchored)
        root = merkle_tree_range_root(&c->log, c->epoch.size_before, c->log.size);
    return (struct anchor_statement){
        .federation_id = c->ahead.federation_id,
        .epoch = x->outcome.epoch,
        .anchored = x->outcome.anchored,
        .merkle_root = root,
        .height = c->ahead.height,
        .block_id = c->ahead.block_id,
        .log_size = x->header.log_size,
        .log_root = x->header.log_root,
        .state_root = x->header.state_root,
    };
}

static uint64_t shards_moved(const struct federation_state *s, const int *before, const int *after)
{
    uint64_t moved = 0;

    for (unsigned i = 0; i < s->policy.shards; i++)
        moved += after[i] != before[i];
    return moved;
}

/* Takes the outcome over. before: owners of the shards when it began. */
static void end_epoch(struct history *c, struct execution *x, const int *before)
{
    struct history_epoch *e = &c->epoch;

    e->epoch = x->outcome.epoch;
    e->anchor = anchor_of(c, x);
    e->outcome = x->outcome;
    e->outcome_json = outcome_json(&x->outcome, &c->ahead);
    e->owners = claim_owners(&c->ahead);
    e->shards_moved = shards_moved(&c->ahead, before, e->owners);
    if (x->header.membership_epoch != c->ahead.membership_epoch) {
        struct voter_set voters;
        state_voter_set(&c->ahead, &voters);
        voter_set_encode(&voters, &e->next_voters);
    }
    names_learn(&c->names, &c->ahead);
    x->outcome = (struct epoch_outcome){0};
    state_free(&c->state);
    state_copy(&c->state, &c->ahead);
    c->epoch_count++;
    c->governance_told = c->governance.len;
}

static void keep_entries(struct history *c, const struct execution *x)
{
    struct history_epoch *e = &c->epoch;

    e->verdicts = mem_resize(e->verdicts, e->verdict_count + x->count + 1, sizeof *e->verdicts);
    for (unsigned i = 0; i < x->count; i++) {
        e->verdicts[e->verdict_count++] = x->verdicts[i];
        merkle_tree_append(&c->log, &x->leaf_hashes[i]);
    }
}

static enum err read_block(struct history *c, struct execution *x)
{
    struct history_epoch *e = &c->epoch;
    struct block block;
    enum err err = ledger_store_block(c->store, c->next, &block);

    if (err != ERR_OK)
        return err;
    e->blocks = mem_resize(e->blocks, e->block_count + 1, sizeof *e->blocks);
    e->blocks[e->block_count++] = block;
    signers_of(&c->ahead, &e->signers);
    err = state_apply_block(&c->ahead, &block, x);
    if (err == ERR_OK) {
        keep_entries(c, x);
        governance_log_block(&c->ahead, block.entries, x, &c->governance);
    }
    return err;
}

enum err history_open(struct bytes genesis, const struct ledger_store *store, uint64_t height, uint64_t last_epoch,
                      struct history *out, struct diag *diag)
{
    struct digest leaf = entry_leaf_hash(genesis);
    enum err err = state_genesis(genesis, &out->ahead, diag);

    if (err != ERR_OK)
        return err;
    out->store = store;
    out->next = 1;
    out->height = height;
    out->last_epoch = last_epoch;
    out->first_incumbent = out->ahead.incumbent;
    out->epoch.owners = claim_owners(&out->ahead);
    merkle_tree_append(&out->log, &leaf);
    names_learn(&out->names, &out->ahead);
    governance_log_begin(&out->ahead, &out->governance);
    out->governance_told = out->governance.len;
    state_copy(&out->state, &out->ahead);
    return ERR_OK;
}

static void begin_epoch(struct history *c)
{
    c->owners = c->epoch.owners;
    c->epoch.owners = NULL;
    epoch_free(&c->epoch);
    c->epoch.size_before = c->log.size;
    merkle_tree_forget(&c->log, c->log.size);
    c->begun = true;
}

static void finish_epoch(struct history *c, struct execution *x)
{
    end_epoch(c, x, c->owners);
    mem_free(c->owners);
    c->owners = NULL;
    c->begun = false;
}

enum err history_next(struct history *c, bool *more, struct diag *diag)
{
    bool ended = false;

    if (!c->begun)
        begin_epoch(c);
    for (; c->next <= c->height && !ended; c->next++) {
        struct execution x = {0};
        enum err err = read_block(c, &x);

        if (err != ERR_OK)
            return diag_set(diag, err, "block %" PRIu64 " of the ledger: %s", c->next, err_text(err));
        ended = x.epoch_ended && x.outcome.epoch <= c->last_epoch;
        if (ended)
            finish_epoch(c, &x);
        execution_free(&x);
    }
    *more = ended;
    return ERR_OK;
}

void history_fini(struct history *c)
{
    epoch_free(&c->epoch);
    mem_free(c->owners);
    state_free(&c->ahead);
    state_free(&c->state);
    merkle_tree_free(&c->log);
    names_free(&c->names);
    buf_free(&c->governance);
    *c = (struct history){0};
}

struct bytes history_governance(const struct history *c)
{
    return bytes_of(c->governance.data, c->governance_told);
}

void history_record(const struct history *c, struct epoch_record *out)
{
    const struct history_epoch *e = &c->epoch;

    *out = (struct epoch_record){
        .federation = c->state.name,
        .simulated = c->state.simulated,
        .epoch = e->epoch,
        .blocks = e->blocks,
        .block_count = e->block_count,
        .verdicts = e->verdicts,
        .log = &c->log,
        .size_before = e->size_before,
        .anchor = e->anchor,
        .outcome = e->outcome_json,
        .next_voters = bytes_of_buf(&e->next_voters),
    };
}
