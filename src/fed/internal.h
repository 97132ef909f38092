#ifndef PRISMFED_FED_INTERNAL_H
#define PRISMFED_FED_INTERNAL_H

#include "fed/admission.h"
#include "fed/evidence.h"
#include "fed/job.h"
#include "fed/messages.h"
#include "fed/proof.h"
#include "fed/wishes.h"
#include "replica/replica.h"

/* What the files of this folder share. One step runs like this: fed.c hands the event to whom it concerns,
 * the replica calls back into application.c, and then duties_settle() compares the decided state with what this node
 * has done about it. Everything a node does of its own is owed by the state and never triggered by a
 * message, so a restart needs no memory of where it was. */

enum {
    PATIENCE_TIMEOUTS = 2, /* of the view, after a deadline, before every validator signs its own CLOSE */
    PENDING_REQUESTS = 4 * MEMBERS_MAX,
    /* A node that lacks this many blocks, or more, fetches a state instead of them. A round trip brings
     * REPLICA_BLOCKS_MAX blocks, and each of them is executed before the next; a state of usual size needs two round
     * trips. With fewer than four messages of blocks to fetch nothing is gained by a state, and without one the ledger
     * has no gap at any time. */
    STATE_GAP = 4 * REPLICA_BLOCKS_MAX,
    OWNERS_KEPT = 64 /* blocks that a claim with shards may be built on, for us to run it again */
};

/* Records of ours in the durable store; PBFT's begin with 1..15. */
enum { RECORD_ENTRY = 32, RECORD_SEQUENCE = 33, RECORD_WISH = 34 };

/* A phase's attempt: what a deadline and a CLOSE are about. Ordered lexicographically. */
struct moment {
    uint64_t epoch;
    enum epoch_phase phase;
    uint64_t attempt;
};

/* An executed block that is not decided yet. */
struct tentative {
    struct federation_state state; /* after it */
    struct execution execution;
    unsigned count;
    struct entry **entries; /* owned array, one holding each */
};

/* An own entry on its way into the log; at most one of each kind. */
struct own_entry {
    struct entry *entry;      /* one holding; NULL: none */
    struct blob *message;     /* the FED_ENTRY around it */
    int64_t next_ns, wait_ns; /* when it is sent again, and the wait after that */
};

/* A candidate that this node has scored. */
struct known {
    struct digest hash;
    bool own; /* we offered it */
    struct cycle_candidate candidate;
};

/* What a job of this node is about: a claim names the block, so that others can tell as well. */
struct basis {
    uint64_t epoch;
    struct digest block_id;
    struct claim_shards shards; /* that were ours after it */
};

/* Who had the shards after a block. */
struct owners {
    struct digest block_id;
    int *owners; /* owned; NULL: free */
};

/* A claim that the driver was asked to run again. */
struct recounting {
    uint64_t number;         /* of the JOB_RECOUNT; counts up */
    struct spot_check claim; /* a copy, without recounts */
    struct claim_shards shards;
    bool answered;
    bool differs; /* we got another cost than the one that is claimed */
    uint64_t cost;
};

struct fed {
    struct fed_config config;
    struct voter_set founders;
    struct digest genesis_id;
    unsigned self;           /* our member index, for life; REPLICA_UNKNOWN: not a member yet, as far as is known */
    bool started, restarted; /* restarted: there was something among the records */

    /* valid while stepping */
    int64_t now_ns;
    struct effects *out;

    struct federation_state decided;
    unsigned tentative_count, tentative_cap;
    struct tentative *tentative; /* heights decided.height + 1 and on */
    struct replica *replica;
    struct links links;         /* of all closed membership epochs */
    struct block foreign;       /* opened last */
    struct execution execution; /* of the block that is decided just now */
    bool settled;               /* duties_settle() has seen settled_height and what comes below */
    uint64_t settled_height, settled_epoch;
    enum member_status settled_status;
    struct epoch_end *epoch_end; /* the last one; one holding; NULL: none yet */

    /* duties.c */
    bool watching;
    struct moment moment; /* the attempt that deadline_ns is for */
    int64_t deadline_ns;
    bool expired, expecting;
    bool cycle_running, cycle_ready;
    struct basis cycle_basis; /* of either */
    struct cycle_result cycle;
    bool scoring, scored;
    struct basis score_basis; /* of either */
    unsigned score_count;
    uint64_t score_costs[CYCLE_CANDIDATES_MAX];
    unsigned known_count; /* the best of what we scored last, a restart forgets it: for our next cycle */
    struct known known[CYCLE_KNOWN_MAX];

    struct wishes wishes; /* of our operator */

    /* submit.c */
    uint64_t sequence; /* the highest that was ever signed */
    struct own_entry own[ENTRY_KIND_COUNT];
    uint64_t refused_height[ENTRY_KIND_COUNT]; /* + 1; 0: never. At this height it is not admissible */

    struct admission admission;
    struct evidence evidence;

    /* spot_check.c */
    unsigned owners_next; /* the one to be replaced */
    struct owners owners[OWNERS_KEPT];
    bool checks_due; /* there is a new state or an answer */
    uint64_t recount_number;
    unsigned recounting_count;
    struct recounting *recounting; /* owned; of claims in the decided state, or not answered; a restart forgets them */

    int64_t submit_at_ns, deadline_at_ns; /* as armed; 0: not */
};

/* fed.c */
bool fed_resting(const struct fed *f);                                              /* last_epoch has ended */
const struct member *fed_self(const struct fed *f);                                 /* NULL: not a member (yet) */
void fed_timer(struct fed *f, enum fed_timer timer, int64_t *armed, int64_t at_ns); /* at_ns 0: stop */
/* Records filed under numbers up to this one are about to go: what is still needed is filed anew. */
void fed_compact(struct fed *f, uint64_t number);
/* Which member are we in the decided state, and by which key, the present or the next one? */
void fed_find_self(struct fed *f);

/* application.c: what the replica calls back */
const struct federation_state *application_tip(const struct fed *f); /* after all that is executed */
void application_undo(struct fed *f, uint64_t sequence);
/* Makes f->replica and has it read the store. Errors as replica_new's. */
enum err application_open(struct fed *f, const struct ledger_store *store, struct diag *diag) MUST_CHECK;

/* snapshot.c: the decided state for others, and theirs; who votes */
void snapshot_begin(struct fed *f); /* the decided state is the founding one */
/* This block, decided last, ended the membership epoch. */
void snapshot_add_link(struct fed *f, struct blob *bytes, const struct replica_block *block);
enum err snapshot_voters(struct fed *f, uint64_t membership_epoch, struct replica_voters *out) MUST_CHECK;
void snapshot_make(const struct fed *f, const struct replica_block *block, struct blob *bytes, struct buf *proof,
                   struct buf *state);
/* As in struct replica_app. */
enum err snapshot_check(const struct fed *f, uint64_t height, struct bytes proof, const struct digest *root) MUST_CHECK;
enum err snapshot_install(struct fed *f, uint64_t height, struct bytes proof, struct bytes bytes,
                          struct replica_point *out) MUST_CHECK;

/* outcome.c */
void outcome_take(struct fed *f, struct execution *execution); /* takes the outcome of its epoch out of it */

/* duties.c */
void duties_settle(struct fed *f);
void duties_epoch_ended(struct fed *f, const struct epoch_outcome *o);
void duties_installed(struct fed *f);   /* the decided state is one that others gave us */
void duties_meet_voters(struct fed *f); /* the decided state began a membership epoch */
enum err duties_cycle_done(struct fed *f, const struct fed_event *event) MUST_CHECK;
enum err duties_score_done(struct fed *f, const struct fed_event *event) MUST_CHECK;
void duties_deadline(struct fed *f); /* the timer */
/* Is a CLOSE for this moment due by our clock, give or take tolerance_ns? ERR_AGAIN: not yet. A moment that is over
 * in s is harmless (ERR_OK): the entry has no effect there. */
enum err duties_judge_close(const struct fed *f, const struct federation_state *s, const struct moment *m,
                            int64_t tolerance_ns) MUST_CHECK;

/* submit.c: own entries. */
bool submit_pending(const struct fed *f, enum entry_kind kind);
/* May an entry of this kind be signed now: none on its way, none refused at this height? */
bool submit_possible(const struct fed *f, enum entry_kind kind);
/* To be filled in and submitted: of the decided state's epoch, built on its block. body: borrowed. */
struct envelope submit_envelope(const struct fed *f, enum entry_kind kind, struct bytes body);
/* Numbers, signs, persists and sends it, unless the state refuses it. e: kind, epoch, block, body, what is attached. */
void submit_entry(struct fed *f, struct envelope e);
void submit_evidence(struct fed *f, const struct evidence_body *body); /* of two statements; borrowed */
void submit_review(struct fed *f); /* forgets own entries that are in the log or have become pointless */
void submit_forget_all(struct fed *f);
/* After a loss of the disk: numbers below the configured floor are used up. */
void submit_skip(struct fed *f);
void submit_resend(struct fed *f);
void submit_arm(struct fed *f);
bool submit_owns(struct bytes record);
enum err submit_restore(struct fed *f, struct bytes record) MUST_CHECK;
/* Records filed under numbers <= number are about to go: what is still needed is filed anew. */
void submit_compact(struct fed *f, uint64_t number);

/* spot_check.c */
void spot_check_pass(struct fed *f);   /* the decided state is another one */
void spot_check_settle(struct fed *f); /* validators: what is to be run again, what we got */
enum err spot_check_done(struct fed *f, const struct fed_event *event) MUST_CHECK;
void spot_check_free(struct fed *f);

#endif
