#ifndef PRISMFED_STATE_GOVERNANCE_H
#define PRISMFED_STATE_GOVERNANCE_H

#include "state/response.h"
#include "state/sign_off.h"
#include "state/state.h"

/* The part of the state that governors decide about: who they are, what they have proposed, what is held, halted,
 * barred or revoked. A federation whose genesis names no governors has none of it. */

enum {
    PROPOSALS_OPENED_MAX = 8,
    PROPOSALS_MAX = GOVERNORS_MAX * PROPOSALS_OPENED_MAX,
    REVOKED_MAX = 64,
    BARRED_MAX = 64,
    HELD_MAX = 8
};

struct governor {
    struct public_key key;
    struct digest fingerprint;
    uint64_t revoked_from; /* an epoch; 0: it is not */
    uint64_t next_from;    /* from this epoch on it has the key next; 0: it has not */
    struct public_key next;
};

struct proposal {
    struct digest statement; /* SHA-256 of its bytes */
    uint64_t until;
    unsigned opener;  /* a governor */
    unsigned signers; /* a bit for each governor that has signed it */
    bool possession;  /* so has the key that comes with it */
    bool done;        /* it is agreed on, and cannot be again */
};

/* A member's key that counts no more from this epoch on. */
struct revoked {
    struct digest fingerprint;
    uint64_t from;
};

/* A violation and what was done about it, or something that was signed off and has taken effect: for the log. */
struct governance_note {
    enum violation violation;
    enum response response;
    int member; /* -1: nobody's */
};

enum { NOTES_MAX = 16 };

/* Written by governance.c, by the actions (action.h) and by entry_sign_off.c, inside a block. */
struct governance {
    unsigned count, threshold;
    struct governor governors[GOVERNORS_MAX];
    bool approval; /* a new incumbent is held until FEDERATED_APPLY */
    bool halted;
    enum response responses[VIOLATION_COUNT];
    unsigned proposal_count;
    struct proposal proposals[PROPOSALS_MAX];
    unsigned held_count;
    struct anchor *held;     /* shared (base/shared.h); the latest winners that wait, newest last */
    struct anchor *due;      /* shared; what the next anchored epoch ends with; NULL: what it decides */
    uint64_t due_from_epoch; /* of a ROLLBACK: the anchor's; 0: it is an approval */
    struct settings next;    /* of the policy, when the epoch has ended */
    unsigned barred_count;
    unsigned barred[BARRED_MAX]; /* members, ascending, that cannot reconcile */
    unsigned revoked_count;
    struct revoked revoked[REVOKED_MAX];

    /* Of the block that is executed; not in the state root. */
    unsigned note_count;
    struct governance_note notes[NOTES_MAX];
};

/* From genesis; NULL: it names no governors. The caller's, as a copy is: governance_free(). */
struct governance *governance_new(const struct governance_rules *rules);
struct governance *governance_copy(const struct governance *g);
void governance_free(struct governance *g); /* NULL is fine */
/* "governance" of the state's encoding, if there is any; its value. */
void governance_put(struct cbor_writer *w, const struct federation_state *s);
/* Into s->governance, which is one of the same federation's genesis; settings of the policy are put into s->policy. */
void governance_get(struct cbor_reader *r, struct federation_state *s);
/* Does what was read fit the rest of the state? */
bool governance_fits(const struct federation_state *s);

/* Which one has this key in the running epoch, or -1: revoked ones, too. */
int governance_find(const struct governance *g, const struct digest *fingerprint);
/* Does what a governor signs count in this epoch? */
bool governance_counts(const struct governance *g, unsigned governor, uint64_t epoch);
/* How many distinct governors whose signatures count in the running epoch have signed it. */
unsigned governance_voices(const struct federation_state *s, const struct proposal *p);
struct proposal *governance_proposal(struct governance *g, const struct digest *statement); /* NULL: none */
bool governance_halted(const struct federation_state *s);
bool governance_barred(const struct federation_state *s, unsigned member);
/* From which epoch on the key is revoked; 0: it is not. */
uint64_t governance_revoked(const struct federation_state *s, const struct digest *fingerprint);
/* Is the key a governor's, now or soon? */
bool governance_has_key(const struct federation_state *s, const struct digest *fingerprint);

/* A violation: what is to be done about it; it is noted, and HALT is carried out. member: -1: nobody's. */
enum response governance_respond(struct federation_state *s, enum violation violation, int member);
/* The epoch's winner waits for FEDERATED_APPLY, in place of the oldest one if HELD_MAX do. */
void governance_hold(struct federation_state *s, const struct anchor *winner);
/* The one of this epoch that waits; NULL: there is none. */
const struct anchor *governance_held(const struct governance *g, uint64_t epoch);
/* This is what the next anchored epoch ends with. from: of a ROLLBACK: the anchor's epoch; 0. */
void governance_make_due(struct governance *g, const struct anchor *due, uint64_t from);
/* What is due is the incumbent now: neither it nor what was held before it waits any more. */
void governance_done(struct federation_state *s);
/* At the beginning and the end of a block, and of one that ends an epoch (s->epoch is the new one). */
void governance_open(struct federation_state *s);
void governance_close(struct federation_state *s);

#endif
