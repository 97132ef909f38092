#include "state/claim.h"

#include "base/mutate.h"

int *claim_owners(const struct federation_state *s)
{
    int *owners = mem_array(s->policy.shards, sizeof owners[0]);

    for (unsigned i = 0; i < s->policy.shards; i++)
        owners[i] = state_shard_owner(s, i);
    return owners;
}

struct digest claim_work_digest(const struct instance *instances, unsigned count)
{
    struct digest_context c;

    digest_init(&c);
    for (unsigned i = 0; i < count; i++)
        digest_add(&c, instances[i].hash.b, DIGEST_SIZE);
    return digest_final(&c);
}

bool claim_disclosed(const struct member *member)
{
    return !digest_is_zero(&member->card.work);
}

void claim_shards_of(const struct federation_state *s, const int *owners, unsigned member, struct claim_shards *out)
{
    out->count = 0;
    for (unsigned i = 0; i < s->policy.shards && out->count < WORKLOAD_SHARDS_MAX; i++) {
        if (owners[i] != (int)member)
            continue;
        out->hashes[out->count] = digest_from(bytes_of(s->shards->data + (size_t)i * DIGEST_SIZE, DIGEST_SIZE));
        out->numbers[out->count++] = i;
    }
}

static bool own_instances(const struct claim_work *work, const struct member *member, struct cycle_job *job)
{
    unsigned count = 0;
    const struct instance *own = work->own(work->context, member, &count);

    if (own == NULL)
        return false;
    ASSERT(count <= WORKLOAD_INSTANCES_MAX);
    for (unsigned i = 0; i < count; i++)
        job->instances[job->instance_count++] = &own[i];
    struct digest digest = claim_work_digest(own, count);
    return !claim_disclosed(member) || MUTATE(STATE_ANY_WORK, true, digest_equal(&digest, &member->card.work));
}

static bool shard_instance(const struct claim_work *work, const struct claim_shards *shards, unsigned i,
                           struct cycle_job *job)
{
    const struct instance *shard = work->shard(work->context, shards->numbers[i]);

    if (shard == NULL || MUTATE(STATE_ANY_SHARD, false, !digest_equal(&shard->hash, &shards->hashes[i])))
        return false;
    job->instances[job->instance_count++] = shard;
    return true;
}

bool claim_instances(const struct claim_work *work, const struct member *member, const struct claim_shards *shards,
                     struct cycle_job *job)
{
    job->instance_count = 0;
    bool all = own_instances(work, member, job);
    for (unsigned i = 0; all && i < shards->count; i++)
        all = shard_instance(work, shards, i, job);
    if (!all)
        job->instance_count = 0;
    return job->instance_count > 0;
}
