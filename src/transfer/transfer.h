#ifndef PRISMFED_TRANSFER_TRANSFER_H
#define PRISMFED_TRANSFER_TRANSFER_H

#include "base/effect.h"
#include "merkle/chunks.h"

/* State transfer (Castro and Liskov 2002, section 5.3.2) as a machine of its own: brings a state that a quorum has
 * certified to one who is too far behind for blocks. It orders nothing and knows nothing of what the bytes mean.
 *
 * The learner asks several peers what they offer. An offer is the proof of a state (the application checks it against
 * the validators) and the leaf hashes of its chunks, which must give the root that the proof vouches for. From then on
 * each chunk is checked by itself, so whoever sends a bad one is known, and is not asked again in this transfer.
 *
 * The state that a peer was offered is lent to it: it is kept beside the latest one until the peer has asked for
 * nothing for as long as a fetcher waits before it gives up, and is offered again to a peer that asks again. So a
 * learner finishes the state that it has begun, however soon later ones come, and takes the blocks above it afterwards.
 * One peer makes us keep one state.
 *
 * Wire messages are CBOR arrays:
 *   [20, above]                    what state above this height do you have?
 *   [21, height, proof, hashes]    this one; also the answer to a GET of a height that is gone
 *   [22, height, index]            a chunk of it, please
 *   [23, height, index, bytes]
 * Peers are numbers that the driver's channel authenticates. Effects name them as they are. */

enum transfer_message { TRANSFER_ASK = 20, TRANSFER_OFFER, TRANSFER_GET, TRANSFER_CHUNK };

enum {
    TRANSFER_CHUNKS_MAX = 1 << 18,
    TRANSFER_CHUNK_SIZE_MAX = 64 << 10,
    TRANSFER_PROOF_MAX = 1 << 20,
    TRANSFER_OUTSTANDING = 8, /* chunks asked for and not here */
    TRANSFER_PER_PEER = 2,    /* of them from one peer */
    TRANSFER_ROUNDS = 3,      /* of asking everybody, with nothing to show for it, before the transfer is given up */
    TRANSFER_ANSWERS_MAX = 64 /* messages that one peer may draw from us within a time-out */
};

struct transfer_config {
    unsigned peers; /* numbers below this one are peers */
    unsigned self;
    size_t chunk_size;
    int64_t timeout_ns; /* who has not answered by then is passed over */
    uint32_t timer;     /* number of the one timer that it arms */
};

struct transfer_app {
    void *context;
    /* Does a quorum vouch for this root at this height? ERR_AGAIN: we cannot judge that (its validators are not
     * known here); any other error: no. */
    enum err (*check)(void *context, uint64_t height, struct bytes proof, const struct digest *root);
    /* All of it is here, as certified. ERR_STALE: no longer wanted. */
    enum err (*install)(void *context, uint64_t height, struct bytes proof, struct bytes state,
                        struct effects *effects);
};

struct transfer;

struct transfer *transfer_new(const struct transfer_config *config, const struct transfer_app *app);
void transfer_free(struct transfer *t);

/* We have this state, and may offer it. height ascends. A state of more than TRANSFER_CHUNKS_MAX chunks is not kept:
 * ERR_LIMIT. */
enum err transfer_keep(struct transfer *t, int64_t now_ns, uint64_t height, struct bytes proof,
                       struct bytes state) MUST_CHECK;

/* Fetch a state above this height from these peers (others are never believed); no effect while one is being fetched.
 */
void transfer_begin(struct transfer *t, int64_t now_ns, uint64_t above, const unsigned *peers, unsigned count,
                    struct effects *effects);
bool transfer_running(const struct transfer *t);
void transfer_stop(struct transfer *t, struct effects *effects);

bool transfer_owns(struct bytes message);
/* A message of a peer. Errors are for counting. Notes: "transfer.bad_offer" and "transfer.bad_chunk" (peer, and height
 * or index), "transfer.moved" (height: the old one is nowhere to be had any more), "transfer.done" (height, chunks),
 * "transfer.fruitless". */
enum err transfer_receive(struct transfer *t, int64_t now_ns, unsigned from, struct bytes message,
                          struct effects *effects) MUST_CHECK;
void transfer_timer(struct transfer *t, int64_t now_ns, struct effects *effects);

#endif
