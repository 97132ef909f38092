#include "audit/spot_check.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/sample.h"
#include "evolve/local_cycle.h"
#include "govern/body.h"

struct spot {
    const struct replay *r;
    const struct claim_work *work;
    struct audit_report *report;
    uint64_t claims; /* that can be run again */
    struct sample sample;
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
    struct claim_shards shards;

    if (owners == NULL)
        return false;
    *out = (struct cycle_job){
        .schema = &state->schema,
        .epoch = u->envelope.federated_epoch,
        .iteration_limit = state->policy.iteration_limit,
    };
    claim_shards_of(owners, state->policy.shards, u->member, &shards);
    return claim_instances(s->work, &state->members[u->member], &shards, out);
}

/* Nobody can say which shards the site had: that is no way around being looked at. */
static void check_block(struct spot *s, const struct update *u)
{
    const struct member *m = &s->r->state.members[u->member];
    char pointer[48];
    unsigned count;

    if (s->work->own(s->work->context, m, &count) == NULL || owners_at(s->r, &u->envelope.ledger_block_id) != NULL)
        return;
    snprintf(pointer, sizeof pointer, "/entries/%" PRIu64, u->entry);
    audit_fail(s->report, RULE_WORK_CLAIMS, u->file, pointer, "%s names a block that is not in the log", m->card.name);
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

    check_block(s, u);
    if (job_of(s, u, &job))
        s->claims += u->body.count;
}

static void draw_claims(struct spot *s, const struct update *u)
{
    struct cycle_job job;

    if (!job_of(s, u, &job))
        return;
    for (unsigned i = 0; i < u->body.count; i++) {
        if (sample_takes(&s->sample))
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

void spot_check(const struct replay *r, uint64_t wanted, const struct claim_work *work, struct audit_report *report)
{
    struct spot s = {.r = r, .work = work, .report = report};
    struct digest root = merkle_frontier_root(&r->state.log);

    each_update(&s, count_claims);
    if (s.claims == 0) {
        audit_skip(report, RULE_WORK_CLAIMS, "no site with a claim in the log has its work disclosed");
        return;
    }
    sample_begin(&s.sample, be64_get(root.b), wanted, s.claims);
    if (wanted < s.claims)
        audit_skip(report, RULE_WORK_CLAIMS, "a sample of the claims was run again, and not all of them");
    each_update(&s, draw_claims);
}
