#include "audit/spot_check.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/prng.h"
#include "evolve/local_cycle.h"
#include "govern/body.h"

struct spot {
    const struct replay *r;
    const struct audit_work *work;
    struct audit_report *report;
    uint64_t claims;       /* that can be run again */
    uint64_t wanted, left; /* left: claims not offered yet, while drawing */
    struct prng prng;
};

/* An UPDATE that took effect. */
struct update {
    const char *file;
    uint64_t entry; /* number in the file */
    unsigned member;
    struct envelope envelope;
    struct update_body body;
};

/* The owners of the shards after the block; NULL: no such block. */
static const int *owners_at(const struct replay *r, const struct digest *block_id)
{
    for (size_t i = 0; i < r->owners_count; i++) {
        if (digest_equal(&r->owners[i].block_id, block_id))
            return r->owners[i].owners;
    }
    return NULL;
}

/* The job that the claims are about; false when not all of it is disclosed. */
static bool job_of(const struct spot *s, const struct update *u, struct cycle_job *out)
{
    const struct federation_state *state = &s->r->state;
    const int *owners = owners_at(s->r, &u->envelope.ledger_block_id);
    unsigned count = 0;
    const struct instance *own = s->work->own(s->work->context, &state->members[u->member], &count);

    if (own == NULL || owners == NULL)
        return false;
    *out = (struct cycle_job){
        .schema = &state->schema,
        .epoch = u->envelope.federated_epoch,
        .iteration_limit = state->policy.iteration_limit,
    };
    for (unsigned i = 0; i < count && i < WORKLOAD_INSTANCES_MAX; i++)
        out->instances[out->instance_count++] = &own[i];
    for (unsigned i = 0; i < state->policy.shards && out->instance_count < 2 * WORKLOAD_INSTANCES_MAX; i++) {
        if (owners[i] != (int)u->member)
            continue;
        out->instances[out->instance_count] = s->work->shard(s->work->context, i);
        if (out->instances[out->instance_count++] == NULL)
            return false;
    }
    return true;
}

/* Selection sampling (Knuth, volume 2, 3.4.2, algorithm S): each set of `wanted` claims is as likely as any other. */
static bool is_drawn(struct spot *s)
{
    bool drawn = prng_below(&s->prng, s->left--) < s->wanted;

    s->wanted -= drawn;
    return drawn;
}

static void run_again(struct spot *s, const struct update *u, unsigned number, const struct cycle_job *job)
{
    const struct member *m = &s->r->state.members[u->member];
    struct genome genome;
    struct digest hash;
    uint64_t cost;
    char pointer[48], hex[2 * DIGEST_SIZE + 1];
    enum err err = genome_decode(job->schema, u->body.genomes[number], &genome);

    if (err != ERR_OK) /* no candidate, and no claim */
        return;
    (void)cycle_score(job, &genome, 1, &cost);
#ifdef MUTANT_AUDIT_CLAIMS_BELIEVED
    cost = u->body.costs[number];
#endif
    if (cost == u->body.costs[number]) {
        audit_pass(s->report, RULE_WORK_CLAIMS);
        return;
    }
    hash = genome_hash(job->schema, &genome);
    digest_hex(&hash, hex);
    snprintf(pointer, sizeof pointer, "/entries/%" PRIu64, u->entry);
    audit_fail(s->report, RULE_WORK_CLAIMS, u->file, pointer,
               "%s claims a cost of %" PRIu64 " for genome %.12s in epoch %" PRIu64 "; run again it is %" PRIu64,
               m->card.name, u->body.costs[number], hex, u->envelope.federated_epoch, cost);
}

static void count_claims(struct spot *s, const struct update *u)
{
    struct cycle_job job;

    if (job_of(s, u, &job))
        s->claims += u->body.count;
}

static void draw_claims(struct spot *s, const struct update *u)
{
    struct cycle_job job;

    if (!job_of(s, u, &job))
        return;
    for (unsigned i = 0; i < u->body.count; i++) {
        if (is_drawn(s))
            run_again(s, u, i, &job);
    }
}

static void see_entry(struct spot *s, struct update *u, struct bytes entry, enum err verdict,
                      void (*see)(struct spot *s, const struct update *u))
{
    struct cose_sign1 cose;
    int member;

    if (verdict != ERR_OK || envelope_parse(entry, &u->envelope, &cose) != ERR_OK || u->envelope.kind != ENTRY_UPDATE)
        return;
    member = state_find(&s->r->state, &u->envelope.node_fingerprint); /* under its last key */
    if (member < 0 || update_body_decode(u->envelope.body, &u->body) != ERR_OK)
        return;
    u->member = (unsigned)member;
    see(s, u);
}

static void each_update(struct spot *s, void (*see)(struct spot *s, const struct update *u))
{
    for (unsigned i = 0; i < s->r->epoch_count; i++) {
        const struct replayed_epoch *e = &s->r->epochs[i];
        struct update u = {.file = e->file};

        for (unsigned b = 0; b < e->bytes.block_count; b++) {
            for (unsigned k = 0; k < e->bytes.blocks[b].count; k++, u.entry++)
                see_entry(s, &u, e->bytes.blocks[b].entries[k], s->r->verdicts[e->first_verdict + u.entry], see);
        }
    }
}

void spot_check(const struct replay *r, uint64_t wanted, const struct audit_work *work, struct audit_report *report)
{
    struct spot s = {.r = r, .work = work, .report = report};
    struct digest root = merkle_frontier_root(&r->state.log);

    prng_seed(&s.prng, be64_get(root.b));
    each_update(&s, count_claims);
    if (s.claims == 0) {
        audit_skip(report, RULE_WORK_CLAIMS, "no site with a claim in the log has its work disclosed");
        return;
    }
    s.left = s.claims;
    s.wanted = wanted < s.claims ? wanted : s.claims;
    if (s.wanted < s.claims)
        audit_skip(report, RULE_WORK_CLAIMS, "a sample of the claims was run again, and not all of them");
    each_update(&s, draw_claims);
}
