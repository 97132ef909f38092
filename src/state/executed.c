#include "state/executed.h"

#include "base/mutate.h"
#include "transfer/messages.h"

/* ---- life */

struct executed *executed_hold(struct executed *e)
{
    e->holders++;
    return e;
}

void executed_drop(struct executed *e)
{
    if (e == NULL || --e->holders > 0)
        return;
    state_free(&e->state);
    execution_free(&e->execution);
    blob_drop(e->bytes);
    mem_free(e);
}

struct bytes executed_bytes(struct executed *e)
{
    struct buf bytes = {0};

    if (e->bytes == NULL) {
        state_encode(&e->state, &bytes);
        e->bytes = blob_new(bytes_of_buf(&bytes));
        buf_free(&bytes);
    }
    return blob_bytes(e->bytes);
}

struct executed *executed_given(struct federation_state *state)
{
    struct executed *e = mem_alloc(sizeof *e);

    e->holders = 1;
    e->state = *state;
    return e;
}

/* ---- what is remembered */

struct remembered {
    struct digest name;
    struct executed *executed; /* one holding; NULL: free */
};

/* A state's snapshot with one of the proofs that nodes have of it. */
struct remembered_snapshot {
    struct digest name;
    struct blob *bytes; /* one holding; NULL: free */
};
enum { SNAPSHOTS_REMEMBERED = 8 };

struct executed_cache {
    struct buf genesis;        /* of the founding one */
    struct executed *founding; /* one holding; NULL: none yet */
    unsigned next_snapshot;    /* the oldest one, which makes place */
    struct remembered_snapshot snapshots[SNAPSHOTS_REMEMBERED];
    unsigned count, next; /* next: the oldest one, which makes place */
    struct remembered *items;
    uint64_t hits, misses;
};

struct executed_cache *executed_cache_new(unsigned states)
{
    struct executed_cache *cache = mem_alloc(sizeof *cache);

    ASSERT(states > 0);
    cache->count = states;
    cache->items = mem_array(states, sizeof cache->items[0]);
    return cache;
}

void executed_cache_free(struct executed_cache *cache)
{
    if (cache == NULL)
        return;
    executed_drop(cache->founding);
    buf_free(&cache->genesis);
    for (unsigned i = 0; i < SNAPSHOTS_REMEMBERED; i++)
        blob_drop(cache->snapshots[i].bytes);
    for (unsigned i = 0; i < cache->count; i++)
        executed_drop(cache->items[i].executed);
    mem_free(cache->items);
    mem_free(cache);
}

uint64_t executed_cache_hits(const struct executed_cache *cache)
{
    return cache->hits;
}

uint64_t executed_cache_misses(const struct executed_cache *cache)
{
    return cache->misses;
}

void executed_remember(struct executed_cache *cache, const struct digest *name, struct executed *e)
{
    if (cache == NULL)
        return;
    struct remembered *slot = &cache->items[cache->next];
    executed_drop(slot->executed);
    *slot = (struct remembered){*name, executed_hold(e)};
    cache->next = (cache->next + 1) % cache->count;
}

struct executed *executed_find(struct executed_cache *cache, const struct digest *name)
{
    if (cache == NULL)
        return NULL;
    for (unsigned i = 0; i < cache->count; i++) {
        struct remembered *r = &cache->items[i];
        if (r->executed == NULL || !digest_equal(&r->name, name))
            continue;
        cache->hits++;
        return executed_hold(r->executed);
    }
    cache->misses++;
    return NULL;
}

/* ---- snapshots */

static struct digest snapshot_name(const struct executed *e, struct bytes proof)
{
    struct digest_context c;

    digest_init(&c);
    digest_add(&c, e->state.block_id.b, DIGEST_SIZE);
    digest_add(&c, proof.data, proof.len);
    return digest_final(&c);
}

struct blob *executed_snapshot(struct executed *e, struct bytes proof, struct executed_cache *cache)
{
    struct digest name = snapshot_name(e, proof);

    for (unsigned i = 0; cache != NULL && i < SNAPSHOTS_REMEMBERED; i++) {
        const struct remembered_snapshot *s = &cache->snapshots[i];
        if (s->bytes != NULL && digest_equal(&s->name, &name))
            return blob_hold(s->bytes);
    }
    struct blob *bytes = snapshot_encode(&(struct snapshot){e->state.height, proof, executed_bytes(e)});
    if (cache == NULL)
        return bytes;
    struct remembered_snapshot *s = &cache->snapshots[cache->next_snapshot];
    blob_drop(s->bytes);
    *s = (struct remembered_snapshot){name, blob_hold(bytes)};
    cache->next_snapshot = (cache->next_snapshot + 1) % SNAPSHOTS_REMEMBERED;
    return bytes;
}

/* ---- names */

/* A state is named by its block, whose id covers the state root and the log's; the block above it by the root over its
 * entries. A leaf stands for a long entry's digest (entry_leaf_hash), so the lengths tell whether it is the entry. */
static void name_begin(struct digest_context *c, const struct executed *parent, const struct digest *entries_root)
{
    digest_init(c);
    MUTATE(STATE_EXECUTED_ABOVE_ANY, (void)0, digest_add(c, parent->state.block_id.b, DIGEST_SIZE));
    digest_add(c, entries_root->b, DIGEST_SIZE);
}

static void name_add(struct digest_context *c, struct bytes entry)
{
    uint8_t length[8];

    be64_put(length, entry.len);
    MUTATE(STATE_EXECUTED_OF_A_DIGEST, (void)0, digest_add(c, length, sizeof length));
}

struct digest executed_name(const struct executed *parent, struct entry *const *entries, unsigned count)
{
    struct merkle_frontier tree = {0};
    struct digest_context c;

    for (unsigned i = 0; i < count; i++)
        merkle_frontier_append(&tree, &entries[i]->leaf_hash);
    struct digest root = merkle_frontier_root(&tree);
    name_begin(&c, parent, &root);
    for (unsigned i = 0; i < count; i++)
        name_add(&c, entry_bytes(entries[i]));
    return digest_final(&c);
}

/* block_decode has compared the root with the entries. */
struct digest executed_name_of_block(const struct executed *parent, const struct block *block)
{
    struct digest_context c;

    name_begin(&c, parent, &block->header.entries_root);
    for (unsigned i = 0; i < block->count; i++)
        name_add(&c, block->entries[i]);
    return digest_final(&c);
}

/* ---- the founding one */

enum err executed_genesis(struct bytes genesis, struct executed_cache *cache, struct executed **out, struct diag *diag)
{
    if (cache != NULL && cache->founding != NULL && bytes_equal(bytes_of_buf(&cache->genesis), genesis)) {
        *out = executed_hold(cache->founding);
        return ERR_OK;
    }
    struct executed *e = mem_alloc(sizeof *e);
    enum err err = state_genesis(genesis, &e->state, diag);
    if (err != ERR_OK) {
        mem_free(e);
        return err;
    }
    e->holders = 1;
    if (cache != NULL) {
        executed_drop(cache->founding);
        cache->founding = executed_hold(e);
        buf_clear(&cache->genesis);
        buf_add(&cache->genesis, genesis.data, genesis.len);
    }
    *out = e;
    return ERR_OK;
}
