#include "sim/chronicle.h"

#include <inttypes.h>

#include "govern/membership.h"

/* Where the telling stands. */
struct telling {
    struct chronicle *c;
    struct federation_state state;
    unsigned first_block;
    size_t first_verdict;
    uint64_t size_before;
};

static int *owners_of(const struct federation_state *s)
{
    int *owners = mem_array(s->policy.shards + 1, sizeof *owners);

    for (unsigned i = 0; i < s->policy.shards; i++)
        owners[i] = state_shard_owner(s, i);
    return owners;
}

static struct anchor_statement anchor_of(const struct telling *t, const struct execution *x)
{
    struct digest root = {0}; /* an epoch that was abandoned leaves none */

    if (x->outcome.anchored)
        root = merkle_tree_range_root(&t->c->log, t->size_before, t->c->log.size);
    return (struct anchor_statement){
        .federation_id = t->state.federation_id,
        .epoch = x->outcome.epoch,
        .anchored = x->outcome.anchored,
        .merkle_root = root,
        .height = t->state.height,
        .block_id = t->state.block_id,
        .log_size = x->header.log_size,
        .log_root = x->header.log_root,
        .state_root = x->header.state_root,
    };
}

/* Takes the outcome over. */
static void end_epoch(struct telling *t, struct execution *x)
{
    struct chronicle *c = t->c;

    c->epochs = mem_resize(c->epochs, c->epoch_count + 1, sizeof *c->epochs);
    c->epochs[c->epoch_count++] = (struct chronicle_epoch){
        .epoch = x->outcome.epoch,
        .first_block = t->first_block,
        .block_count = c->block_count - t->first_block,
        .first_verdict = t->first_verdict,
        .size_before = t->size_before,
        .anchor = anchor_of(t, x),
        .outcome = x->outcome,
        .outcome_json = outcome_json(&x->outcome, &t->state),
        .owners = owners_of(&t->state),
    };
    if (x->header.membership_epoch != t->state.membership_epoch) {
        struct voter_set voters;
        state_voter_set(&t->state, &voters);
        voter_set_encode(&voters, &c->epochs[c->epoch_count - 1].next_voters);
    }
    names_learn(&c->names, &t->state);
    x->outcome = (struct epoch_outcome){0};
    state_free(&c->state);
    state_copy(&c->state, &t->state);
    t->first_block = c->block_count;
    t->first_verdict = c->verdict_count;
    t->size_before = c->log.size;
}

static void keep_entries(struct chronicle *c, const struct execution *x)
{
    c->verdicts = mem_resize(c->verdicts, c->verdict_count + x->count + 1, sizeof *c->verdicts);
    for (unsigned i = 0; i < x->count; i++) {
        c->verdicts[c->verdict_count++] = x->verdicts[i];
        merkle_tree_append(&c->log, &x->leaf_hashes[i]);
    }
}

static enum err tell_block(struct telling *t, struct bytes bytes, uint64_t last_epoch)
{
    struct chronicle *c = t->c;
    struct blob *blob = blob_new(bytes);
    struct execution x = {0};
    struct block block;
    enum err err = block_decode(blob, &block);

    blob_drop(blob);
    if (err != ERR_OK)
        return err;
    c->blocks = mem_resize(c->blocks, c->block_count + 1, sizeof *c->blocks);
    c->blocks[c->block_count++] = block;
    err = state_apply_block(&t->state, &block, &x);
    if (err != ERR_OK)
        return err;
    keep_entries(c, &x);
    if (x.epoch_ended && x.outcome.epoch <= last_epoch)
        end_epoch(t, &x);
    execution_free(&x);
    return ERR_OK;
}

static enum err tell(struct telling *t, struct bytes genesis, const struct ledger_store *store, uint64_t height,
                     uint64_t last_epoch, struct diag *diag)
{
    struct digest leaf = entry_leaf_hash(genesis);
    enum err err = state_genesis(genesis, &t->state, diag);

    if (err != ERR_OK)
        return err;
    merkle_tree_append(&t->c->log, &leaf);
    t->size_before = t->c->log.size;
    t->c->first_incumbent = t->state.incumbent;
    names_learn(&t->c->names, &t->state);
    t->c->first_owners = owners_of(&t->state);
    state_copy(&t->c->state, &t->state);
    for (uint64_t h = 1; h <= height; h++) {
        struct bytes bytes;

        err = store->read(store->context, h, &bytes);
        if (err == ERR_OK)
            err = tell_block(t, bytes, last_epoch);
        if (err != ERR_OK)
            return diag_set(diag, err, "block %" PRIu64 " of the recorder's ledger: %s", h, err_text(err));
    }
    return ERR_OK;
}

enum err chronicle_read(struct bytes genesis, const struct ledger_store *store, uint64_t height, uint64_t last_epoch,
                        struct chronicle *out, struct diag *diag)
{
    struct telling *t = mem_alloc(sizeof *t);
    enum err err;

    t->c = out;
    err = tell(t, genesis, store, height, last_epoch, diag);
    state_free(&t->state);
    mem_free(t);
    if (err != ERR_OK)
        chronicle_fini(out);
    return err;
}

void chronicle_fini(struct chronicle *c)
{
    state_free(&c->state);
    merkle_tree_free(&c->log);
    for (unsigned i = 0; i < c->block_count; i++)
        block_fini(&c->blocks[i]);
    mem_free(c->blocks);
    mem_free(c->verdicts);
    for (unsigned i = 0; i < c->epoch_count; i++) {
        mem_free(c->epochs[i].outcome.updates);
        mem_free(c->epochs[i].owners);
        json_decref(c->epochs[i].outcome_json);
        buf_free(&c->epochs[i].next_voters);
    }
    mem_free(c->epochs);
    mem_free(c->first_owners);
    names_free(&c->names);
    *c = (struct chronicle){0};
}

void chronicle_record(struct chronicle *c, unsigned epoch_index, struct epoch_record *out)
{
    struct chronicle_epoch *e = &c->epochs[epoch_index];

    e->log = c->log;
    e->log.size = (size_t)e->anchor.log_size;
    *out = (struct epoch_record){
        .federation = c->state.name,
        .simulated = c->state.simulated,
        .epoch = e->epoch,
        .blocks = &c->blocks[e->first_block],
        .block_count = e->block_count,
        .verdicts = &c->verdicts[e->first_verdict],
        .log = &e->log,
        .size_before = e->size_before,
        .anchor = e->anchor,
        .outcome = e->outcome_json,
        .next_voters = bytes_of_buf(&e->next_voters),
    };
}

uint64_t chronicle_shards_moved(const struct chronicle *c, unsigned epoch_index)
{
    const int *before = epoch_index == 0 ? c->first_owners : c->epochs[epoch_index - 1].owners;
    uint64_t moved = 0;

    for (unsigned i = 0; i < c->state.policy.shards; i++)
        moved += c->epochs[epoch_index].owners[i] != before[i];
    return moved;
}
