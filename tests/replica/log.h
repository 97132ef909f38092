#ifndef PRISMFED_TESTS_REPLICA_LOG_H
#define PRISMFED_TESTS_REPLICA_LOG_H

#include "driver/outbox.h"
#include "replica/messages.h"

/* A certified log with an application of its own, for scripted cases: a block is [height, membership epoch, who votes
 * next, parent, payload, certificate], its state the sum of the payloads. Peers 0..VOTERS-1 vote in membership epoch 1,
 * from the next one on peer `epoch` - 2 is replaced by peer VOTERS. Peer LEARNER never votes. */

enum { VOTERS = 4, LEARNER = VOTERS + 1, PEERS, LOG_MAX = 200, STATE_SIZE = 24, INTERVAL = 8, GAP = 32 };

struct log {
    uint64_t height;  /* blocks 1..height */
    uint64_t closing; /* height of the block that closes the first membership epoch; 0: none */
    struct digest ids[LOG_MAX + 1];
    struct blob *blocks[LOG_MAX + 1];
    uint64_t sums[LOG_MAX + 1];
};

void log_make(struct log *l, uint64_t height, uint64_t closing);
void log_free(struct log *l);
/* The block at this height with another payload, certified by the first `signers` of its voters; one holding. */
struct blob *log_forge(const struct log *l, uint64_t height, uint64_t payload, const struct digest *parent,
                       unsigned signers);
void log_voters(uint64_t membership_epoch, struct replica_voters *out);
struct secret_key *log_key(unsigned peer);
/* The state at a height with its proof; one holding each. */
void log_state(const struct log *l, uint64_t height, struct blob **proof, struct blob **state);

/* A store that holds blocks from..to of a log, cannot read at `broken`, and may have snapshots. */
struct shelf {
    const struct log *log;
    uint64_t from, to, broken;
    uint64_t whole;     /* blocks 1..whole are here, too */
    uint64_t odd;       /* at this height, the store has this block: */
    struct blob *other; /* borrowed, like the snapshots */
    struct {
        uint64_t height;    /* 0: none */
        struct blob *bytes; /* NULL: it cannot be read */
    } snapshots[SNAPSHOTS_KEPT];
};
struct ledger_store shelf_store(struct shelf *s);

/* What a step has asked for. */
enum { SAID_MAX = 256 };
struct said {
    struct sending {
        unsigned to;
        struct blob *message; /* one holding */
    } sent[SAID_MAX];
    const char *notes[SAID_MAX];
    struct storing {
        uint64_t height, top; /* top: the last block that was appended before, in the same step; 0: none */
        struct blob *bytes;   /* one holding */
    } stored[SAID_MAX];
    unsigned sent_count, note_count, stored_count, appended;
    uint64_t top;       /* appended last; 0: none */
    int64_t poll_at_ns; /* the timer of polls was set so; 0: it was not */
};

/* A replica with its application. */
struct node {
    struct replica *replica;
    const struct log *log;
    unsigned self;
    struct secret_key *key;
    /* of the application */
    uint64_t height, sum, epoch;
    struct digest id;
    uint64_t executed; /* not decided yet: heights above `height` */
    unsigned applied, undone, installed, accused;
    enum replica_interest interest;
    struct replica_block opened;
    uint64_t payload;      /* of it */
    uint64_t known_epochs; /* voters of membership epochs up to this one are known */
    bool rotten;           /* what it executes comes out otherwise */
    /* of the driver */
    int64_t now_ns;
    struct outbox outbox;
    struct said said; /* by the last step */
};

/* peer self, at the beginning of the log or from a store (NULL: none). */
enum err node_new(struct node *n, const struct log *log, unsigned self, const struct ledger_store *store,
                  bool whole_ledger, struct diag *diag);
void node_free(struct node *n);
void node_start(struct node *n, bool probe);
/* Takes over the caller's holding. */
enum err node_receive(struct node *n, unsigned from, struct blob *message);
enum err node_request(struct node *n, struct bytes request);
enum err node_timer(struct node *n, uint32_t timer);
/* Blocks from..to of the log as a message. */
struct blob *blocks_of(const struct log *l, uint64_t from, uint64_t to, uint64_t height);
/* What the last step sent: how many messages of a type, and to whom the first went and what height it names. */
unsigned node_sent(const struct node *n, unsigned type, unsigned *to, uint64_t *height);
bool node_noted(const struct node *n, const char *name);
unsigned node_appended(const struct node *n);

#endif
