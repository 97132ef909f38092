#include "base/mutate.h"
#include "replica/internal.h"

/* The blocks below an installed state. */

void backfill_init(struct replica *r)
{
    r->backfill.next = 1;
}

bool backfill_wanted(const struct replica *r)
{
    return r->config.whole_ledger && r->backfill.next <= r->backfill.target;
}

void backfill_extend(struct replica *r, uint64_t target, const struct digest *target_id)
{
    struct backfill *g = &r->backfill;

    if (g->next > g->target) {
        g->next = r->chain.height + 1;
        g->parent = r->chain.id;
        g->voters = r->chain.voters;
    }
    g->target = target;
    g->target_id = *target_id;
}

/* Who votes above a block of these voters; ERR_MISMATCH: it names nobody whom we know. */
static enum err voters_above(const struct replica *r, const struct replica_voters *voters,
                             const struct replica_block *block, struct replica_voters *out)
{
    if (digest_equal(&block->next_voters, &voters->digest)) {
        *out = *voters;
        return ERR_OK;
    }
    if (r->app.voters(r->app.context, block->membership_epoch + 1, out) != ERR_OK)
        return ERR_MISMATCH;
    return digest_equal(&block->next_voters, &out->digest) ? ERR_OK : ERR_MISMATCH;
}

static enum err check(const struct replica *r, const struct replica_block *block)
{
    const struct backfill *g = &r->backfill;

    if (MUTATE(REPLICA_BACKFILL_PARENT_UNCHECKED, false, !digest_equal(&block->parent, &g->parent)))
        return ERR_MISMATCH;
    bool last = MUTATE(REPLICA_BACKFILL_TARGET_UNCHECKED, false, block->height == g->target);
    if (last && !digest_equal(&block->id, &g->target_id))
        return ERR_MISMATCH;
    return MUTATE(REPLICA_BACKFILL_UNCERTIFIED, ERR_OK, chain_certified(r, &g->voters, block));
}

enum err backfill_take(struct replica *r, struct blob *bytes, const struct replica_block *block)
{
    struct backfill *g = &r->backfill;
    struct replica_voters above;

    if (!backfill_wanted(r) || block->height != g->next)
        return ERR_STALE;
    enum err err = check(r, block);
    if (err == ERR_OK)
        err = voters_above(r, &g->voters, block, &above);
    if (err != ERR_OK)
        return err;
    effects_append(r->out, g->next, bytes);
    g->next++;
    g->parent = block->id;
    g->voters = above;
    if (!backfill_wanted(r))
        effects_note(r->out, "replica.whole", g->target, r->chain.height);
    return ERR_OK;
}

/* ---- after a restart */

static enum err unreadable(struct diag *diag, enum err err, uint64_t height)
{
    return diag_set(diag, err, "block %llu of the store cannot be read: %s", (unsigned long long)height, err_text(err));
}

/* The highest block up to the target to which the store leads without a gap; 0: none. Mostly that is the target. */
static enum err highest_whole(const struct replica *r, uint64_t *out, struct diag *diag)
{
    uint64_t low = 0, high = r->backfill.target;

    for (uint64_t middle = high; low < high; middle = high - (high - low) / 2) {
        struct blob *block = NULL;
        enum err err = r->store->read(r->store->context, middle, &block);
        if (err != ERR_OK && err != ERR_MISSING)
            return unreadable(diag, err, middle);
        if (err == ERR_OK)
            low = middle;
        else
            high = middle - 1;
        blob_drop(block);
    }
    *out = low;
    return ERR_OK;
}

/* Goes on above this block of the store, which was verified before it was written. */
static enum err go_on_above(struct replica *r, uint64_t height)
{
    struct backfill *g = &r->backfill;
    struct replica_block block;
    struct replica_voters voters, above;
    struct blob *bytes;
    enum err err = r->store->read(r->store->context, height, &bytes);

    if (err != ERR_OK)
        return err;
    err = r->app.open(r->app.context, bytes, &block);
    bool is_target = MUTATE(REPLICA_SNAPSHOT_OF_ANOTHER_LEDGER, false, height == g->target);
    if (err == ERR_OK && (block.height != height || (is_target && !digest_equal(&block.id, &g->target_id))))
        err = ERR_MISMATCH;
    if (err == ERR_OK)
        err = r->app.voters(r->app.context, block.membership_epoch, &voters);
    if (err == ERR_OK)
        err = voters_above(r, &voters, &block, &above);
    if (err == ERR_OK) {
        g->next = height + 1;
        g->parent = block.id;
        g->voters = above;
    }
    blob_drop(bytes);
    return err;
}

enum err backfill_load(struct replica *r, const struct digest *genesis_id, struct diag *diag)
{
    struct backfill *g = &r->backfill;
    uint64_t height = 0;

    g->next = 1;
    g->parent = *genesis_id;
    g->target = r->chain.height;
    g->target_id = r->chain.id;
    enum err err = r->app.voters(r->app.context, r->config.pbft.membership_epoch, &g->voters);
    ASSERT(err == ERR_OK);
    err = highest_whole(r, &height, diag);
    if (err != ERR_OK || height == 0)
        return err;
    err = go_on_above(r, height);
    return err == ERR_OK ? ERR_OK : unreadable(diag, err, height);
}
