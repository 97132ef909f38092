#include "storm/application.h"
#include "storm/world.h"
#include "merkle/chunks.h"

/* States for others, and theirs. The proof of a state is [place of its block, id before, digest of the batch,
 * certificate]; who votes in a membership epoch is known as soon as somebody has decided the block that opens it. */

enum { PROOF_HEAD = 8 + 2 * DIGEST_SIZE };

void state_give(struct machine *m, uint64_t height, struct bytes certificate, struct buf *proof, struct buf *state)
{
    const struct executed_block *b = application_block(&m->app, height);
    struct place place = application_place(m, height);
    uint8_t number[8];

    be64_put(number, place_put(&place));
    buf_add(proof, number, sizeof number);
    buf_add(proof, b->parent.b, DIGEST_SIZE);
    buf_add(proof, b->batch_digest.b, DIGEST_SIZE);
    buf_add(proof, certificate.data, certificate.len);
    buf_add(state, b->state, STATE_SIZE);
}

static enum err check_certificate(const struct epoch *e, uint64_t height, const struct digest *id,
                                  struct bytes certificate)
{
    struct voters voters = epoch_voters(e);
    struct vote expected = {e->members.federation_id, e->members.membership_epoch, 0, height, *id};

    return certificate_verify(certificate, &expected, &voters, NULL, NULL, NULL);
}

enum err state_check(struct machine *m, uint64_t height, struct bytes proof, const struct digest *root,
                     struct state_origin *out)
{
    if (proof.len < PROOF_HEAD)
        return ERR_TRUNCATED;
    struct place place = place_take(be64_get(proof.data));
    struct digest parent = digest_from(bytes_of(proof.data + 8, DIGEST_SIZE));
    struct digest batch = digest_from(bytes_of(proof.data + 8 + DIGEST_SIZE, DIGEST_SIZE));
    const struct epoch *epoch = epoch_named(m->world, place.epoch);
    if (epoch == NULL)
        return ERR_AGAIN;
    out->id = header_id(&parent, &batch, root, &place);
    out->next = place.epoch + place.closes;
    return check_certificate(epoch, height, &out->id, bytes_of(proof.data + PROOF_HEAD, proof.len - PROOF_HEAD));
}

static void mark_install(struct machine *m, uint64_t next)
{
    struct world *w = m->world;
    struct pbft_status status = replica_status(m->live);

    MARK(w, TRANSFER);
    if (status.in_view_change)
        MARK(w, TRANSFER_VIEW_CHANGE);
    if (m->before.executed > m->before.decided)
        MARK(w, TRANSFER_SPECULATIVE);
    if (m->wiped)
        MARK(w, TRANSFER_AFTER_WIPE);
    if (next > machine_epoch(m)->members.membership_epoch)
        MARK(w, TRANSFER_EPOCH);
}

enum err state_install(struct machine *m, uint64_t height, struct bytes proof, struct bytes state,
                       struct replica_point *out)
{
    struct digest root = chunks_root(state, m->world->plan.chunk);
    struct state_origin origin;
    enum err err = state_check(m, height, proof, &root, &origin);

    if (m->live != NULL || err == ERR_OK) /* else its own disk is damaged, and it has noticed */
        transfer_installed(m, height, err, &origin.id);
    if (err != ERR_OK || m->world->checker != NULL)
        return err != ERR_OK ? err : ERR_STATE;
    if (m->live != NULL)
        mark_install(m, origin.next);
    application_restart(m, height, &origin.id, state);
    m->app.kept = height;
    diverged_caught_up(m);
    epoch_jump(m, origin.next);
    const struct epoch *e = machine_epoch(m);
    *out = (struct replica_point){origin.id, origin.next, e->base, e->base_id};
    return ERR_OK;
}
