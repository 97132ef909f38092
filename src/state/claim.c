#include "state/claim.h"

int *claim_owners(const struct federation_state *s)
{
    int *owners = mem_array(s->policy.shards, sizeof owners[0]);

    for (unsigned i = 0; i < s->policy.shards; i++)
        owners[i] = state_shard_owner(s, i);
    return owners;
}

void claim_shards_of(const int *owners, unsigned count, unsigned member, struct claim_shards *out)
{
    out->count = 0;
    for (unsigned i = 0; i < count && out->count < WORKLOAD_INSTANCES_MAX; i++) {
        if (owners[i] == (int)member)
            out->numbers[out->count++] = i;
    }
}

bool claim_instances(const struct claim_work *work, const struct member *member, const struct claim_shards *shards,
                     struct cycle_job *job)
{
    unsigned count = 0;
    const struct instance *own = work->own(work->context, member, &count);

    job->instance_count = 0;
    if (own == NULL)
        return false;
    ASSERT(count <= WORKLOAD_INSTANCES_MAX);
    for (unsigned i = 0; i < count; i++)
        job->instances[job->instance_count++] = &own[i];
    for (unsigned i = 0; i < shards->count; i++) {
        const struct instance *shard = work->shard(work->context, shards->numbers[i]);

        if (shard == NULL) {
            job->instance_count = 0;
            return false;
        }
        job->instances[job->instance_count++] = shard;
    }
    return job->instance_count > 0;
}
