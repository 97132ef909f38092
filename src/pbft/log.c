#include "pbft/internal.h"

#include <string.h>

uint64_t log_high(const struct pbft *p)
{
    uint64_t high = p->stable.sequence + MUTATE(PBFT_WATERMARK_OFF_BY_ONE, p->config.window + 1, p->config.window);

    return p->closing != 0 && p->closing < high ? p->closing : high;
}

void closing_set(struct pbft *p, bool closes)
{
    p->closing = closes ? MUTATE(PBFT_CLOSE_IGNORED, 0, p->executed) : 0;
}

void slot_clear(struct slot *s, unsigned n)
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

struct slot *log_slot(struct pbft *p, uint64_t sequence)
{
    if (sequence <= p->stable.sequence)
        return NULL;
    if (MUTATE(PBFT_FAR_SEQUENCES, false, sequence - p->stable.sequence > p->ring))
        return NULL;
    struct slot *s = &p->slots[sequence % p->ring];
    if (s->sequence != sequence) {
        slot_clear(s, p->members.n);
        s->sequence = sequence;
    }
    return s;
}

struct slot *log_find(struct pbft *p, uint64_t sequence)
{
    struct slot *s = &p->slots[sequence % p->ring];
    bool here = sequence > p->stable.sequence && s->sequence == sequence;
    return here ? s : NULL;
}

bool slot_current(const struct pbft *p, const struct slot *s)
{
    return s->proposal.says.type != 0 && s->proposal.says.view == p->view;
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

void slot_propose(struct pbft *p, struct slot *s, const struct claim *proposal, bool proved)
{
    static const uint8_t EMPTY_ARRAY = 0x80;
    struct digest none = batch_null_digest();

    ASSERT(proposal->says.view == p->view && !slot_current(p, s));
    s->proposal = *proposal;
    s->proved = proved;
    s->voted = MUTATE(PROPOSAL_KEEPS_VOTE, s->voted, false);
    s->refused = MUTATE(PROPOSAL_KEEPS_REFUSAL, s->refused, false);
    s->prepared = MUTATE(PROPOSAL_KEEPS_PREPARED, s->prepared, false);
    s->asked = 0;
    if (digest_equal(&proposal->says.digest, &none)) {
        struct blob *empty = blob_new(bytes_of(&EMPTY_ARRAY, 1));
        slot_keep_batch(s, &none, empty);
        blob_drop(empty);
    }
    if (proposal->says.sequence > p->top)
        p->top = proposal->says.sequence;
}

void slot_keep_claim(struct slot *s, struct claim *place, const struct claim *claim)
{
    if (place->says.type == 0 && claim->says.type == MESSAGE_PREPARE)
        s->prepare_count++;
    else if (place->says.type == 0)
        s->commit_count++;
    *place = *claim;
}

unsigned claims_count(const struct pbft *p, const struct claim *claims, const struct statement *says,
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

void signed_up_to(struct pbft *p, uint64_t sequence)
{
    if (sequence > p->top_signed)
        p->top_signed = sequence;
}

void claim_sign(struct pbft *p, enum message_type type, uint64_t view, uint64_t sequence, const struct digest *digest,
                struct claim *out)
{
    struct statement s = {type, view, sequence, *digest};

    if (type <= MESSAGE_COMMIT)
        signed_up_to(p, sequence);
    statement_sign(&p->members, p->config.self, &p->config.key, &s, out);
}

void evidence_keep(struct pbft *p, const struct claim *first, const struct claim *second)
{
    struct peer *peer = &p->peers[first->signer];

    if (MUTATE(CONVICTED_TWICE, false, peer->convicted))
        return;
    peer->convicted = true;
    peer->evidence[0] = *first;
    peer->evidence[1] = *second;
    p->evidence_count++;
    effects_note(p->out, "pbft.equivocation", first->signer, first->says.sequence);
}

void peer_seen(struct pbft *p, const struct claim *claim)
{
    struct peer *peer = &p->peers[claim->signer];
    if (claim->says.view > peer->view)
        peer->view = claim->says.view;
    if (peer->view > p->peers_view)
        p->peers_view = peer->view;
}

struct blob *message_of(const struct pbft *p, const struct claim *claim, struct bytes extra)
{
    return message_make(&p->members, claim, extra);
}

struct blob *message_prepare(const struct pbft *p, const struct claim *prepare, const struct claim *proposal)
{
    return message_pair(&p->members, prepare, proposal);
}

void send_to(struct pbft *p, int32_t to, struct blob *message)
{
    effects_send_replica(p->out, p->members.membership_epoch, to, message);
}

void send_dropping(struct pbft *p, int32_t to, struct blob *message)
{
    send_to(p, to, message);
    blob_drop(message);
}
