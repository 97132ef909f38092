#include "node/site.h"

enum err site_open(const struct scenario *s, unsigned node, uint64_t seed, struct site *out, struct diag *diag)
{
    enum err err = ERR_OK;

    *out = (struct site){.scenario = s, .node = node};
    out->works = mem_array(s->node_count, sizeof out->works[0]);
    out->shards = mem_array(s->policy.shards + 1, sizeof out->shards[0]);
    if (s->space != NULL)
        out->programs = programs_new(s->space);
    for (unsigned i = 0; i < s->node_count && err == ERR_OK; i++) {
        if (i == node || scenario_discloses(s, i))
            err = scenario_workload(s, i, &s->nodes[i].workload, out->programs, seed, &out->works[i], diag);
    }
    for (unsigned i = 0; i < s->policy.shards && err == ERR_OK; i++)
        err = scenario_shard(s, i, out->programs, seed, &out->shards[i], diag);
    if (err != ERR_OK)
        site_close(out);
    return err;
}

void site_close(struct site *s)
{
    if (s->scenario == NULL)
        return;
    for (unsigned i = 0; i < s->scenario->node_count; i++)
        workload_fini(&s->works[i]);
    for (unsigned i = 0; i < s->scenario->policy.shards; i++)
        instance_fini(&s->shards[i]);
    programs_free(s->programs);
    mem_free(s->works);
    mem_free(s->shards);
    *s = (struct site){0};
}

enum err site_check(const struct site *s, const struct federation_state *state, const struct member *member,
                    struct diag *diag)
{
    const struct workload *own = &s->works[s->node];
    struct digest work = claim_work_digest(own->instances, own->count);

    if (s->scenario->policy.shards != state->policy.shards)
        return diag_set(diag, ERR_MISMATCH, "the plan has %u shards of shared work, and genesis %u",
                        s->scenario->policy.shards, state->policy.shards);
    for (unsigned i = 0; i < state->policy.shards; i++) {
        if (memcmp(s->shards[i].hash.b, state->shards->data + (size_t)i * DIGEST_SIZE, DIGEST_SIZE) != 0)
            return diag_set(diag, ERR_MISMATCH, "shard %u of the plan's shared work is not the one that genesis names",
                            i);
    }
    if (member != NULL && claim_disclosed(member) && !digest_equal(&work, &member->card.work))
        return diag_set(
            diag, ERR_MISMATCH,
            "\"%s\" has disclosed other work than the plan has for it; what it found on this would count as "
            "a false claim",
            member->card.name);
    return ERR_OK;
}

static const struct instance *own_of(void *context, const struct member *member, unsigned *count)
{
    const struct site *s = context;

    (void)member; /* nobody asks for another's */
    *count = s->works[s->node].count;
    return s->works[s->node].instances;
}

static const struct instance *disclosed_of(void *context, const struct member *member, unsigned *count)
{
    const struct site *s = context;
    int node = scenario_find_node(s->scenario, member->card.name);

    if (node < 0 || !scenario_discloses(s->scenario, (unsigned)node))
        return NULL;
    *count = s->works[node].count;
    return s->works[node].instances;
}

static const struct instance *shard_of(void *context, unsigned shard)
{
    const struct site *s = context;

    return &s->shards[shard];
}

static const struct instance *disclosed_shard_of(void *context, unsigned shard)
{
    const struct site *s = context;

    return s->scenario->shared.program == NULL ? &s->shards[shard] : NULL;
}

struct claim_work site_own(struct site *s)
{
    return (struct claim_work){s, own_of, shard_of};
}

struct claim_work site_disclosed(struct site *s)
{
    return (struct claim_work){s, disclosed_of, disclosed_shard_of};
}
