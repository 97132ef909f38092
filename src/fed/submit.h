#ifndef PRISMFED_FED_SUBMIT_H
#define PRISMFED_FED_SUBMIT_H

#include "ledger/entry.h"
#include "state/body.h"

/* Own entries, on their way into the log: numbered, signed, recorded, and sent again and again until they are in it or
 * have become pointless. */

/* An own entry on its way into the log; at most one of each kind. */
struct own_entry {
    struct entry *entry;      /* one holding; NULL: none */
    struct blob *message;     /* the FED_ENTRY around it */
    int64_t next_ns, wait_ns; /* when it is sent again, and the wait after that */
};

/* The fields are the submit's own. */
struct submit {
    uint64_t sequence; /* the highest that was ever signed */
    struct own_entry own[ENTRY_KIND_COUNT];
    uint64_t refused_height[ENTRY_KIND_COUNT]; /* + 1; 0: never. At this height it is not admissible */
    int64_t at_ns;                             /* the timer, as it is armed; 0: not */
};

struct fed;

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
void submit_timer(struct fed *f); /* it has fired */
void submit_arm(struct fed *f);
/* Another key is in use: its numbers begin anew, above the configured floor. */
void submit_take_key(struct fed *f);
/* Numbers up to this one are used up, as the decided state shows. */
void submit_use_up(struct fed *f, uint64_t sequence);
bool submit_owns(struct bytes record);
enum err submit_restore(struct fed *f, struct bytes record) MUST_CHECK;
/* Records filed under numbers <= number are about to go: what is still needed is filed anew. */
void submit_compact(struct fed *f, uint64_t number);

#endif
