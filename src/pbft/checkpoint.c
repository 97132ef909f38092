#include "pbft/internal.h"

#include <string.h>

/* OSDI'99 section 4.3. The digest of a checkpoint is the id of the block decided there: it covers state and log. */

void checkpoint_init(struct pbft *p)
{
    struct checkpoints *c = &p->checkpoints;

    c->kept = (unsigned)(p->config.window / p->config.checkpoint_interval) + CHECKPOINTS_SPARE;
    c->marks = mem_array((size_t)p->members.n * c->kept, sizeof c->marks[0]);
}

/* The latest ones of a replica: p->checkpoints.kept of them. */
static struct claim *marks_of(const struct pbft *p, unsigned replica)
{
    return &p->checkpoints.marks[(size_t)replica * p->checkpoints.kept];
}

void checkpoint_fini(struct pbft *p)
{
    blob_drop(p->checkpoints.stable.signatures);
    blob_drop(p->checkpoints.proven.signatures);
    mem_free(p->checkpoints.marks);
}

void checkpoint_begin_at(struct pbft *p, uint64_t sequence, const struct digest *block_id)
{
    p->checkpoints.base = p->checkpoints.stable = (struct stable){sequence, *block_id, NULL};
}

void checkpoint_restore_stable(struct pbft *p, const struct stable *base, const struct stable *stable)
{
    p->checkpoints.base = *base;
    blob_drop(p->checkpoints.stable.signatures);
    p->checkpoints.stable = *stable;
}

/* Where to keep a peer's checkpoint vote: beside its others, in place of the lowest. NULL: not needed. */
static struct claim *place_of(struct pbft *p, const struct claim *vote)
{
    struct claim *marks = marks_of(p, vote->signer), *lowest = &marks[0];

    for (unsigned i = 0; i < p->checkpoints.kept; i++) {
        if (marks[i].says.type != 0 && marks[i].says.sequence == vote->says.sequence)
            return &marks[i];
        if (marks[i].says.sequence < lowest->says.sequence)
            lowest = &marks[i];
    }
    return MUTATE(CHECKPOINT_REPLACES_HIGHER, true, lowest->says.sequence < vote->says.sequence) ? lowest : NULL;
}

static void prove_if_quorum(struct pbft *p, const struct statement *says)
{
    struct claim which[PBFT_REPLICAS_MAX];
    unsigned count = 0;

    for (unsigned i = 0; i < p->members.n && count < p->members.quorum; i++) {
        for (unsigned k = 0; k < p->checkpoints.kept; k++) {
            const struct claim *c = &marks_of(p, i)[k];
            bool same = MUTATE(CHECKPOINT_DIGESTS_MIXED, true, digest_equal(&c->says.digest, &says->digest));
            if (c->says.type != 0 && c->says.sequence == says->sequence && same)
                which[count++] = *c;
        }
    }
    if (count < MUTATE(PBFT_STABLE_AT_F1, p->members.f + 1, p->members.quorum))
        return;
    struct buf signatures = {0};
    struct cbor_writer w;
    cbor_writer_init(&w, &signatures);
    signatures_encode(&w, which, count);
    cbor_writer_done(&w);
    struct stable proven = {says->sequence, says->digest, blob_new(bytes_of_buf(&signatures))};
    buf_free(&signatures);
    checkpoint_prove(p, &proven);
}

enum err checkpoint_receive(struct pbft *p, struct bytes message)
{
    struct claim vote;

    enum err err = message_parse(&p->members, message, MESSAGE_CHECKPOINT, &vote, NULL);
    if (err != ERR_OK)
        return err;
    if (MUTATE(CHECKPOINT_OF_A_VIEW, false, vote.says.view != 0) ||
        MUTATE(CHECKPOINT_BETWEEN_INTERVALS, false, vote.says.sequence % p->config.checkpoint_interval != 0))
        return ERR_RANGE;
    if (MUTATE(CHECKPOINT_OWN_FROM_OTHERS, false, vote.signer == p->config.self) ||
        MUTATE(CHECKPOINT_OF_THE_PAST, false, vote.says.sequence <= p->checkpoints.stable.sequence))
        return ERR_STALE;
    struct claim *place = place_of(p, &vote);
    if (place == NULL)
        return ERR_STALE;
    bool there = place->says.type != 0 && place->says.sequence == vote.says.sequence;
    if (there && digest_equal(&place->says.digest, &vote.says.digest))
        return ERR_OK;
    err = MUTATE(CHECKPOINT_UNVERIFIED, ERR_OK, claim_verify(&p->members, &vote));
    if (err != ERR_OK)
        return err;
    if (there) {
        MUTATE(CHECKPOINT_CONTRADICTION_IGNORED, (void)0, peers_convict(p, place, &vote));
        return ERR_DUPLICATE;
    }
    *place = vote;
    prove_if_quorum(p, &vote.says);
    return ERR_OK;
}

struct blob *checkpoint_stable_message(const struct pbft *p)
{
    struct buf out = {0};
    struct cbor_writer w;

    cbor_writer_init(&w, &out);
    cbor_put_array(&w, 4);
    cbor_put_uint(&w, MESSAGE_STABLE);
    cbor_put_uint(&w, p->checkpoints.stable.sequence);
    digest_put(&w, &p->checkpoints.stable.block_id);
    cbor_put_known(&w, blob_bytes(p->checkpoints.stable.signatures));
    cbor_writer_done(&w);
    struct blob *message = blob_new(bytes_of_buf(&out));
    buf_free(&out);
    return message;
}

enum err checkpoint_receive_stable(struct pbft *p, struct bytes message)
{
    struct statement says = {.type = MESSAGE_CHECKPOINT};
    struct cbor_reader r;

    cbor_reader_init(&r, message);
    cbor_expect_array(&r, 4);
    if (cbor_get_uint(&r) != MESSAGE_STABLE && r.err == ERR_OK)
        cbor_fail(&r, ERR_TYPE);
    says.sequence = cbor_get_uint(&r);
    says.digest = digest_get(&r);
    struct bytes signatures = cbor_get_raw(&r);
    enum err err = cbor_reader_done(&r);
    if (err != ERR_OK)
        return err;
    if (says.sequence > SEQUENCE_MAX)
        return ERR_RANGE;
    if (MUTATE(STABLE_OF_THE_PAST, false,
               says.sequence <= p->checkpoints.stable.sequence || says.sequence <= p->checkpoints.proven.sequence))
        return ERR_STALE;
    cbor_reader_init(&r, signatures);
    signatures_check(&r, &p->members, &says, p->members.quorum, p->members.n,
                     MUTATE(PBFT_STABLE_MESSAGE_UNVERIFIED, false, true), NULL);
    err = cbor_reader_done(&r);
    if (err != ERR_OK)
        return err;
    struct stable proven = {says.sequence, says.digest, blob_new(signatures)};
    checkpoint_prove(p, &proven);
    return ERR_OK;
}

void checkpoint_vote(struct pbft *p, uint64_t sequence, const struct digest *block_id)
{
    struct claim vote;

    if (sequence % p->config.checkpoint_interval != 0 || sequence <= p->checkpoints.stable.sequence ||
        MUTATE(CHECKPOINT_WHILE_RECOVERING, false, recovery_is_on(&p->recovery)))
        return;
    outgoing_sign(p, MESSAGE_CHECKPOINT, 0, sequence, block_id, &vote);
    struct claim *place = place_of(p, &vote);
    if (place == NULL || (place->says.type != 0 && place->says.sequence == sequence))
        return;
    *place = vote;
    MUTATE(CHECKPOINT_NOT_RECORDED, (void)0, record_claim(p, &vote));
    outgoing_broadcast(p, message_make(&p->members, &vote, bytes_of(NULL, 0)));
    prove_if_quorum(p, &vote.says);
}

void checkpoint_vote_again(struct pbft *p)
{
    uint64_t interval = p->config.checkpoint_interval;

    for (uint64_t n = (p->checkpoints.stable.sequence / interval + 1) * interval; n <= p->executions.decided;
         n += interval) {
        const struct slot *s = log_find(p, n);
        if (n == p->executions.decided)
            checkpoint_vote(p, n, &p->executions.decided_id);
        else if (MUTATE(CHECKPOINT_ONLY_OF_LAST, false, s != NULL && s->has_block))
            checkpoint_vote(p, n, &s->block_id);
    }
}

void checkpoint_prove(struct pbft *p, struct stable *s)
{
    if (s->sequence <= p->checkpoints.stable.sequence || s->sequence <= p->checkpoints.proven.sequence) {
        blob_drop(s->signatures);
        return;
    }
    blob_drop(p->checkpoints.proven.signatures);
    p->checkpoints.proven = *s;
    executions_prove(p, s->sequence);
    checkpoint_adopt(p);
}

void checkpoint_adopt(struct pbft *p)
{
    uint64_t reach = p->checkpoints.stable.sequence + p->log.ring;

    if (p->checkpoints.proven.sequence <= p->checkpoints.stable.sequence)
        return;
    if (MUTATE(PBFT_STABLE_AHEAD, false, p->checkpoints.proven.sequence > p->executions.decided))
        return;
    const struct slot *s = log_find(p, p->checkpoints.proven.sequence);
    bool ours = s != NULL && s->has_block;
    if (MUTATE(CHECKPOINT_DIVERGENCE_IGNORED, false,
               ours && !digest_equal(&s->block_id, &p->checkpoints.proven.block_id))) {
        executions_diverge(p, s->sequence);
        return;
    }
    blob_drop(p->checkpoints.stable.signatures);
    p->checkpoints.stable = p->checkpoints.proven;
    blob_hold(p->checkpoints.stable.signatures);
    record_snapshot(p);
    effects_forget(p->out,
                   MUTATE(PBFT_FORGETS_AHEAD, p->checkpoints.stable.sequence + 1, p->checkpoints.stable.sequence));
    effects_note(p->out, "pbft.stable", p->checkpoints.stable.sequence, p->view.number);
    if (MUTATE(WINDOW_FORGETS_NEW_VIEW, false, p->view.planned_top > reach))
        new_view_install(p);
}

void checkpoint_restore(struct pbft *p, const struct claim *vote)
{
    struct claim *place = place_of(p, vote);
    if (place != NULL)
        *place = *vote;
}

static const struct claim *own_latest(const struct pbft *p)
{
    const struct claim *marks = marks_of(p, p->config.self), *latest = &marks[0];

    for (unsigned i = 1; i < p->checkpoints.kept; i++) {
        if (marks[i].says.sequence > latest->says.sequence)
            latest = &marks[i];
    }
    return latest;
}

bool checkpoint_waits(const struct pbft *p)
{
    return own_latest(p)->says.sequence > p->checkpoints.stable.sequence;
}

struct blob *checkpoint_message(const struct pbft *p)
{
    return message_make(&p->members, own_latest(p), bytes_of(NULL, 0));
}
