#include "state/membership.h"
#include "base/mutate.h"
#include "state/recount.h"

/* Effects of accepted entries, one function for each kind that has any beyond its contribution. Bodies were
 * decoded when the entry was judged, so that decoding them again cannot fail. */

void contribution_clear(struct contribution *c)
{
    mem_free(c->offers);
    mem_free(c->costs);
    *c = (struct contribution){0};
}

static void apply_update(struct federation_state *s, const struct judgement *j, const struct digest *leaf_hash)
{
    struct update_body b;
    struct member *m = &s->members[j->member];
    struct contribution *c = &s->contributions[j->member];
    ASSERT(update_body_decode(j->envelope.body, &b) == ERR_OK);
    c->updated = true;
    c->delta_ppm = b.delta_ppm;
    c->staleness = s->epoch - j->envelope.federated_epoch;
    c->height = s->height + 1;
    c->leaf_hash = *leaf_hash;
    c->built_on = j->envelope.ledger_block_id;
    c->offer_count = b.count;
    c->offers = mem_array(b.count, sizeof c->offers[0]);
    for (unsigned i = 0; i < b.count; i++) {
        struct candidate *offer = &c->offers[i];
        ASSERT(genome_decode(&s->schema, b.genomes[i], &offer->genome) == ERR_OK);
        offer->fingerprint = m->fingerprint;
        offer->hash = genome_hash(&s->schema, &offer->genome);
        offer->claim = b.costs[i];
        offer->staleness = c->staleness;
    }
    m->status = MEMBER_ACTIVE;
    m->last_epoch = s->epoch;
}

static void apply_score(struct federation_state *s, const struct judgement *j, const struct digest *leaf_hash)
{
    struct score_body b;
    struct contribution *c = &s->contributions[j->member];
    ASSERT(score_body_decode(j->envelope.body, &b) == ERR_OK && b.count == s->candidate_count);
    c->scored = true;
    c->row_hash = *leaf_hash;
    c->row_built_on = j->envelope.ledger_block_id;
    c->costs = mem_array(b.count, sizeof c->costs[0]);
    for (unsigned i = 0; i < b.count; i++)
        c->costs[i] = b.costs[i];
    s->members[j->member].status = MEMBER_ACTIVE;
}

/* Nothing of a convicted member counts any more: neither its UPDATE nor its row. Candidates that are
 * aligned already stay, because rows are bound to them; a genome convicts nobody. A convicted validator keeps its
 * vote in PBFT until the epoch ends (membership.c). */
static void apply_evidence(struct federation_state *s, const struct judgement *j)
{
    struct evidence_body b;
    unsigned culprit;
    ASSERT(evidence_body_decode(&j->envelope, &b) == ERR_OK);
    ASSERT(evidence_culprit(s, &b, &culprit) == ERR_OK);
    s->members[culprit].status = MEMBER_CONVICTED;
    contribution_clear(&s->contributions[culprit]);
}

static void apply_reconcile(struct federation_state *s, const struct judgement *j)
{
    s->members[j->member].status = MEMBER_ACTIVE;
    s->members[j->member].last_epoch = s->epoch;
}

void entry_apply(struct federation_state *s, const struct judgement *j, const struct digest *leaf_hash)
{
    s->members[j->member].sequence = j->envelope.sequence;
    switch (j->envelope.kind) {
    case ENTRY_UPDATE:
        apply_update(s, j, leaf_hash);
        break;
    case ENTRY_SCORE:
        apply_score(s, j, leaf_hash);
        break;
    case ENTRY_CLOSE:
        s->closing = true;
        break;
    case ENTRY_ROLLBACK:
        s->restoring = true;
        break;
    case ENTRY_EVIDENCE:
        apply_evidence(s, j);
        break;
    case ENTRY_RECONCILE:
        apply_reconcile(s, j);
        break;
    case ENTRY_LEAVE:
        s->members[j->member].status = MEMBER_LEFT;
        break;
    case ENTRY_RECONFIGURE:
        membership_apply(s, j);
        break;
    case ENTRY_RECOUNT:
        recount_apply(s, j);
        break;
    case ENTRY_KIND_COUNT:
        break;
    }
}

/* The sequence is used up, or the same UPDATE could be brought forward again after the member has reconciled. */
void member_quarantine(struct federation_state *s, const struct judgement *j)
{
    struct member *m = &s->members[j->member];

    m->sequence = j->envelope.sequence;
    m->status = MUTATE(STATE_NO_QUARANTINE, m->status, MEMBER_QUARANTINED);
}
