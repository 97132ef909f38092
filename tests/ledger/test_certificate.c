#include "ledger/certificate.h"

#include "tap.h"

enum { VOTERS = 4, QUORUM = 3 };

struct world {
    struct secret_key keys[VOTERS + 1];
    struct public_key publics[VOTERS];
    struct digest fingerprints[VOTERS];
    struct voters voters;
    struct vote vote;
};

static void world_init(struct world *w)
{
    memset(w, 0, sizeof *w);
    for (unsigned i = 0; i <= VOTERS; i++) {
        char label[8];
        snprintf(label, sizeof label, "v%u", i);
        key_simulated(1, label, &w->keys[i]);
        if (i < VOTERS) {
            w->publics[i] = w->keys[i].public;
            w->fingerprints[i] = w->keys[i].fingerprint;
        }
    }
    w->voters = (struct voters){VOTERS, QUORUM, w->publics, w->fingerprints, NULL};
    w->vote.federation_id = digest_of(bytes_of_text("federation"));
    w->vote.membership_epoch = 3;
    w->vote.view = 2;
    w->vote.sequence = 17;
    w->vote.block_id = digest_of(bytes_of_text("block"));
}

/* Signs for the given signers and packs without sorting, doubling or checking. */
static void pack(const struct world *w, const unsigned *signers, unsigned count, const struct vote *odd,
                 struct buf *out)
{
    struct buf votes[VOTERS + 1] = {0};
    struct bytes views[VOTERS + 1];

    buf_clear(out);
    for (unsigned i = 0; i < count; i++) {
        vote_sign(&w->keys[signers[i]], odd != NULL && i == 0 ? odd : &w->vote, &votes[i]);
        views[i] = bytes_of_buf(&votes[i]);
    }
    certificate_encode(views, count, out);
    for (unsigned i = 0; i < count; i++)
        buf_free(&votes[i]);
}

static enum err verify(const struct world *w, const struct buf *certificate)
{
    return certificate_verify(bytes_of_buf(certificate), &w->vote, &w->voters, NULL, NULL, NULL);
}

static void a_quorum_verifies_and_names_its_signers(void)
{
    struct world w;
    struct buf one = {0}, other = {0};
    uint64_t view = 0;
    unsigned signers[CERTIFICATE_VOTES_MAX], count = 0;

    world_init(&w);
    pack(&w, (unsigned[]){2, 0, 3}, 3, NULL, &one);
    pack(&w, (unsigned[]){3, 2, 0}, 3, NULL, &other);
    CHECK_EQ_BYTES(bytes_of_buf(&one), bytes_of_buf(&other));
    CHECK_OK(certificate_verify(bytes_of_buf(&one), &w.vote, &w.voters, &view, signers, &count));
    CHECK_EQ_U64(view, 2);
    CHECK_EQ_U64(count, 3);
    bool seen[VOTERS] = {false};
    for (unsigned i = 0; i < count; i++)
        seen[signers[i]] = true;
    CHECK(seen[0] && !seen[1] && seen[2] && seen[3]);
    buf_free(&one);
    buf_free(&other);
}

static void less_than_a_quorum_is_refused(void)
{
    struct world w;
    struct buf out = {0};

    world_init(&w);
    pack(&w, (unsigned[]){0, 1}, 2, NULL, &out);
    CHECK_ERR(verify(&w, &out), ERR_QUORUM);
    pack(&w, NULL, 0, NULL, &out);
    CHECK_ERR(verify(&w, &out), ERR_QUORUM);
    w.voters.quorum = 0; /* a threshold of nothing still needs a voice */
    CHECK_ERR(verify(&w, &out), ERR_QUORUM);
    buf_free(&out);
}

static void doubled_and_foreign_votes_spoil_the_whole(void)
{
    struct world w;
    struct buf out = {0};

    world_init(&w);
    pack(&w, (unsigned[]){0, 1, 1}, 3, NULL, &out);
    CHECK_ERR(verify(&w, &out), ERR_DUPLICATE);
    pack(&w, (unsigned[]){0, 1, VOTERS}, 3, NULL, &out);
    CHECK_ERR(verify(&w, &out), ERR_UNKNOWN);
    pack(&w, (unsigned[]){0, 1, 2, VOTERS}, 4, NULL, &out);
    CHECK_ERR(verify(&w, &out), ERR_UNKNOWN);
    buf_free(&out);
}

static void every_field_is_bound(void)
{
    struct world w;
    struct buf out = {0};

    world_init(&w);
    for (unsigned field = 0; field < 5; field++) {
        struct vote odd = w.vote;
        switch (field) {
        case 0:
            odd.federation_id.b[0] ^= 1;
            break;
        case 1:
            odd.membership_epoch++;
            break;
        case 2:
            odd.view++;
            break;
        case 3:
            odd.sequence++;
            break;
        default:
            odd.block_id.b[31] ^= 1;
        }
        pack(&w, (unsigned[]){0, 1, 2}, 3, &odd, &out);
        CHECK_ERR(verify(&w, &out), ERR_MISMATCH);
    }
    pack(&w, (unsigned[]){0, 1, 2}, 3, NULL, &out);
    w.vote.membership_epoch++;
    CHECK_ERR(verify(&w, &out), ERR_MISMATCH);
    buf_free(&out);
}

static void every_flipped_bit_fails(void)
{
    struct world w;
    struct buf out = {0};

    world_init(&w);
    pack(&w, (unsigned[]){0, 1, 2}, 3, NULL, &out);
    CHECK_OK(verify(&w, &out));
    for (size_t bit = 0; bit < 8 * out.len; bit++) {
        out.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (verify(&w, &out) == ERR_OK)
            CHECK_EQ_U64(bit, SIZE_MAX);
        out.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t len = 0; len < out.len; len++)
        CHECK(certificate_verify(bytes_of(out.data, len), &w.vote, &w.voters, NULL, NULL, NULL) != ERR_OK);
    buf_free(&out);
}

static void outputs_stay_untouched_on_failure(void)
{
    struct world w;
    struct buf out = {0};
    uint64_t view = 99;
    unsigned signers[CERTIFICATE_VOTES_MAX] = {77}, count = 88;

    world_init(&w);
    pack(&w, (unsigned[]){0, 1}, 2, NULL, &out);
    CHECK_ERR(certificate_verify(bytes_of_buf(&out), &w.vote, &w.voters, &view, signers, &count), ERR_QUORUM);
    CHECK(view == 99 && signers[0] == 77 && count == 88);
    buf_free(&out);
}

int main(void)
{
    key_library_init();
    TAP_RUN(a_quorum_verifies_and_names_its_signers);
    TAP_RUN(less_than_a_quorum_is_refused);
    TAP_RUN(doubled_and_foreign_votes_spoil_the_whole);
    TAP_RUN(every_field_is_bound);
    TAP_RUN(every_flipped_bit_fails);
    TAP_RUN(outputs_stay_untouched_on_failure);
    return tap_done();
}
