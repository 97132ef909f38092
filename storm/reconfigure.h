#ifndef PRISMFED_STORM_RECONFIGURE_H
#define PRISMFED_STORM_RECONFIGURE_H

#include "pbft/messages.h"
#include "storm/plan.h"

/* Who votes, in each membership epoch: the replicas of the plan after the changes that were executed so far. A
 * block with a change in it closes its membership epoch. */

struct world;
struct machine;

struct epoch {
    uint64_t base; /* the closing block of the epoch before; 0: the beginning */
    struct digest base_id;
    uint32_t changes; /* executed up to there */
    struct members members;
    unsigned replica_of[REPLICAS_MAX]; /* by number within the epoch */
    int number_of[REPLICAS_MAX];       /* and back; -1: no member */
    unsigned generation[REPLICAS_MAX]; /* of its key */
    unsigned liars;
};

/* The first epoch. */
void epochs_begin(struct world *w);
/* The one that `number` names, or that of block `height`, as far as known; NULL otherwise. */
const struct epoch *epoch_named(const struct world *w, uint64_t number);
const struct epoch *epoch_of_height(const struct world *w, uint64_t height);
/* That of a message or record; the first when it names none that is known. */
const struct epoch *epoch_of_message(const struct world *w, struct bytes message);
const struct epoch *epoch_of_record(const struct world *w, struct bytes record);
const struct epoch *machine_epoch(const struct machine *m);
struct voters epoch_voters(const struct epoch *e);
/* Votes in the last epoch that anybody reached? */
bool epoch_current_member(const struct world *w, const struct machine *m);
const struct secret_key *machine_key(const struct machine *m);

/* The machine of the epoch that the ledger is in: m->pbft, not started, or NULL when this replica is no member. */
void replica_new(struct machine *m);
/* At a start: the epoch that the ledger is in. A crash may have come between the write of a closing block and the step
 * over it; then the epoch begins only now. */
void epoch_resume(struct machine *m);
/* A state of a later epoch, with that index, was installed. */
void epoch_jump(struct machine *m, unsigned epoch);
/* The ledger may have left the epoch of m->pbft. */
void epoch_follow(struct machine *m);
/* Somebody correct has made this block durable. */
void epoch_appended(struct world *w, uint64_t height, const struct digest *id);
/* Heard a message of another epoch from `from`. */
void epoch_heard(struct machine *m, unsigned from, struct bytes message);
/* ['H', height]: what one who is told so makes of it. */
void epoch_hint(struct machine *m, unsigned from, uint64_t height);

#endif
