#include "storm/application.h"
#include "storm/lies.h"

/* A decision counts from when it is durable: before, nobody else has seen this replica's part in it. */

static void check_certificate(struct machine *m, uint64_t height, const struct digest *id, struct bytes certificate,
                              uint64_t *view)
{
    struct world *w = m->world;
    const struct epoch *e = epoch_of_height(w, height);
    struct voters voters = epoch_voters(e);
    struct vote expected = {w->config.federation_id, e->members.membership_epoch, 0, height, *id};

    enum err err = certificate_verify(certificate, &expected, &voters, view, NULL, NULL);
    if (err != ERR_OK) {
        world_fail(w, "11 certificate", "of %llu by machine %u: %s", (unsigned long long)height, m->index,
                   err_text(err));
        return;
    }
    if ((w->draw.seed + height) % 16 > 0)
        return;
    struct vote foreign = expected;
    foreign.membership_epoch++;
    if (certificate_verify(certificate, &foreign, &voters, NULL, NULL, NULL) == ERR_OK)
        world_fail(w, "12 foreign", "the certificate of %llu holds in another epoch", (unsigned long long)height);
    foreign = expected;
    foreign.federation_id.b[0] ^= 1;
    if (certificate_verify(certificate, &foreign, &voters, NULL, NULL, NULL) == ERR_OK)
        world_fail(w, "12 foreign", "the certificate of %llu holds elsewhere", (unsigned long long)height);
    struct blob *flipped = lie_flipped(certificate, w->draw.seed * 31 + height * 7);
    if (certificate_verify(blob_bytes(flipped), &expected, &voters, NULL, NULL, NULL) == ERR_OK)
        world_fail(w, "11 certificate", "of %llu verifies with a changed byte", (unsigned long long)height);
    blob_drop(flipped);
}

void agreement_appended(struct machine *m, uint64_t height, struct bytes block)
{
    struct world *w = m->world;
    struct agreed_block *b = agreed_at(w, height);
    struct stored_block stored;
    uint64_t view = 0;

    if (!machine_correct(m))
        return;
    ASSERT(stored_block_decode(block, &stored) == ERR_OK);
    epoch_appended(w, height, &stored.id);
    check_certificate(m, height, &stored.id, stored.certificate, &view);
    if (!b->decided) {
        *b = (struct agreed_block){true, view, stored.id, stored.batch_digest, b->checkpoint_signers};
        return;
    }
    if (view < b->view)
        b->view = view;
    else if (view > b->view)
        MARK(w, SECOND_VIEW_SAME_BLOCK);
    if (!digest_equal(&b->batch, &stored.batch_digest))
        world_fail(w, "1 agreement", "machine %u decides another batch at %llu", m->index, (unsigned long long)height);
    else if (!digest_equal(&b->id, &stored.id))
        world_fail(w, "4 equal roots", "machine %u has another state at %llu", m->index, (unsigned long long)height);
}
