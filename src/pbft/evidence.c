#include "pbft/evidence.h"

#include "base/mutate.h"
#include "pbft/messages.h"

struct side {
    struct cose_sign1 cose;
    struct bytes digest;
    struct bytes rest[3]; /* view, sequence, federation id */
    uint64_t membership_epoch;
};

static bool convicting(const struct cose_sign1 *cose)
{
    if (bytes_equal(cose->content_type, bytes_of_text(VOTE_CONTENT_TYPE)))
        return bytes_equal(cose->subject, bytes_of_text(statement_subject(MESSAGE_COMMIT)));
    if (!bytes_equal(cose->content_type, bytes_of_text(PBFT_CONTENT_TYPE)))
        return false;
    return bytes_equal(cose->subject, bytes_of_text(statement_subject(MESSAGE_PRE_PREPARE))) ||
           bytes_equal(cose->subject, bytes_of_text(statement_subject(MESSAGE_PREPARE))) ||
           bytes_equal(cose->subject, bytes_of_text(statement_subject(MESSAGE_CHECKPOINT)));
}

static enum err side_parse(struct bytes in, struct side *s)
{
    struct cbor_reader r;
    enum err err = cose_parse(in, &s->cose);

    if (err != ERR_OK)
        return err;
    if (MUTATE(EVIDENCE_OF_ANY_TYPE, false, !convicting(&s->cose)))
        return ERR_TYPE;
    bool vote = bytes_equal(s->cose.content_type, bytes_of_text(VOTE_CONTENT_TYPE));
    cbor_reader_init(&r, s->cose.payload);
    cbor_expect_map(&r, 5);
    cbor_expect_key(&r, "view");
    s->rest[0] = cbor_get_raw(&r);
    cbor_expect_key(&r, vote ? "block_id" : "digest");
    s->digest = cbor_get_bytes_of(&r, DIGEST_SIZE);
    cbor_expect_key(&r, "sequence");
    s->rest[1] = cbor_get_raw(&r);
    cbor_expect_key(&r, "federation_id");
    s->rest[2] = cbor_get_bytes_of(&r, DIGEST_SIZE);
    cbor_expect_key(&r, "membership_epoch");
    s->membership_epoch = cbor_get_uint(&r);
    return cbor_reader_done(&r);
}

enum err evidence_parse(struct bytes a, struct bytes b, struct contradiction *out)
{
    struct side first, second;
    enum err err = side_parse(a, &first);

    if (err == ERR_OK)
        err = side_parse(b, &second);
    if (err != ERR_OK)
        return err;
    bool same_place = digest_equal(&first.cose.kid, &second.cose.kid) &&
                      bytes_equal(first.cose.content_type, second.cose.content_type) &&
                      MUTATE(EVIDENCE_OF_TWO_TYPES, true, bytes_equal(first.cose.subject, second.cose.subject)) &&
                      MUTATE(EVIDENCE_OF_TWO_EPOCHS, true, first.membership_epoch == second.membership_epoch);
    for (unsigned i = 0; i < MUTATE(EVIDENCE_OF_TWO_FEDERATIONS, 2, 3); i++)
        same_place = same_place && bytes_equal(first.rest[i], second.rest[i]);
    if (!same_place || MUTATE(EVIDENCE_OF_ONE_STATEMENT, false, bytes_equal(first.digest, second.digest)))
        return ERR_MISMATCH;
    *out = (struct contradiction){first.cose, second.cose, first.membership_epoch, digest_from(first.rest[2])};
    return ERR_OK;
}

enum err evidence_verify(const struct contradiction *c, const struct public_key *key)
{
    enum err err = cose_verify(&c->first, key);

    return err == ERR_OK ? MUTATE(EVIDENCE_HALF_VERIFIED, ERR_OK, cose_verify(&c->second, key)) : err;
}

enum err evidence_check(struct bytes a, struct bytes b, const struct voters *voters, unsigned *culprit)
{
    struct contradiction c;
    enum err err = evidence_parse(a, b, &c);

    if (err != ERR_OK)
        return err;
    int signer = voters_find(voters, &c.first.kid);
    if (signer < 0)
        return ERR_UNKNOWN;
    err = evidence_verify(&c, &voters->keys[signer]);
    if (err == ERR_OK)
        *culprit = (unsigned)signer;
    return err;
}
