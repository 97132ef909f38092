#ifndef PRISMFED_STATE_CLAIM_H
#define PRISMFED_STATE_CLAIM_H

#include "evolve/local_cycle.h"
#include "state/state.h"

/* The job that a claimed cost is about: of the site that claims it, of the validators and auditors that run it again. A
 * cost is a function of the genome, the epoch and the site's instances: its own ones, then the shards that were its
 * after the block that the UPDATE or SCORE names. */

/* Who has the instances. What they are is for the caller to know: disclosed ones come from the site itself. */
struct claim_work {
    void *context;
    /* A member's own instances, *count of them; NULL: not disclosed. */
    const struct instance *(*own)(void *context, const struct member *member, unsigned *count);
    const struct instance *(*shard)(void *context, unsigned shard); /* below policy.shards; NULL: not disclosed */
};

/* Shards of one site: in rising order, no more than a job takes. */
struct claim_shards {
    unsigned count;
    unsigned numbers[WORKLOAD_INSTANCES_MAX];
};

/* Who has each shard in this state (policy.shards of them; -1: nobody). The caller's to free. */
int *claim_owners(const struct federation_state *s);
/* Those of a member. */
void claim_shards_of(const int *owners, unsigned count, unsigned member, struct claim_shards *out);

/* Into the job's instances; false, and none, when not all of them are to be had. */
bool claim_instances(const struct claim_work *work, const struct member *member, const struct claim_shards *shards,
                     struct cycle_job *job) MUST_CHECK;

#endif
