#ifndef PRISMFED_REPLICA_REPLICA_H
#define PRISMFED_REPLICA_REPLICA_H

#include <limits.h>

#include "base/blob_cache.h"
#include "ledger/link.h"
#include "ledger/store.h"
#include "pbft/pbft.h"

/* One replica of a replicated log: agreement (pbft), catch-up by blocks, transfer of states (transfer), the blocks
 * below an installed state, and the step from one membership epoch to the next. A learner is a replica without a vote.
 * It orders opaque blocks: what is in them, and who votes next, the application above says through struct replica_app.
 *
 *   chain      (chain.h)      the decided log: the one place where its height advances
 *   consensus  (consensus.h)  PBFT in and out, one machine for each membership epoch in which this replica votes
 *   sync       (sync.h)       whom to ask for what is missing, and the answers
 *   backfill   (backfill.h)   the blocks below an installed state
 *   states     (states.h)     states at checkpoints, offered and taken
 *
 * A peer is a number that the driver's channel authenticates, below config.peers; effects name peers so. Wire messages
 * are CBOR arrays whose first element is a type: 1..15 are pbft's, 17..19 those of replica/messages.h, 20..23 those of
 * transfer/transfer.h; 16 and all others are left to the application. */

enum {
    REPLICA_RECENT = 32,
    REPLICA_BLOCKS_MAX = 16,
    REPLICA_BLOCKS_SIZE_MAX = 1 << 20 /* of the blocks in a message, when there are two or more */
};

#define REPLICA_UNKNOWN UINT_MAX /* no peer's number */

/* The timers of pbft (pbft/pbft.h) and these; all are below PBFT_TIMER_COUNT. */
enum { REPLICA_TIMER_TRANSFER = PBFT_TIMER_TRANSFER, REPLICA_TIMER_POLL, REPLICA_TIMER_END };

/* What the application knows of a block without executing it. */
struct replica_block {
    uint64_t height, membership_epoch;
    struct digest id, parent;
    struct digest next_voters; /* who certifies the block above it: the digest of a struct replica_voters */
    struct bytes certificate;  /* view into the block */
};

/* Who certifies the blocks of one membership epoch. */
struct replica_voters {
    struct voter_set set;
    struct digest digest;
    /* Of the present membership epoch only: */
    unsigned peers[PBFT_REPLICAS_MAX]; /* who has the number i among them */
    int self;                          /* our number; -1: no vote */
    const struct secret_key *key;      /* ours, copied; unused without a vote */
};

/* What a state that was installed tells about where the log goes on. */
struct replica_point {
    struct digest id;
    uint64_t membership_epoch; /* of the block above it, */
    uint64_t base_height;      /* which began behind this block */
    struct digest base_id;
};

/* What the application wants of catch-up at the end of a step. */
enum replica_interest {
    REPLICA_RESTS,   /* nothing: a learner does not poll */
    REPLICA_FOLLOWS, /* a learner polls, a replica with a vote when it knows that it is behind */
    REPLICA_SEARCHES /* something that is due has not come: polls, with a vote or without */
};

/* Called while stepping, and by replica_new, for the blocks of the store. Errors say what is wrong with the bytes. */
struct replica_app {
    void *context;

    /* As in struct pbft_app. */
    enum err (*judge)(void *context, uint64_t sequence, const struct bytes *requests, unsigned count);
    void (*execute)(void *context, uint64_t sequence, const struct bytes *requests, unsigned count,
                    struct pbft_result *out);
    void (*undo)(void *context, uint64_t sequence);
    /* The lowest execution that is not decided is: one holding of its block with this certificate, and what it is. */
    struct blob *(*decide)(void *context, struct bytes certificate, struct replica_block *out);

    /* Reads a block of somebody else's, or of the store. *out views into it. */
    enum err (*open)(void *context, struct blob *block, struct replica_block *out);
    /* The block that was opened last, certified, is the next one: executes it on top of the decided state, which is the
     * last one by now (undo). ERR_MISMATCH: it comes out otherwise here; nothing has changed. */
    enum err (*apply)(void *context, struct blob *block);
    /* The decided state is the one after this block; closes: others vote from here on. */
    void (*advanced)(void *context, const struct replica_block *block, struct blob *bytes, bool closes);
    /* ERR_MISSING: not known here. That of the block above the decided one always is. */
    enum err (*voters)(void *context, uint64_t membership_epoch, struct replica_voters *out);

    /* The decided state, which is the one after this block, and why it may be believed (snapshot_encode): one holding.
     * Called before `advanced`. */
    struct blob *(*snapshot)(void *context, const struct replica_block *block, struct blob *bytes);
    /* As in struct transfer_app. */
    enum err (*check)(void *context, uint64_t height, struct bytes proof, const struct digest *root);
    /* Checks it once more, and takes it for the decided state, which is the last one by now (undo). */
    enum err (*install)(void *context, uint64_t height, struct bytes proof, struct bytes state,
                        struct replica_point *out);

    enum replica_interest (*interest)(void *context);
    /* Does this peer follow the log without a vote? Then decided blocks are pushed to it. */
    bool (*follows)(void *context, unsigned peer);
    /* Two signed statements by which a peer contradicts itself. */
    void (*accuse)(void *context, unsigned peer, struct bytes first, struct bytes second);
    /* Records filed under numbers up to this one are about to be forgotten: files anew what it still needs of its own,
     * above that number. */
    void (*compact)(void *context, uint64_t number);
};

struct replica_config {
    unsigned peers;
    unsigned self;                /* our own number among the peers; REPLICA_UNKNOWN: see replica_be() */
    struct pbft_config pbft;      /* but for who votes, and which membership epoch it is */
    int64_t poll_ns, transfer_ns; /* transfer_ns: who has not sent its part of a state by then is passed over */
    size_t chunk_size;            /* of states */
    uint64_t state_gap;           /* a replica that lacks this many blocks, or more, fetches a state */
    unsigned recent;   /* decided blocks that are served from memory, up to REPLICA_RECENT: the driver may still be
                          writing them */
    bool whole_ledger; /* the blocks below an installed state are wanted, too */
    struct blob_cache *blobs; /* borrowed, for drivers of many nodes; NULL: none. It changes no result */
    /* So many writes may be asked for and not durable before the replica takes no further step that needs one, but for
     * what its present step has begun: it does not run ahead of its disk. */
    uint64_t writes_in_flight;
};

struct replica;

/* config and app are copied, store (NULL: none) is borrowed and only read: to serve others, and here, where the
 * snapshot and the blocks that survived are taken. The log begins above the founding block 0 with this id. ERR_IO and
 * others of the store, with its place in diag: the replica must not be started on what could be read. */
enum err replica_new(const struct replica_config *config, const struct replica_app *app,
                     const struct ledger_store *store, const struct digest *genesis_id, struct replica **out,
                     struct diag *diag) MUST_CHECK;
void replica_free(struct replica *r);

/* A record of pbft's, as pbft_restore and pbft_restored; ERR_STATE: this replica has no vote. */
enum err replica_restore(struct replica *r, struct bytes record) MUST_CHECK;
enum err replica_restored(const struct replica *r) MUST_CHECK;

/* Every step is between these two. The effects of all calls in between, and of the end, go to `effects`. */
void replica_begin(struct replica *r, int64_t now_ns, struct effects *effects);
void replica_end(struct replica *r);

/* All writes up to this serial (base/effect.h; the application's own are counted, too) are durable. To be said at the
 * latest when all of them are. */
void replica_durable(struct replica *r, uint64_t serial);
/* probe: others may have decided something since the store was written. */
void replica_start(struct replica *r, bool probe);
bool replica_owns(struct bytes message);
/* Any bytes from anybody. An error says that the message was refused, and why; for counting. */
enum err replica_receive(struct replica *r, unsigned from, struct blob *message) MUST_CHECK;
/* ERR_UNKNOWN: not a timer of ours. */
enum err replica_timer(struct replica *r, uint32_t timer) MUST_CHECK;
/* As in pbft/pbft.h; only with a vote. */
enum err replica_request(struct replica *r, struct blob *request) MUST_CHECK;
void replica_expect(struct replica *r, bool expecting);
void replica_poke(struct replica *r);
/* To everybody else who votes in the present membership epoch. */
void replica_broadcast(struct replica *r, struct blob *message);
/* What the loss of its records asked for is done (pbft/pbft.h, "A wiped replica"). */
void replica_recovered(struct replica *r);

/* The application has found out which peer we are. */
void replica_be(struct replica *r, unsigned self);

/* The application knows of so many peers by now, at first of all that there can be: it pushes to no others. */
void replica_meet(struct replica *r, unsigned peers);

bool replica_votes(const struct replica *r);
/* Has it heard, since it lagged or started, that it is level with somebody? */
bool replica_level(const struct replica *r);
/* How high the log of whom it heard last is: a hint. */
uint64_t replica_heard(const struct replica *r);
uint64_t replica_height(const struct replica *r);
uint64_t replica_membership_epoch(const struct replica *r);
bool replica_transferring(const struct replica *r);
bool replica_restarted(const struct replica *r);            /* the store was not empty */
struct pbft_status replica_status(const struct replica *r); /* zeros without a vote */
const struct pbft *replica_pbft(const struct replica *r);   /* for checkers; NULL without a vote */

#endif
