#include "audit/spot_check.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/mutate.h"
#include "base/sample.h"
#include "evolve/local_cycle.h"
#include "state/body.h"

struct spot {
    const struct replay *r;
    const struct claim_work *work;
    struct audit_report *report;
    uint64_t claims; /* that can be run again */
    struct sample sample;
};

/* An UPDATE or a SCORE that took effect. */
struct claims {
    const struct replayed_epoch *in;
    uint64_t entry; /* number in the file */
    unsigned member;
    struct envelope envelope;
    unsigned count;
    union {
        struct update_body update;
        struct score_body score;
    } body;
};

/* The owners of the shards after the block: one of the log, or the entry had no effect. */
static const int *owners_at(const struct replay *r, const struct digest *block_id)
{
    for (size_t i = 0; i < r->owners_count; i++) {
        if (digest_equal(&r->owners[i].block_id, block_id))
            return r->owners[i].owners;
    }
    ASSERT(!"an entry with effect names a block of the log");
    return NULL;
}

/* The job that the claims are about; false when not all of it is disclosed. */
static bool job_of(const struct spot *s, const struct claims *c, struct cycle_job *out)
{
    const struct federation_state *state = &s->r->state;
    const struct member *member = state_member(state, c->member);
    const int *owners = owners_at(s->r, &c->envelope.ledger_block_id);
    struct claim_shards shards;

    *out = (struct cycle_job){
        .schema = state->schema,
        .epoch = c->envelope.federated_epoch,
        .iteration_limit = state->policy.iteration_limit,
    };
    claim_shards_of(state, owners, c->member, &shards);
    return claim_disclosed(member) && claim_instances(s->work, member, &shards, out);
}

static uint64_t claimed(const struct claims *c, unsigned number)
{
    return c->envelope.kind == ENTRY_SCORE ? c->body.score.costs[number] : c->body.update.costs[number];
}

static struct genome genome_of(const struct spot *s, const struct claims *c, unsigned number)
{
    struct genome genome;

    if (c->envelope.kind == ENTRY_SCORE) {
        ASSERT(number < c->in->candidate_count);
        return c->in->candidates[number];
    }
    enum err err = genome_decode(s->r->state.schema, c->body.update.genomes[number], &genome);
    ASSERT(err == ERR_OK); /* or it had taken no effect */
    return genome;
}

static void run_again(struct spot *s, const struct claims *c, unsigned number, const struct cycle_job *job)
{
    const struct member *m = state_member(&s->r->state, c->member);
    struct genome genome = genome_of(s, c, number);
    uint64_t cost, claim = claimed(c, number);
    struct digest hash;
    char pointer[48], hex[2 * DIGEST_SIZE + 1];

    (void)cycle_score(job, &genome, 1, &cost);
    if (MUTATE(AUDIT_CLAIMS_BELIEVED, true, cost == claim)) {
        audit_pass(s->report, RULE_WORK_CLAIMS);
        return;
    }
    hash = genome_hash(job->schema, &genome);
    digest_hex(&hash, hex);
    snprintf(pointer, sizeof pointer, "/entries/%" PRIu64, c->entry);
    audit_fail(s->report, RULE_WORK_CLAIMS, c->in->file, pointer,
               "%s claims a cost of %" PRIu64 " for genome %.12s in epoch %" PRIu64 "; run again it is %" PRIu64,
               m->card.name, claim, hex, c->envelope.federated_epoch, cost);
}

static void count_claims(struct spot *s, const struct claims *c)
{
    struct cycle_job job;

    if (job_of(s, c, &job))
        s->claims += c->count;
}

static void draw_claims(struct spot *s, const struct claims *c)
{
    struct cycle_job job;

    if (!job_of(s, c, &job))
        return;
    for (unsigned i = 0; i < c->count; i++) {
        if (sample_takes(&s->sample))
            run_again(s, c, i, &job);
    }
}

static bool read_body(struct claims *c)
{
    enum err err = ERR_UNKNOWN;

    if (c->envelope.kind == ENTRY_UPDATE) {
        err = update_body_decode(c->envelope.body, &c->body.update);
        c->count = c->body.update.count;
    } else if (c->envelope.kind == ENTRY_SCORE) {
        err = score_body_decode(c->envelope.body, &c->body.score);
        c->count = c->body.score.count;
    }
    return err == ERR_OK;
}

/* Who looks at the claims of the entries. */
struct looking {
    struct spot *spot;
    struct claims *claims; /* room for those of one entry */
    void (*see)(struct spot *s, const struct claims *c);
};

static void see_entry(void *context, const struct replayed_epoch *in, uint64_t number, struct bytes entry)
{
    const struct looking *l = context;
    struct claims *c = l->claims;
    struct cose_sign1 cose;
    int member;

    c->in = in;
    c->entry = number;
    if (envelope_parse(entry, &c->envelope, &cose) != ERR_OK)
        return;
    member = state_find(&l->spot->r->state, &c->envelope.node_fingerprint); /* under its last key */
    if (member < 0 || !read_body(c))
        return;
    c->member = (unsigned)member;
    l->see(l->spot, c);
}

static void each_claim(struct spot *s, void (*see)(struct spot *s, const struct claims *c))
{
    struct looking l = {s, mem_alloc(sizeof *l.claims), see};

    replay_entries(s->r, see_entry, &l);
    mem_free(l.claims);
}

void spot_check(const struct replay *r, uint64_t wanted, const struct claim_work *work, struct audit_report *report)
{
    struct spot s = {.r = r, .work = work, .report = report};
    struct digest root = merkle_frontier_root(&r->state.log);

    if (work != NULL)
        each_claim(&s, count_claims);
    audit_section(report)->claims_disclosed = s.claims;
    if (s.claims == 0) {
        audit_open(report, RULE_WORK_CLAIMS, "no site with a claim in the log has its work disclosed");
        return;
    }
    sample_begin(&s.sample, be64_get(root.b), wanted, s.claims);
    each_claim(&s, draw_claims);
}
