#include "pbft/internal.h"

#include <string.h>

uint64_t log_high(const struct pbft *p)
{
    uint64_t high =
        p->checkpoints.stable.sequence + MUTATE(PBFT_WATERMARK_OFF_BY_ONE, p->config.window + 1, p->config.window);

    return p->executions.closing != 0 && p->executions.closing < high ? p->executions.closing : high;
}

static void slot_clear(struct slot *s, unsigned n)
{
    struct claim *prepares = s->prepares, *commits = s->commits;

    for (unsigned i = 0; i < s->batch_count; i++)
        blob_drop(s->batches[i].requests);
    blob_drop(s->proof);
    memset(s, 0, sizeof *s);
    memset(prepares, 0, n * sizeof prepares[0]);
    memset(commits, 0, n * sizeof commits[0]);
    s->prepares = prepares;
    s->commits = commits;
}

struct slot *log_find(const struct pbft *p, uint64_t sequence)
{
    struct slot *s = &p->log.slots[sequence % p->log.ring];
    bool here = sequence > p->checkpoints.stable.sequence && s->sequence == sequence;
    return here ? s : NULL;
}

static bool is_same(const struct claim *a, const struct claim *b)
{
    return a->says.type == b->says.type && a->says.sequence == b->says.sequence &&
           MUTATE(CLAIM_KEPT_OF_ANOTHER_VIEW, true, a->says.view == b->says.view) &&
           MUTATE(CLAIM_KEPT_OF_ANOTHER_DIGEST, true, digest_equal(&a->says.digest, &b->says.digest)) &&
           a->signer == b->signer &&
           MUTATE(CLAIM_KEPT_OF_ANOTHER_SIGNATURE, true, memcmp(a->signature, b->signature, SIGNATURE_SIZE) == 0);
}

static bool has_claim(const void *keeper, const struct claim *claim)
{
    const struct slot *s = log_find(keeper, claim->says.sequence);

    if (s == NULL)
        return false;
    const struct claim *kept = claim->says.type == MESSAGE_PRE_PREPARE ? &s->proposal : &s->prepares[claim->signer];
    return is_same(kept, claim) && MUTATE(CLAIM_KEPT_UNVERIFIED, true, !kept->unverified);
}

void log_init(struct pbft *p)
{
    struct log *log = &p->log;
    unsigned n = p->members.n;

    log->kept = (struct claims_kept){has_claim, p};
    log->ring = (unsigned)(p->config.window + p->config.checkpoint_interval);
    log->slots = mem_array(log->ring, sizeof log->slots[0]);
    log->votes = mem_array((size_t)log->ring * n, 2 * sizeof log->votes[0]);
    for (unsigned i = 0; i < log->ring; i++) {
        log->slots[i].prepares = &log->votes[(size_t)2 * i * n];
        log->slots[i].commits = &log->votes[((size_t)2 * i + 1) * n];
    }
}

void log_fini(struct pbft *p)
{
    for (unsigned i = 0; i < p->log.ring; i++)
        slot_clear(&p->log.slots[i], p->members.n);
    mem_free(p->log.slots);
    mem_free(p->log.votes);
}

struct slot *log_slot(struct pbft *p, uint64_t sequence)
{
    if (sequence <= p->checkpoints.stable.sequence)
        return NULL;
    if (MUTATE(PBFT_FAR_SEQUENCES, false, sequence - p->checkpoints.stable.sequence > p->log.ring))
        return NULL;
    struct slot *s = &p->log.slots[sequence % p->log.ring];
    if (s->sequence != sequence) {
        slot_clear(s, p->members.n);
        s->sequence = sequence;
    }
    return s;
}

bool slot_current(const struct pbft *p, const struct slot *s)
{
    return s->proposal.says.type != 0 && s->proposal.says.view == p->view.number;
}

struct batch *slot_batch(struct slot *s, const struct digest *digest)
{
    for (unsigned i = 0; i < s->batch_count; i++) {
        if (digest_equal(&s->batches[i].digest, digest))
            return &s->batches[i];
    }
    return NULL;
}

/* Which batch to give up for another one: the oldest that is neither proposed nor prepared. */
static unsigned batch_victim(const struct slot *s)
{
    for (unsigned i = 0; i < s->batch_count; i++) {
        const struct digest *digest = &s->batches[i].digest;
        if (!digest_equal(digest, &s->proof_digest) && !digest_equal(digest, &s->proposal.says.digest))
            return i;
    }
    return 0;
}

void slot_keep_batch(struct slot *s, const struct digest *digest, struct blob *requests)
{
    if (slot_batch(s, digest) != NULL)
        return;
    if (s->batch_count == SLOT_BATCHES) {
        unsigned victim = batch_victim(s);
        blob_drop(s->batches[victim].requests);
        s->batch_count--;
        memmove(&s->batches[victim], &s->batches[victim + 1], (s->batch_count - victim) * sizeof s->batches[0]);
    }
    s->batches[s->batch_count++] = (struct batch){*digest, blob_hold(requests), false};
}

void slot_batch_durable(struct batch *batch)
{
    batch->durable = true;
}

/* What a new proposal leaves of the last one: nothing. */
static enum slot_state state_anew(const struct slot *s)
{
    if (s->state == SLOT_VOTED)
        return MUTATE(PROPOSAL_KEEPS_VOTE, SLOT_VOTED, SLOT_PROPOSED);
    if (s->state == SLOT_REFUSED)
        return MUTATE(PROPOSAL_KEEPS_REFUSAL, SLOT_REFUSED, SLOT_PROPOSED);
    if (s->state == SLOT_PREPARED)
        return MUTATE(PROPOSAL_KEEPS_PREPARED, SLOT_PREPARED, SLOT_PROPOSED);
    return SLOT_PROPOSED;
}

void slot_propose(struct pbft *p, struct slot *s, const struct claim *proposal, bool proved)
{
    static const uint8_t EMPTY_ARRAY = 0x80;
    struct digest none = batch_null_digest();

    ASSERT(proposal->says.view == p->view.number && !slot_current(p, s));
    s->proposal = *proposal;
    s->proved = proved;
    s->state = state_anew(s);
    s->asked = 0;
    if (digest_equal(&proposal->says.digest, &none)) {
        struct blob *empty = blob_new(bytes_of(&EMPTY_ARRAY, 1));
        slot_keep_batch(s, &none, empty);
        blob_drop(empty);
    }
    view_raise_top(p, proposal->says.sequence);
}

void slot_set_proposal(struct slot *s, const struct claim *proposal)
{
    s->proposal = *proposal;
}

void slot_judged(struct slot *s, uint64_t occasion, bool refused)
{
    s->asked = occasion;
    if (refused)
        s->state = SLOT_REFUSED;
}

void slot_voted(struct slot *s)
{
    s->state = SLOT_VOTED;
}

static void keep_proof(struct slot *s, uint64_t view, const struct digest *digest, struct blob *proof)
{
    blob_drop(s->proof);
    s->proof = proof;
    s->proof_view = view;
    s->proof_digest = *digest;
}

void slot_said(struct slot *s, int64_t now_ns)
{
    s->said_ns = now_ns;
}

void slot_prepared(struct slot *s, struct blob *proof)
{
    s->state = SLOT_PREPARED;
    keep_proof(s, s->proposal.says.view, &s->proposal.says.digest, proof);
}

void slot_set_block(struct slot *s, const struct digest *block_id)
{
    s->has_block = block_id != NULL;
    if (block_id != NULL)
        s->block_id = *block_id;
}

void slot_restore_proposal(struct slot *s, const struct claim *proposal)
{
    bool same = s->proposal.says.type != 0 && s->proposal.says.view == proposal->says.view;

    s->proved = same && s->proved;
    slot_set_proposal(s, proposal);
    slot_voted(s);
}

void slot_restore_proof(struct slot *s, const struct proof *proof, struct blob *item)
{
    bool voted =
        s->state >= SLOT_VOTED && MUTATE(RESTART_FORGETS_PREPARED, false, true) && s->proposal.says.view == proof->view;

    keep_proof(s, proof->view, &proof->digest, item);
    if (s->state >= SLOT_VOTED)
        s->state = voted && slot_batch(s, &proof->digest) != NULL ? SLOT_PREPARED : SLOT_VOTED;
}

void slot_keep_claim(struct slot *s, struct claim *place, const struct claim *claim)
{
    if (place->says.type == 0 && claim->says.type == MESSAGE_PREPARE)
        s->prepare_count++;
    else if (place->says.type == 0)
        s->commit_count++;
    *place = *claim;
}

unsigned log_count_claims(const struct pbft *p, const struct claim *claims, const struct statement *says,
                          struct claim *which)
{
    unsigned count = 0;

    for (unsigned i = 0; i < p->members.n; i++) {
        const struct statement *s = &claims[i].says;
        if (s->type != says->type || s->sequence != says->sequence || claims[i].unverified)
            continue;
        if (MUTATE(PBFT_VIEWS_MIXED, false, s->view != says->view))
            continue;
        if (MUTATE(PBFT_DIGESTS_MIXED, false, !digest_equal(&s->digest, &says->digest)))
            continue;
        if (which != NULL)
            which[count] = claims[i];
        count++;
    }
    return count;
}
