#ifndef PRISMFED_STATE_EXECUTED_H
#define PRISMFED_STATE_EXECUTED_H

#include "state/execute.h"

/* A state that is never changed again, and how the block that led to it came out. Whoever needs it holds it; the last
 * one who drops it frees it. Not shared between threads. */
struct executed {
    unsigned holders;
    struct federation_state state;
    struct execution execution; /* zero: the founding state, or one that others gave */
    struct blob *bytes;         /* executed_bytes's own */
};

/* States that were executed, remembered. For a driver that runs many nodes in one process, where every block comes by
 * once for each of them: what a block leads to is a pure function of the state below it and of its entries, so no node
 * can tell whether it was remembered. The driver owns it; not shared between threads. */
struct executed_cache;

/* The latest `states` of them with their snapshots, and the founding state. */
struct executed_cache *executed_cache_new(unsigned states);
void executed_cache_free(struct executed_cache *cache); /* what others hold stays */
/* How often a block's state was found, and how often it was not. */
uint64_t executed_cache_hits(const struct executed_cache *cache);
uint64_t executed_cache_misses(const struct executed_cache *cache);

/* What follows makes one holding for the caller. cache NULL: nothing is remembered. All states but these come from
 * state_execute_above(). */

/* The founding state. Errors as state_genesis's. */
enum err executed_genesis(struct bytes genesis, struct executed_cache *cache, struct executed **out,
                          struct diag *diag) MUST_CHECK;
/* Takes the state over. */
struct executed *executed_given(struct federation_state *state);
/* The one of this name; NULL: it is not remembered. */
struct executed *executed_find(struct executed_cache *cache, const struct digest *name);

/* The name of what is above `parent` after a block of these entries, or after a decoded block. */
struct digest executed_name(const struct executed *parent, struct entry *const *entries, unsigned count);
struct digest executed_name_of_block(const struct executed *parent, const struct block *block);
/* From now on it is found. */
void executed_remember(struct executed_cache *cache, const struct digest *name, struct executed *e);

/* state_encode of the state, made when it is first asked for. Valid as long as it is held. */
struct bytes executed_bytes(struct executed *e);
/* One holding of the state's snapshot (transfer/messages.h) with this proof, of which nodes may have different ones. */
struct blob *executed_snapshot(struct executed *e, struct bytes proof, struct executed_cache *cache);

struct executed *executed_hold(struct executed *e);
void executed_drop(struct executed *e); /* NULL is fine */

#endif
