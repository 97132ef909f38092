#ifndef PRISMFED_STATE_CLAIM_H
#define PRISMFED_STATE_CLAIM_H

#include "evolve/local_cycle.h"
#include "state/state.h"

/* The job that a claimed cost is about: of the site that claims it, of the validators and auditors that run it again. A
 * cost is a function of the genome, the epoch and the site's instances: its own ones, then the shards that were its
 * after the block that the UPDATE or SCORE names. */

/* Who has the instances. The caller has them from wherever it likes, the site itself for one: which they are, genesis
 * says of the shards, and the member's card of what the member discloses. */
struct claim_work {
    void *context;
    /* A member's own instances, *count of them; NULL: they are not to be had. */
    const struct instance *(*own)(void *context, const struct member *member, unsigned *count);
    const struct instance *(*shard)(void *context, unsigned shard); /* below policy.shards; NULL: it is not to be had */
};

/* Shards of one site: in rising order, no more than a job takes. */
struct claim_shards {
    unsigned count;
    unsigned numbers[WORKLOAD_SHARDS_MAX];
    struct digest hashes[WORKLOAD_SHARDS_MAX]; /* of their instances */
};

/* SHA-256 of the instances' hashes, one behind the other: by which a card names what its member discloses. */
struct digest claim_work_digest(const struct instance *instances, unsigned count);
/* Does the member disclose its work, so that its claims can be run again? */
bool claim_disclosed(const struct member *member);

/* Who has each shard in this state (policy.shards of them; -1: nobody). The caller's to free. */
int *claim_owners(const struct federation_state *s);
/* Those of a member, by any state of the federation. */
void claim_shards_of(const struct federation_state *s, const int *owners, unsigned member, struct claim_shards *out);

/* Into the job's instances; false, and none, when not all of them are to be had, or some are not those that genesis and
 * the member's card name. */
bool claim_instances(const struct claim_work *work, const struct member *member, const struct claim_shards *shards,
                     struct cycle_job *job) MUST_CHECK;

#endif
