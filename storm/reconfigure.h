#ifndef PRISMFED_STORM_RECONFIGURE_H
#define PRISMFED_STORM_RECONFIGURE_H

#include "pbft/messages.h"
#include "replica/replica.h"
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
/* Of its PBFT machine, which in the middle of a step may be the one before machine_epoch. */
const struct epoch *epoch_of_replica(const struct machine *m);
struct voters epoch_voters(const struct epoch *e);
/* Votes in the last epoch that anybody reached? */
bool epoch_current_member(const struct world *w, const struct machine *m);
const struct secret_key *machine_key(const struct machine *m);

/* For the replica of m; ERR_MISSING: nobody has reached that epoch. */
enum err epoch_voters_of(const struct machine *m, uint64_t membership_epoch, struct replica_voters *out);
/* The block decided last closed the epoch of m. */
void epoch_enter(struct machine *m);
/* A state was installed, above which this membership epoch votes. */
void epoch_jump(struct machine *m, uint64_t membership_epoch);
/* Somebody correct has made this block durable. */
void epoch_appended(struct world *w, uint64_t height, const struct digest *id);

#endif
