#ifndef PRISMFED_PBFT_LOG_H
#define PRISMFED_PBFT_LOG_H

#include "pbft/messages.h"

struct pbft;

/* The log between the water marks: a slot for each sequence number, with what is proposed there, the votes, and the
 * proof that it was prepared (OSDI'99 section 4.3). */

/* Proposed requests: an encoded batch under its digest. The fields are the log's own. */
struct batch {
    struct digest digest;
    struct blob *requests;
    bool durable; /* persisted, so that later records need only its digest */
};

/* How far a proposal has come in its view:
 *
 *     EMPTY --proposal--> PROPOSED --own vote--> VOTED --quorum of PREPAREs--> PREPARED
 *                            |
 *                            '--the application will not have it--> REFUSED
 *
 * The proposal of a later view begins at PROPOSED again; a restart goes to where its records say. */
enum slot_state { SLOT_EMPTY, SLOT_PROPOSED, SLOT_REFUSED, SLOT_VOTED, SLOT_PREPARED };

/* One sequence number. What it says of a view holds only while that is the present one (slot_current): entering a view
 * costs no sweep. A claim of type 0 is none. The fields are the log's own. */
struct slot {
    uint64_t sequence; /* 0: unused */
    /* What is looked at in every step comes first, in one cache line. */
    enum slot_state state;
    bool proved;                          /* the proposal came with a NEW-VIEW: a quorum's word stands behind it */
    bool has_block;                       /* executed (or decided): block_id is known */
    unsigned prepare_count, commit_count; /* replicas that one is kept of, whatever it says */
    struct claim *prepares, *commits;     /* of every replica: that of the highest view */
    struct claim proposal;                /* the primary's PRE-PREPARE */
    struct digest block_id;
    uint64_t asked;  /* executions.occasion at which the application said ERR_AGAIN */
    int64_t said_ns; /* our latest message about it went to all then */
    struct batch batches[SLOT_BATCHES];
    unsigned batch_count;
    struct blob *proof; /* of the highest view in which we prepared, or NULL */
    uint64_t proof_view;
    struct digest proof_digest;
};

/* The fields are the log's own. */
struct log {
    unsigned ring; /* slots: the window and one interval above it */
    struct slot *slots;
    struct claim *votes;     /* backing of the slots' prepares and commits */
    struct claims_kept kept; /* PRE-PREPAREs and PREPAREs here that were verified, or are our own */
};

void log_init(struct pbft *p); /* of p->config and p->members */
void log_fini(struct pbft *p);
uint64_t log_high(const struct pbft *p);                        /* h + L, or the end of the membership epoch */
struct slot *log_slot(struct pbft *p, uint64_t sequence);       /* NULL outside of the ring; made on demand */
struct slot *log_find(const struct pbft *p, uint64_t sequence); /* NULL when it was never touched */
/* How many of these, one of each replica, say the same as `says`, and, where wanted, which (room for n). */
unsigned log_count_claims(const struct pbft *p, const struct claim *claims, const struct statement *says,
                          struct claim *which);

bool slot_current(const struct pbft *p, const struct slot *s);         /* it has a proposal of this view */
struct batch *slot_batch(struct slot *s, const struct digest *digest); /* NULL: not here */
/* Takes a holding of its own. */
void slot_keep_batch(struct slot *s, const struct digest *digest, struct blob *requests);
void slot_batch_durable(struct batch *batch);
/* A proposal of the present view, which the slot has none of. */
void slot_propose(struct pbft *p, struct slot *s, const struct claim *proposal, bool proved);
/* place: one of s->prepares or s->commits. */
void slot_keep_claim(struct slot *s, struct claim *place, const struct claim *claim);
void slot_set_proposal(struct slot *s, const struct claim *proposal); /* in place of the other, and nothing else */
void slot_judged(struct slot *s, uint64_t occasion, bool refused);    /* by the application */
void slot_voted(struct slot *s);
void slot_said(struct slot *s, int64_t now_ns);
/* The proposal of this view is prepared. Takes over proof. */
void slot_prepared(struct slot *s, struct blob *proof);
/* The block that came of it; NULL: it is undone. */
void slot_set_block(struct slot *s, const struct digest *block_id);
/* From own records: what it was voted for, and what it was prepared with (takes over item). */
void slot_restore_proposal(struct slot *s, const struct claim *proposal);
void slot_restore_proof(struct slot *s, const struct proof *proof, struct blob *item);

#endif
