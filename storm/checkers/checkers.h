#ifndef PRISMFED_STORM_CHECKERS_CHECKERS_H
#define PRISMFED_STORM_CHECKERS_CHECKERS_H

#include "base/table.h"
#include "pbft/view_change_format.h"

/* What must hold (the numbers are those of the list of promises), one file each, O(1) a step; looked at only for
 * correct replicas. A breach ends the seed. */

struct world;
struct machine;
struct epoch;

/* Tables that begin as zeros; a number is never 0. */
void number_add(struct table *numbers, uint64_t number);
bool number_in(const struct table *numbers, uint64_t number);

/* Digest by (type, view, sequence, signer): an item of a table. */
struct seen_statement {
    uint64_t key;
    struct digest digest;
};

struct agreed_block {
    bool decided;
    uint64_t view; /* the lowest in which anybody decided it, as far as known */
    struct digest id, batch;
    uint64_t checkpoint_signers; /* machines' replicas that signed a CHECKPOINT for it, one bit each */
};

struct checkers {
    struct agreed_block *agreed; /* [k]: height k + 1 */
    uint64_t agreed_count, agreed_cap;
    struct table signed_ones, prepared;
    uint64_t convicted;                /* replicas, one bit each */
    struct blob *entered;              /* the NEW-VIEW that was persisted last, */
    const struct epoch *entered_epoch; /* in that epoch, */
    bool entered_holds;                /* and all of its signatures are good */
};

void checkers_free(struct checkers *c);
struct agreed_block *agreed_at(struct world *w, uint64_t height);
/* The digest first seen under this key, which becomes `digest` when it is the first. */
const struct digest *seen_first(struct table *statements, uint64_t key, const struct digest *digest);

/* 1, 4, 11 agreement.c: equal blocks, and with their ids equal states, at equal heights; every certificate verifies
 * offline, and a changed byte fails */
void agreement_appended(struct machine *m, uint64_t height, struct bytes block);
/* 4 diverged.c: who executed another block than the others decided signs nothing until it has theirs */
void diverged_step(struct machine *m, const struct effects *effects);
/* In this step, after the effects that it has so far. */
void diverged_caught_up(struct machine *m);
/* 2 prepared.c: one digest for a view and sequence */
void prepared_persisted(struct machine *m, struct bytes record);
/* 3, 8 new_view.c: content is a function of the view changes, and keeps what is decided */
void new_view_persisted(struct machine *m, struct bytes message);
/* 5 order.c: without gaps, in order, exactly once */
void order_execute(struct machine *m, uint64_t sequence);
void order_undo(struct machine *m, uint64_t sequence);
void order_decide(struct machine *m);
void order_request(struct machine *m, unsigned client, uint32_t timestamp);
void order_look(struct machine *m); /* after each step: replica and application are at one */
/* 6 signing.c: one digest for a type, view and sequence, across crashes; e: that of the claim */
void signing_sent(struct machine *m, const struct epoch *e, const struct claim *claim);
/* 7 durable.c: nothing is sent that is not durable */
void durable_written(struct machine *m, struct bytes record);
void durable_sent(struct machine *m, const struct claim *claim);
/* 7 judged.c: no vote before the application agreed, but for what a NEW-VIEW re-proposes */
void judged_batch(struct machine *m, uint64_t sequence, const struct bytes *requests, unsigned count);
void judged_sent(struct machine *m, const struct claim *claim);
/* 9 stable.c: a quorum behind each stable checkpoint; nothing above it is forgotten */
void stable_persisted(struct machine *m, struct bytes record);
void stable_sent(struct machine *m, const struct claim *claim);
void stable_noted(struct machine *m, uint64_t sequence);
/* Enough have signed a CHECKPOINT for it aloud, liars counted as if they all had, and m too. */
bool stable_vouched(struct machine *m, uint64_t sequence);
void stable_forgets(struct machine *m, uint64_t number);
/* 10 transfer.c: what is installed is certified; only liars are blamed for what they gave */
void transfer_installed(struct machine *m, uint64_t height, enum err verdict, const struct digest *id);
void transfer_blamed(struct machine *m, unsigned replica);
void transfer_noted(struct machine *m, const char *note, uint64_t number);
/* 12 foreign.c: nothing of another federation or membership epoch than e, the machine's, has an effect */
void foreign_received(struct machine *m, const struct epoch *e, struct bytes message, enum err err, size_t effects);
/* 13 evidence.c: convicts liars only, and convinces a third party */
void evidence_taken(struct machine *m, unsigned culprit, struct bytes first, struct bytes second);
/* 14 liveness.c: after the faults everything decides in time */
void liveness_expired(struct world *w);
/* 15 calm.c: no view change without a fault, nor on the word of liars alone; time-outs double and are reset */
void calm_asked(struct machine *m, const struct epoch *e, const struct claim *claim);
void calm_step(struct machine *m, const struct effects *effects);
/* 16 memory.c: what is kept, what one step asks for, and what a peer's questions draw, is bounded */
void memory_step(struct machine *m, const struct effects *effects);
/* 17 repeat.c: same inputs, same effects */
void repeat_step(struct machine *m, const struct effects *effects);

#endif
