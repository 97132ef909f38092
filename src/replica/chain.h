#ifndef PRISMFED_REPLICA_CHAIN_H
#define PRISMFED_REPLICA_CHAIN_H

#include "replica/replica.h"

/* The decided log. Its height advances here and nowhere else: by a block that consensus decided, one that others gave,
 * one of the store, or to an installed state. */

/* The fields are the chain's own. */
struct chain {
    uint64_t height;
    struct digest id;
    struct replica_voters voters; /* of the block above */
    uint64_t base_height;         /* where the present membership epoch began */
    struct digest base_id;
    struct blob *recent[REPLICA_RECENT];   /* block h at h mod REPLICA_RECENT; NULL: not here */
    uint64_t recent_write[REPLICA_RECENT]; /* and the serial of its write */
    bool restarted;                        /* the store was not empty */
};

void chain_init(struct replica *r, const struct digest *genesis_id);
void chain_free(struct replica *r);
/* The blocks of the store above the decided one. Only ERR_MISSING is its end: any other error is the result, with the
 * place in diag. */
enum err chain_load(struct replica *r, struct diag *diag) MUST_CHECK;

/* Whom PBFT calls: the application executes, and what is decided comes here. */
struct pbft_app chain_app(struct replica *r);
/* The block that was opened last (app.open). ERR_STALE, ERR_AGAIN: another height is next; ERR_STATE: it is certified
 * and comes out otherwise here; any other error: it is not what the voters certified. */
enum err chain_take(struct replica *r, struct blob *bytes, const struct replica_block *block) MUST_CHECK;
/* The application took a state for the decided one. */
void chain_jump(struct replica *r, uint64_t height, const struct replica_point *point);

/* Do these voters certify this block? ERR_MISMATCH, or certificate_verify's error. */
enum err chain_certified(const struct replica *r, const struct replica_voters *voters,
                         const struct replica_block *block) MUST_CHECK;
/* What a message with this decided block waits for: its certificate may have our own vote in it, so nobody gets it from
 * us before it, and with it the vote, is durable. */
uint64_t chain_write_of(const struct replica *r, uint64_t height);
/* A decided block; one holding. ERR_MISSING: not here; any other error is the store's. */
enum err chain_read(const struct replica *r, uint64_t height, struct blob **out) MUST_CHECK;

#endif
