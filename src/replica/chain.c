#include "base/mutate.h"
#include "replica/internal.h"

/* The decided log, and what follows from each of its blocks: it is stored, offered to others where it is a checkpoint,
 * and told to the application. */

/* Who votes on the block above the decided one. */
static void meet_voters(struct replica *r, uint64_t membership_epoch)
{
    enum err err = r->app.voters(r->app.context, membership_epoch, &r->chain.voters);

    ASSERT(err == ERR_OK);
}

void chain_init(struct replica *r, const struct digest *genesis_id)
{
    r->chain.id = r->chain.base_id = *genesis_id;
    meet_voters(r, r->config.pbft.membership_epoch);
}

void chain_free(struct replica *r)
{
    for (unsigned i = 0; i < REPLICA_RECENT; i++)
        blob_drop(r->chain.recent[i]);
}

static void remember(struct chain *c, struct blob *bytes)
{
    struct blob **slot = &c->recent[c->height % REPLICA_RECENT];

    blob_drop(*slot);
    *slot = blob_hold(bytes);
}

/* Every way by which a block is decided comes through here. */
static void advance(struct replica *r, const struct replica_block *block, struct blob *bytes)
{
    struct chain *c = &r->chain;
    bool closes = !digest_equal(&block->next_voters, &c->voters.digest);

    ASSERT(block->height == c->height + 1);
    c->height = block->height;
    c->id = block->id;
    if (r->out != NULL) { /* else it comes from the store */
        effects_append(r->out, c->height, bytes);
        remember(c, bytes);
        c->recent_write[c->height % REPLICA_RECENT] = replica_written(r);
    }
    if (closes || c->height % r->config.pbft.checkpoint_interval == 0)
        states_checkpoint(r, block, bytes);
    r->app.advanced(r->app.context, block, bytes, closes);
    if (!closes)
        return;
    c->base_height = c->height;
    c->base_id = c->id;
    meet_voters(r, block->membership_epoch + 1);
}

uint64_t chain_write_of(const struct replica *r, uint64_t height)
{
    const struct chain *c = &r->chain;

    return c->height - height < REPLICA_RECENT && c->recent[height % REPLICA_RECENT] != NULL
               ? c->recent_write[height % REPLICA_RECENT]
               : AFTER_NONE;
}

/* Consensus decided the lowest execution. */
static void decide(void *replica, uint64_t sequence, const struct digest *block_id, struct bytes certificate,
                   struct effects *effects)
{
    struct replica *r = replica;
    struct replica_block block;

    ASSERT(effects == r->out);
    struct blob *bytes = r->app.decide(r->app.context, certificate, &block);

    ASSERT(sequence == block.height && digest_equal(block_id, &block.id));
    advance(r, &block, bytes);
    blob_drop(bytes);
}

struct pbft_app chain_app(struct replica *r)
{
    const struct replica_app *app = &r->app;

    return (struct pbft_app){
        .context = app->context,
        .judge = app->judge,
        .execute = app->execute,
        .undo = app->undo,
        .log = r,
        .decide = decide,
    };
}

enum err chain_certified(const struct replica *r, const struct replica_voters *v, const struct replica_block *b)
{
    struct voters voters = voter_set_voters(&v->set);
    struct vote expected = {
        .federation_id = r->config.pbft.federation_id,
        .membership_epoch = b->membership_epoch,
        .sequence = b->height,
        .block_id = b->id,
    };

    voters.verify_cache = r->config.pbft.verify_cache;
    if (b->membership_epoch != v->set.membership_epoch)
        return ERR_MISMATCH;
    return certificate_verify(b->certificate, &expected, &voters, NULL, NULL, NULL);
}

enum err chain_take(struct replica *r, struct blob *bytes, const struct replica_block *block)
{
    const struct chain *c = &r->chain;

    if (block->height != c->height + 1)
        return block->height <= c->height ? ERR_STALE : ERR_AGAIN;
    if (MUTATE(REPLICA_BLOCK_PARENT_UNCHECKED, false, !digest_equal(&block->parent, &c->id)))
        return ERR_MISMATCH;
    enum err err = MUTATE(REPLICA_BLOCK_UNCERTIFIED, ERR_OK, chain_certified(r, &c->voters, block));
    if (err != ERR_OK)
        return err;
    MUTATE(REPLICA_SPECULATION_KEPT, (void)0, consensus_undo(r));
    if (r->app.apply(r->app.context, bytes) != ERR_OK)
        return ERR_STATE;
    advance(r, block, bytes);
    return ERR_OK;
}

void chain_jump(struct replica *r, uint64_t height, const struct replica_point *point)
{
    struct chain *c = &r->chain;

    ASSERT(height > c->height);
    chain_free(r);
    for (unsigned i = 0; i < REPLICA_RECENT; i++)
        c->recent[i] = NULL;
    c->height = height;
    c->id = point->id;
    c->base_height = point->base_height;
    c->base_id = point->base_id;
    c->restarted = c->restarted || !r->started;
    meet_voters(r, point->membership_epoch);
}

enum err chain_load(struct replica *r, struct diag *diag)
{
    struct chain *c = &r->chain;
    struct blob *bytes = NULL;

    while (r->store != NULL) {
        unsigned long long height = c->height + 1;
        struct replica_block block;
        enum err err = r->store->read(r->store->context, height, &bytes);
        if (err == ERR_MISSING || MUTATE(REPLICA_STORE_ERROR_IS_ITS_END, err != ERR_OK, false))
            break;
        if (err != ERR_OK)
            return diag_set(diag, err, "block %llu of the store cannot be read: %s", height, err_text(err));
        err = r->app.open(r->app.context, bytes, &block);
        if (err == ERR_OK)
            err = chain_take(r, bytes, &block);
        blob_drop(bytes);
        if (err != ERR_OK)
            return diag_set(diag, err, "block %llu of the store: %s", height, err_text(err));
        c->restarted = true;
    }
    return ERR_OK;
}

enum err chain_read(const struct replica *r, uint64_t height, struct blob **out)
{
    const struct chain *c = &r->chain;
    struct blob *recent = c->recent[height % REPLICA_RECENT];

    if (height == 0 || height > c->height)
        return ERR_MISSING;
    if (c->height - height < r->config.recent && recent != NULL) {
        *out = blob_hold(recent);
        return ERR_OK;
    }
    return r->store != NULL ? r->store->read(r->store->context, height, out) : ERR_MISSING;
}
