#include "cli/disclosed_work.h"

#include "crypto/key.h"
#include "scenario/scenario.h"

struct disclosed_node {
    struct digest fingerprint;
    struct workload *workload; /* owned; NULL: not disclosed */
};

struct disclosed_work {
    struct scenario scenario;
    uint64_t seed;
    struct disclosed_node *nodes; /* owned; order of the scenario */
    struct instance *shards;      /* owned; NULL: not disclosed */
    struct digest federation_id;
};

static enum err build_node(struct disclosed_work *w, unsigned i, struct diag *diag)
{
    const struct scenario_node *n = &w->scenario.nodes[i];
    struct disclosed_node *d = &w->nodes[i];
    struct secret_key key;
    enum err err;

    key_simulated(w->seed, n->card.name, &key);
    d->fingerprint = key.fingerprint;
    key_wipe(&key);
    if (!scenario_discloses(&w->scenario, i))
        return ERR_OK;
    d->workload = mem_alloc(sizeof *d->workload);
    err = workload_build(&n->workload, w->seed, n->card.name, d->workload, diag);
    if (err != ERR_OK) {
        mem_free(d->workload);
        d->workload = NULL;
    }
    return err;
}

static enum err build_shards(struct disclosed_work *w, struct diag *diag)
{
    unsigned count = w->scenario.policy.shards;
    enum err err = ERR_OK;

    if (w->scenario.shared.program != NULL)
        return ERR_OK;
    w->shards = mem_array(count + 1, sizeof *w->shards);
    for (unsigned i = 0; i < count && err == ERR_OK; i++)
        err = workload_build_shard(&w->scenario.shared, w->seed, i, &w->shards[i], diag);
    return err;
}

static enum err name_federation(struct disclosed_work *w, struct diag *diag)
{
    struct buf genesis = {0};
    enum err err = scenario_genesis(&w->scenario, w->seed, &genesis, diag);

    if (err == ERR_OK)
        w->federation_id = digest_of(bytes_of_buf(&genesis));
    buf_free(&genesis);
    return err;
}

enum err disclosed_work_new(const char *scenario, const uint64_t *seed, struct disclosed_work **out, struct diag *diag)
{
    struct disclosed_work *w = mem_alloc(sizeof *w);
    enum err err = scenario_load(scenario, &w->scenario, diag);

    if (err != ERR_OK) {
        mem_free(w);
        return err;
    }
    key_library_init();
    w->seed = seed != NULL ? *seed : w->scenario.seed;
    w->nodes = mem_array(w->scenario.node_count, sizeof *w->nodes);
    for (unsigned i = 0; i < w->scenario.node_count && err == ERR_OK; i++)
        err = build_node(w, i, diag);
    if (err == ERR_OK)
        err = build_shards(w, diag);
    if (err == ERR_OK)
        err = name_federation(w, diag);
    if (err != ERR_OK)
        disclosed_work_free(w);
    else
        *out = w;
    return err;
}

void disclosed_work_free(struct disclosed_work *w)
{
    if (w == NULL)
        return;
    for (unsigned i = 0; i < w->scenario.node_count; i++) {
        if (w->nodes[i].workload != NULL)
            workload_fini(w->nodes[i].workload);
        mem_free(w->nodes[i].workload);
    }
    for (unsigned i = 0; w->shards != NULL && i < w->scenario.policy.shards; i++)
        instance_fini(&w->shards[i]);
    mem_free(w->shards);
    mem_free(w->nodes);
    scenario_fini(&w->scenario);
    mem_free(w);
}

struct audit_rehearsal disclosed_work_rehearsal(const struct disclosed_work *w, const char *path,
                                                const struct claim_work *work)
{
    return (struct audit_rehearsal){
        .path = path, .scenario = w->scenario.text, .seed = w->seed, .federation_id = w->federation_id, .work = work};
}

static const struct instance *own(void *context, const struct member *member, unsigned *count)
{
    const struct disclosed_work *w = context;

    for (unsigned i = 0; i < w->scenario.node_count; i++) {
        const struct disclosed_node *d = &w->nodes[i];

        if (d->workload == NULL || !digest_equal(&d->fingerprint, &member->fingerprint))
            continue;
        *count = d->workload->count;
        return d->workload->instances;
    }
    return NULL;
}

static const struct instance *shard(void *context, unsigned number)
{
    const struct disclosed_work *w = context;

    return w->shards != NULL && number < w->scenario.policy.shards ? &w->shards[number] : NULL;
}

struct claim_work disclosed_work_view(struct disclosed_work *w)
{
    return (struct claim_work){.context = w, .own = own, .shard = shard};
}
