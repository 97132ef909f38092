#ifndef PRISMFED_FED_FED_H
#define PRISMFED_FED_FED_H

#include "base/effect.h"
#include "evolve/local_cycle.h"
#include "state/claim.h"
#include "state/executed.h"
#include "ledger/store.h"
#include "replica/replica.h"

/* One node of the federation as a state machine: binds PBFT, ledger, state and the epoch's lifecycle
 * (load_meta, run_local_cycle, meta_update, collect, align, score, aggregate, guard, anchor). Both drivers run it. */

/* Wire messages are CBOR arrays whose first element is a type: this one, or one of the replica's (replica/replica.h).
 */
enum { FED_ENTRY = 16 };

enum fed_timer {
    /* those of the replica (replica/replica.h) are below */
    FED_TIMER_DEADLINE = PBFT_TIMER_COUNT, /* of the running phase (validators) */
    FED_TIMER_SUBMIT,                      /* own entry not in the log yet: send again, with backoff */
    FED_TIMER_END
};

struct fed_config {
    struct secret_key key;      /* which member the node is, the state tells by it, as soon as it is one */
    struct secret_key next_key; /* of a rotation that is not in the decided state yet, or may not be; zero: none */
    uint64_t seed;              /* of the node's own draws (local cycles) */
    int64_t view_timeout_ns, view_timeout_max_ns, batch_delay_ns, resend_ns;
    int64_t submit_ns, submit_max_ns; /* own entry: first and longest wait before it is sent again */
    int64_t poll_ns;
    unsigned pipeline;
    uint64_t last_epoch; /* the node rests when this epoch has ended; UINT64_MAX: never */
    /* Borrowed, for drivers of many nodes; NULL: none. They change no result. */
    struct verify_cache *verify_cache;
    struct executed_cache *executed_cache;
    struct blob_cache *blobs;
    bool partial_ledger;     /* its driver drops old blocks, and wants none of those below a state that is installed */
    bool recovering;         /* its disk was lost: see below */
    struct digest nonce;     /* of this start: never used before */
    uint64_t sequence_floor; /* above every sequence number that this key has ever signed */
};

/* A node that has lost its disk. It may have signed what it cannot remember, as a validator (pbft/pbft.h, "A wiped
 * replica") and as the author of entries. Its driver knows of the loss and says so in the configuration, at every
 * start, each time with another nonce, until EFFECT_RECOVERED. sequence_floor is microseconds of a clock that is never
 * behind what it was in any earlier life of this key (docs/decisions/0011-after-a-lost-disk.md): a node that signs less
 * than one entry in a microsecond is below it. It contributes again when it has caught up. */

/* So many writes may be asked for and not durable before a node takes no further step that needs one, but for what its
 * present step has begun: it does not run ahead of its disk. The driver says with FED_EVENT_DURABLE what has become
 * durable, at the latest when all of it has. */
enum { FED_WRITES_IN_FLIGHT = 64 };

enum fed_event_kind {
    FED_EVENT_START,        /* after fed_new and the restores */
    FED_EVENT_MESSAGE,      /* from, blob */
    FED_EVENT_TIMER,        /* timer */
    FED_EVENT_CYCLE_DONE,   /* epoch, cycle: the answer to a JOB_CYCLE of that epoch (fed/job.h) */
    FED_EVENT_SCORE_DONE,   /* epoch, costs, count: the answer to a JOB_SCORE */
    FED_EVENT_RECOUNT_DONE, /* number, costs (one; NULL: that work is not disclosed): the answer to a JOB_RECOUNT */
    FED_EVENT_DURABLE,      /* number: all writes up to this serial (base/effect.h) are durable */
    /* What the operator wants, said once: it is kept until it is done or cannot be done any more (fed/wishes.h). */
    FED_EVENT_LEAVE,    /* this participant is to leave for good. ERR_STATE: it is a validator */
    FED_EVENT_SIGN_OFF, /* blob: the body of a RECONFIGURE (state/change.h) that this validator signs off, or of a
                           SIGN_OFF (state/sign_off.h) by governors. Errors say why not */
    FED_EVENT_KEY       /* key: in use from when the federation has agreed on it (config.next_key) */
};

struct fed_event {
    enum fed_event_kind kind;
    int64_t now_ns; /* never decreases */
    unsigned from;  /* member index, authenticated by the driver's channel */
    struct blob *blob;
    uint32_t timer;
    uint64_t epoch, number;
    const struct cycle_result *cycle;
    const uint64_t *costs;
    unsigned count;
    const struct secret_key *key;
};

struct fed;

/* genesis: the encoded document; config is copied. store (borrowed; ledger/ledger.h has one) is only read, to serve
 * others and at restart; decided blocks go there through EFFECT_APPEND, and the latest ones are kept in memory until
 * they are surely in it. Who is far behind gets a state, through EFFECT_SNAPSHOT, and then the blocks below it, from
 * the lowest missing one on. */
enum err fed_new(struct bytes genesis, const struct fed_config *config, const struct ledger_store *store,
                 struct fed **out, struct diag *diag) MUST_CHECK;
void fed_free(struct fed *f);

/* Restart: fed_new with the store that survived (it is read and executed), then each persisted record in order, then
 * fed_restored, which tells whether that is all of them (pbft_restored), then FED_EVENT_START. */
enum err fed_restore(struct fed *f, struct bytes record) MUST_CHECK;
enum err fed_restored(const struct fed *f) MUST_CHECK;

/* The step. Any bytes from anybody may come. Appends to effects. An error says that a message was refused and why (for
 * counting); the machine is unchanged by it. */
enum err fed_step(struct fed *f, const struct fed_event *event, struct effects *effects);

/* The decided state; valid until the next step. */
const struct federation_state *fed_state(const struct fed *f);
/* Our index among the members; -1: our key is none of theirs, as far as we know. */
int fed_member(const struct fed *f);
/* Our number among the replicas of the decided state's membership epoch; -1: we have no vote. */
int fed_self_replica(const struct fed *f);
/* May it have signed what it has forgotten? (fed_config.recovering, until EFFECT_RECOVERED) */
bool fed_recovering(const struct fed *f);
/* The primary's view of consensus; zeros on a participant. */
struct pbft_status fed_pbft_status(const struct fed *f);

/* What EFFECT_ANCHOR carries: the outcome of the epoch that ended. */
struct epoch_end {
    struct effect_body body;
    struct epoch_outcome outcome; /* owns its updates */
};
const struct epoch_outcome *fed_outcome_of(struct effect_body *body);
/* Of the epoch that ended last among the blocks that were executed since the start; all zero before. Valid until the
 * next step. */
const struct epoch_outcome *fed_outcome(const struct fed *f);

#endif
