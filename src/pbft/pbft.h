#ifndef PRISMFED_PBFT_PBFT_H
#define PRISMFED_PBFT_PBFT_H

#include "base/effect.h"
#include "ledger/certificate.h"

/* PBFT with signatures (Castro and Liskov 1999, section 4; 2002) as a
 * state machine that orders opaque requests in batches. It reads no clock and opens nothing: events in, effects out.
 *
 * The application executes a batch when it is prepared and everything below is; the COMMIT vote
 * carries the id of the resulting block (state root included), so that a certificate vouches for the
 * result and not for the order alone. Executions that are not decided can be undone. */

enum { PBFT_REPLICAS_MAX = 100, PBFT_BATCH_MAX = 1024, PBFT_MESSAGE_SIZE_MAX = 8 << 20 };

/* Timers that pbft arms; a driver treats them as opaque numbers. PBFT_TIMER_TRANSFER is kept free for the machine of
 * transfer/transfer.h. */
enum {
    PBFT_TIMER_VIEW = 0,
    PBFT_TIMER_BATCH = 1,
    PBFT_TIMER_RESEND = 2,
    PBFT_TIMER_TRANSFER = 3,
    PBFT_TIMER_COUNT = 8
};

struct pbft_config {
    struct digest federation_id;
    uint64_t membership_epoch;
    unsigned n; /* replicas; primary of view v is v mod n */
    unsigned f;
    unsigned quorum;
    unsigned self;
    struct public_key keys[PBFT_REPLICAS_MAX];
    struct secret_key key;
    int64_t view_timeout_ns; /* doubles from the second fruitless view change on, halves with progress */
    int64_t view_timeout_max_ns;
    int64_t batch_delay_ns;       /* a batch that is not full waits at most this long */
    int64_t resend_ns;            /* who waits asks for what it lacks after this time; doubles while nothing comes */
    unsigned batch_max;           /* requests in a batch */
    unsigned pipeline;            /* proposals in flight */
    uint64_t checkpoint_interval; /* K */
    uint64_t window;              /* L >= 2K: h < n <= h + L; narrowed for many replicas (message size) */
    unsigned pending_max;         /* requests kept for ordering */
    bool recovering;              /* its records are lost: see below */
    struct digest nonce;          /* of this recovery: never used before */
    /* Borrowed, for drivers of many replicas; change no result. */
    struct verify_cache *verify_cache;     /* NULL: none */
    const struct claim_forms *claim_forms; /* messages.h; NULL: made by and for this one */
};

/* What came of executing a batch. */
struct pbft_result {
    struct digest block_id;
    bool closes; /* the block is the last of this membership epoch, because others vote on what follows */
};

/* Called while stepping; pure functions of the application's own state. */
struct pbft_app {
    void *context;
    /* May these requests be voted for as the batch at `sequence`? At sequence 0 the primary asks of a single request
     * that has no place yet: may it be proposed on top of what is executed? ERR_AGAIN: it cannot be judged, or not be
     * proposed, yet; a batch is asked about again after the next execution and at pbft_poke, a request is kept for
     * later. Any other error: a batch is never voted for in this view, a request is dropped for good. */
    enum err (*judge)(void *context, uint64_t sequence, const struct bytes *requests, unsigned count);
    /* Execute on top of sequence - 1. An empty batch (a null request) is executed too. */
    void (*execute)(void *context, uint64_t sequence, const struct bytes *requests, unsigned count,
                    struct pbft_result *out);
    /* Forget executions above sequence; all of them are undecided. */
    void (*undo)(void *context, uint64_t sequence);
    /* The log that is decided; its own context. */
    void *log;
    /* Final, in order, exactly once. certificate: ledger/certificate.h. */
    void (*decide)(void *log, uint64_t sequence, const struct digest *block_id, struct bytes certificate,
                   struct effects *effects);
};

/* Reconfiguration. A block that closes the membership epoch is the last that this machine proposes, votes for or
 * executes; requests stay in the pool. Its certificate is the checkpoint at which the next epoch begins: the block's id
 * covers state and log, so commit votes say what CHECKPOINTs would. When it is decided (status.closed, note
 * "pbft.closed") the application makes the machine of the next epoch: pbft_new at the closing block, pbft_inherit,
 * pbft_start. A replica that missed that is told nothing by pbft: its application learns of the block, with its
 * certificate, by catch-up. */

/* A wiped replica. One that has lost its records may have signed anything that it could; it counts among the f faulty
 * ones until it has recovered, and the promises hold for at most f of both kinds together. The driver knows of the loss
 * (the store is there no more, or damaged) and says so in the configuration, at every start, also of later membership
 * epochs, until the note "pbft.recovered" (status.recovering is false), each time with another nonce. The replica asks
 * the others what it may have signed (pbft/recovery.c has the argument), catches up, and is silent until a checkpoint
 * above all of that is stable. After that it votes from the first view on that nobody had reached when it asked; in
 * those before it follows the others without a word (status.listening). A new membership epoch with another key for it
 * ends both at once. Needs n - 1 >= quorum. */

struct pbft; /* one replica */

/* app's context must outlive the machine; config is copied. The log begins above
 * `sequence`, whose block is `block_id` (genesis: 0). */
struct pbft *pbft_new(const struct pbft_config *config, const struct pbft_app *app, uint64_t sequence,
                      const struct digest *block_id);
void pbft_free(struct pbft *p);
/* Before pbft_restore: the membership epoch began at this block, below the one of pbft_new, whose state came by
 * transfer (transfer/transfer.h). Records say the same where there are any. */
void pbft_begin_at(struct pbft *p, uint64_t sequence, const struct digest *block_id);
/* Before pbft_start: takes over the requests that `old`, the machine of the membership epoch before, still has. */
void pbft_inherit(struct pbft *p, const struct pbft *old);

/* Restart without amnesia: after pbft_new at the last decided block, feed every record that was persisted and not
 * forgotten, in order, ask pbft_restored whether that is all of them, then call pbft_start. The store must write each
 * record whole or not at all. On any error the replica cannot know what it has signed: it must not be started with
 * these records; it is in the place of one whose disk was wiped. ERR_SYNTAX: not one of ours; ERR_MISMATCH: damaged;
 * ERR_DUPLICATE: not in its place; ERR_STATE: the ledger is behind; ERR_MISSING: others are lost (one that was
 * written last, and nothing after it, is not missed). */
enum err pbft_restore(struct pbft *p, struct bytes record) MUST_CHECK;
enum err pbft_restored(const struct pbft *p) MUST_CHECK;
/* Arms timers, speaks up. */
void pbft_start(struct pbft *p, int64_t now_ns, struct effects *effects);

/* A message from anybody: everything in it is checked, signatures first. An error is for
 * counting and attribution; the machine is unchanged by it. */
enum err pbft_receive(struct pbft *p, int64_t now_ns, struct blob *message, struct effects *effects) MUST_CHECK;
/* Is this wire message (a CBOR array whose first element is its type) one of pbft's? Types 1..15. */
bool pbft_owns(struct bytes message);
/* Which membership epoch does such a message name? A hint: nothing is verified. False: it names none. */
bool pbft_membership_epoch(struct bytes message, uint64_t *epoch);
void pbft_timer(struct pbft *p, int64_t now_ns, uint32_t timer, struct effects *effects);

/* A request to be ordered: kept until decided, whoever is primary; doubles are ignored. It is not forwarded: give it to
 * every replica. ERR_LIMIT when the pool is full, though one that can be proposed now takes the place of one that
 * cannot yet; judge's error when that refuses it for good. */
enum err pbft_request(struct pbft *p, int64_t now_ns, struct blob *request, struct effects *effects) MUST_CHECK;
/* The application waits for something that only the primary can propose (a CLOSE): run the
 * view timer even though no request is pending. */
void pbft_expect(struct pbft *p, int64_t now_ns, bool expecting, struct effects *effects);
/* Something changed (time passed, state arrived): judge waiting proposals and requests again. */
void pbft_poke(struct pbft *p, int64_t now_ns, struct effects *effects);
/* Has the application forget what was executed and is not decided: before it takes a block or a state from elsewhere.
 */
void pbft_undo(struct pbft *p);
/* The disk is behind: too many writes are asked for and not durable. While it is held a replica hears everything and
 * proposes, prepares, commits and decides nothing; when it is let go, it does what has become possible. */
void pbft_hold(struct pbft *p, int64_t now_ns, bool held, struct effects *effects);
/* The application learned by catch-up that blocks up to sequence are decided and has executed
 * them (after pbft_undo). To be called for every block in turn, unless a state was installed: it signs
 * the checkpoints on the way, without which they might never become stable. When a later view proposes a sequence
 * number again whose block id it knows, it votes for that block again. Never beyond a block that closes the membership
 * epoch. After the call pbft may have executed further. */
void pbft_advance(struct pbft *p, int64_t now_ns, uint64_t sequence, const struct pbft_result *block,
                  struct effects *effects);

struct pbft_status {
    uint64_t view;
    bool in_view_change;
    bool is_primary;
    unsigned primary;
    uint64_t executed;      /* highest executed, decided or not */
    uint64_t decided;       /* highest decided in order */
    uint64_t stable;        /* last stable checkpoint, h */
    uint64_t known_decided; /* highest sequence that others proved decided or stable; above decided: catch up */
    uint64_t view_changes;  /* new views entered */
    bool recovering;        /* lost its records, and signs nothing yet */
    bool listening;         /* must not vote in this view */
    bool closed;            /* the block at `decided` is the last of the membership epoch */
    unsigned pending;
};
struct pbft_status pbft_status(const struct pbft *p);
uint64_t pbft_known_decided(const struct pbft *p); /* of it alone */
/* Two signed statements by which a replica contradicts itself (pbft/evidence.h checks them), each
 * pair handed out once, one for each replica. Appends to first and second. */
bool pbft_take_evidence(struct pbft *p, struct buf *first, struct buf *second, unsigned *replica);

#endif
