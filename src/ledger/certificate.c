#include "ledger/certificate.h"

#include <stdlib.h>
#include <string.h>

#include "base/mutate.h"
#include "codec/cbor.h"

static const char VOTE_SUBJECT[] = "commit";

void vote_payload(const struct vote *vote, struct buf *out)
{
    struct cbor_writer w;

    cbor_writer_init(&w, out);
    cbor_put_map(&w, 5);
    cbor_put_text(&w, "view");
    cbor_put_uint(&w, vote->view);
    cbor_put_text(&w, "block_id");
    digest_put(&w, &vote->block_id);
    cbor_put_text(&w, "sequence");
    cbor_put_uint(&w, vote->sequence);
    cbor_put_text(&w, "federation_id");
    digest_put(&w, &vote->federation_id);
    cbor_put_text(&w, "membership_epoch");
    cbor_put_uint(&w, vote->membership_epoch);
    cbor_writer_done(&w);
}

void vote_sign(const struct secret_key *key, const struct vote *vote, struct buf *out)
{
    struct buf payload = {0};

    vote_payload(vote, &payload);
    cose_sign(key, VOTE_CONTENT_TYPE, VOTE_SUBJECT, bytes_of_buf(&payload), out);
    buf_free(&payload);
}

static enum err payload_parse(struct bytes in, struct vote *out)
{
    struct cbor_reader r;

    cbor_reader_init(&r, in);
    cbor_expect_map(&r, 5);
    cbor_expect_key(&r, "view");
    out->view = cbor_get_uint(&r);
    cbor_expect_key(&r, "block_id");
    out->block_id = digest_get(&r);
    cbor_expect_key(&r, "sequence");
    out->sequence = cbor_get_uint(&r);
    cbor_expect_key(&r, "federation_id");
    out->federation_id = digest_get(&r);
    cbor_expect_key(&r, "membership_epoch");
    out->membership_epoch = cbor_get_uint(&r);
    return cbor_reader_done(&r);
}

enum err vote_parse(struct bytes in, struct vote *out, struct cose_sign1 *cose)
{
    struct cose_sign1 message;
    struct vote vote;
    enum err err = cose_parse_as(in, VOTE_CONTENT_TYPE, VOTE_SUBJECT, &message);

    if (err == ERR_OK)
        err = payload_parse(message.payload, &vote);
    if (err != ERR_OK)
        return err;
    *out = vote;
    *cose = message;
    return ERR_OK;
}

int voters_find(const struct voters *voters, const struct digest *fingerprint)
{
    for (unsigned i = 0; i < voters->count; i++) {
        if (voters->fingerprints[i].b[0] == fingerprint->b[0] && digest_equal(&voters->fingerprints[i], fingerprint))
            return (int)i;
    }
    return -1;
}

static int compare_kids(const void *a, const void *b)
{
    const struct keyed_vote *left = a, *right = b;
    return digest_compare(&left->kid, &right->kid);
}

void certificate_join(struct keyed_vote *votes, unsigned count, struct buf *out)
{
    struct cbor_writer w;

    ASSERT(count <= CERTIFICATE_VOTES_MAX);
    qsort(votes, count, sizeof votes[0], compare_kids);
    cbor_writer_init(&w, out);
    cbor_put_array(&w, count);
    for (unsigned i = 0; i < count; i++)
        cbor_put_known(&w, votes[i].item);
    cbor_writer_done(&w);
}

void certificate_encode(const struct bytes *votes, unsigned count, struct buf *out)
{
    struct keyed_vote keyed[CERTIFICATE_VOTES_MAX];
    struct cose_sign1 cose;

    ASSERT(count <= CERTIFICATE_VOTES_MAX);
    for (unsigned i = 0; i < count; i++) {
        ASSERT(cose_parse(votes[i], &cose) == ERR_OK);
        keyed[i] = (struct keyed_vote){cose.kid, votes[i]};
    }
    certificate_join(keyed, count, out);
}

static bool vote_matches(const struct vote *vote, const struct vote *expected)
{
    if (MUTATE(PBFT_CERT_NO_MEMBERSHIP, false, vote->membership_epoch != expected->membership_epoch))
        return false;
    if (MUTATE(PBFT_CERT_NO_FEDERATION, false, !digest_equal(&vote->federation_id, &expected->federation_id)))
        return false;
    return vote->sequence == expected->sequence && digest_equal(&vote->block_id, &expected->block_id);
}

struct tally {
    unsigned count;
    struct vote vote; /* the first, */
    struct cose_sign1 cose;
    struct bytes item; /* a view of it */
    struct digest last_kid;
    unsigned signers[CERTIFICATE_VOTES_MAX];
};

/* Votes of one certificate differ in who cast them, and in nothing else. */
static enum err vote_read(const struct tally *t, struct bytes item, struct vote *vote, struct cose_sign1 *cose)
{
    if (t->count == 0 || !cose_parse_like(&t->cose, t->item, item, cose))
        return vote_parse(item, vote, cose);
    *vote = t->vote;
    return ERR_OK;
}

static enum err tally_vote(struct tally *t, struct bytes item, const struct vote *expected, const struct voters *voters)
{
    struct cose_sign1 cose;
    struct vote vote;
    enum err err = vote_read(t, item, &vote, &cose);

    if (err != ERR_OK)
        return err;
    if (t->count > 0) {
        int order = digest_compare(&t->last_kid, &cose.kid);
        if (order >= 0)
            return order == 0 ? ERR_DUPLICATE : ERR_CANONICAL;
    }
    if (!vote_matches(&vote, expected) || (t->count > 0 && vote.view != t->vote.view))
        return ERR_MISMATCH;
    int signer = voters_find(voters, &cose.kid);
    if (signer < 0)
        return ERR_UNKNOWN;
    err = cose_verify_cached(&cose, &voters->keys[signer], voters->verify_cache);
    if (err != ERR_OK)
        return err;
    if (t->count == 0) {
        t->vote = vote;
        t->cose = cose;
        t->item = item;
    }
    t->last_kid = cose.kid;
    t->signers[t->count++] = (unsigned)signer;
    return ERR_OK;
}

enum err certificate_verify(struct bytes in, const struct vote *expected, const struct voters *voters, uint64_t *view,
                            unsigned *signers, unsigned *count)
{
    struct tally t; /* large: the rest is filled when the first vote is there */
    struct cbor_reader r;

    t.count = 0;
    cbor_reader_init(&r, in);
    uint64_t votes = cbor_get_array(&r);
    if (votes > CERTIFICATE_VOTES_MAX || votes > voters->count)
        cbor_fail(&r, ERR_LIMIT);
    for (uint64_t i = 0; i < votes && r.err == ERR_OK; i++) {
        struct bytes item = cbor_get_raw(&r);
        enum err bad = r.err == ERR_OK ? tally_vote(&t, item, expected, voters) : ERR_OK;
        if (bad != ERR_OK)
            cbor_fail(&r, bad);
    }
    enum err err = cbor_reader_done(&r);
    if (err != ERR_OK)
        return err;
    if (t.count < voters->quorum || t.count == 0)
        return ERR_QUORUM;
    if (view != NULL)
        *view = t.vote.view;
    if (signers != NULL)
        memcpy(signers, t.signers, t.count * sizeof signers[0]);
    if (count != NULL)
        *count = t.count;
    return ERR_OK;
}
