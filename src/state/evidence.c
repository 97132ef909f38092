#include "codec/cbor.h"
#include "base/mutate.h"
#include "state/admit.h"
#include "pbft/evidence.h"
#include "pbft/pbft.h"

/* One of two envelopes that are said to be by one hand. */
static enum err read_statement(const struct federation_state *s, struct bytes in, struct envelope *e,
                               struct cose_sign1 *cose)
{
    enum err err = envelope_parse(in, e, cose);
    if (err != ERR_OK)
        return err;
    if (e->attached_count > 0) /* a statement is an envelope without attachments: what is nested does not grow */
        return ERR_RANGE;
    if (!digest_equal(&e->federation_id, &s->federation_id))
        return ERR_MISMATCH;
    int member = state_find(s, &e->node_fingerprint);
    if (member < 0)
        return ERR_UNKNOWN;
    return MUTATE(STATE_EVIDENCE_UNCHECKED, ERR_OK, cose_verify(cose, &s->members[member].card.key));
}

/* Two envelopes of one member with one sequence number and different contents. The same content under
 * two signatures is no double talk: Ed25519 signers may randomise. */
static enum err judge_envelopes(const struct federation_state *s, const struct evidence_body *b, unsigned *member)
{
    struct envelope first, second;
    struct cose_sign1 first_cose, second_cose;
    enum err err = read_statement(s, b->first, &first, &first_cose);
    if (err == ERR_OK)
        err = read_statement(s, b->second, &second, &second_cose);
    if (err != ERR_OK)
        return err;
    if (!digest_equal(&first.node_fingerprint, &second.node_fingerprint) || first.sequence != second.sequence)
        return ERR_MISMATCH;
    if (bytes_equal(first_cose.payload, second_cose.payload))
        return ERR_DUPLICATE;
    *member = (unsigned)state_find(s, &first.node_fingerprint);
    return ERR_OK;
}

/* Replicas may vote in several federations with one key: is this statement about ours? The payload of every
 * statement of PBFT is {"view", "digest" or "block_id", "sequence", "federation_id", "membership_epoch"}. */
static enum err check_federation(const struct federation_state *s, struct bytes statement)
{
    struct cose_sign1 cose;
    struct cbor_reader r;
    enum err err = cose_parse(statement, &cose);
    if (err != ERR_OK)
        return err;
    cbor_reader_init(&r, cose.payload);
    cbor_expect_map(&r, 5);
    cbor_expect_key(&r, "view");
    (void)cbor_get_uint(&r);
    if (!cbor_accept_key(&r, "digest"))
        cbor_expect_key(&r, "block_id");
    (void)cbor_get_bytes(&r);
    cbor_expect_key(&r, "sequence");
    (void)cbor_get_uint(&r);
    cbor_expect_key(&r, "federation_id");
    struct digest federation_id = digest_from(cbor_get_bytes(&r));
    cbor_expect_key(&r, "membership_epoch");
    uint64_t membership_epoch = cbor_get_uint(&r);
    err = cbor_reader_done(&r);
    if (err != ERR_OK)
        return err;
    /* One of an earlier membership epoch convicts too, by a key that is still in use. */
    bool ours = digest_equal(&federation_id, &s->federation_id) && membership_epoch <= s->membership_epoch;
    return ours ? ERR_OK : ERR_MISMATCH;
}

static enum err judge_statements(const struct federation_state *s, const struct evidence_body *b, unsigned *member)
{
    struct public_key keys[PBFT_REPLICAS_MAX];
    struct digest fingerprints[PBFT_REPLICAS_MAX];
    struct voters voters;
    unsigned replica;
    enum err err = check_federation(s, b->first);
    if (err != ERR_OK)
        return err;
    state_voters(s, keys, fingerprints, &voters);
    err = evidence_check(b->first, b->second, &voters, &replica);
    if (err == ERR_OK)
        *member = state_validator(s, replica);
    return err;
}

enum err evidence_culprit(const struct federation_state *s, const struct evidence_body *body, unsigned *member)
{
    struct cose_sign1 cose;
    enum err err = cose_parse(body->first, &cose);
    if (err != ERR_OK)
        return err;
    return bytes_equal(cose.content_type, bytes_of_text(ENVELOPE_CONTENT_TYPE)) ? judge_envelopes(s, body, member)
                                                                                : judge_statements(s, body, member);
}
