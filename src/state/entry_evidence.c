#include "state/governance.h"
#include "state/kind.h"

#include <string.h>

#include "base/mutate.h"
#include "pbft/evidence.h"

/* EVIDENCE: two signed statements that convict their signer. */

void evidence_body_encode(const struct evidence_body *b, struct buf *out, struct envelope *e)
{
    struct digest first = digest_of(b->first), second = digest_of(b->second);
    struct cbor_writer w;

    cbor_writer_init(&w, out);
    cbor_put_map(&w, 2);
    cbor_put_text(&w, "first");
    digest_put(&w, &first);
    cbor_put_text(&w, "second");
    digest_put(&w, &second);
    cbor_writer_done(&w);
    e->kind = ENTRY_EVIDENCE;
    e->body = bytes_of_buf(out);
    e->attached_count = 2;
    e->attached[0] = b->first;
    e->attached[1] = b->second;
}

enum err evidence_body_decode(const struct envelope *e, struct evidence_body *out)
{
    struct digest named[2], attached[2];
    struct cbor_reader r;

    cbor_reader_init(&r, e->body);
    cbor_expect_map(&r, 2);
    cbor_expect_key(&r, "first");
    named[0] = digest_get(&r);
    cbor_expect_key(&r, "second");
    named[1] = digest_get(&r);
    enum err err = cbor_reader_done(&r);
    if (err != ERR_OK)
        return err;
    if (e->attached_count != 2)
        return ERR_MISSING;
    for (unsigned i = 0; i < 2; i++) {
        attached[i] = digest_of(e->attached[i]);
        if (!digest_equal(&named[i], &attached[i]))
            return ERR_MISMATCH;
    }
    *out = (struct evidence_body){.first = e->attached[0], .second = e->attached[1]};
    return ERR_OK;
}

/* ---- what is kept of it */

/* Two statements that contradict each other, by one hand. */
struct evidence {
    bool of_votes; /* statements of PBFT; else envelopes */
    struct digest signer;
    struct contradiction of; /* views into the envelope's attachments; of envelopes the two messages alone */

    /* The verdict on both signatures, under the key that was asked for last. */
    bool verified;
    struct public_key key;
    enum err signatures;
};

/* One of two envelopes that are said to be by one hand. */
static enum err read_envelope(const struct federation_state *s, struct bytes in, struct envelope *e,
                              struct cose_sign1 *cose)
{
    enum err err = envelope_parse(in, e, cose);
    if (err != ERR_OK)
        return err;
    if (e->attached_count > 0) /* a statement is an envelope without attachments: what is nested does not grow */
        return ERR_RANGE;
    return digest_equal(&e->federation_id, &s->federation_id) ? ERR_OK : ERR_MISMATCH;
}

/* Two envelopes of one member with one sequence number and different contents. The same content under
 * two signatures is no double talk: Ed25519 signers may randomise. */
static enum err read_envelopes(const struct federation_state *s, const struct evidence_body *b, struct evidence *out)
{
    struct envelope first, second;
    enum err err = read_envelope(s, b->first, &first, &out->of.first);
    if (err == ERR_OK)
        err = read_envelope(s, b->second, &second, &out->of.second);
    if (err != ERR_OK)
        return err;
    if (!digest_equal(&first.node_fingerprint, &second.node_fingerprint) || first.sequence != second.sequence)
        return ERR_MISMATCH;
    out->signer = first.node_fingerprint;
    return bytes_equal(out->of.first.payload, out->of.second.payload) ? ERR_DUPLICATE : ERR_OK;
}

/* Replicas may vote in several federations with one key: are these statements about ours? */
static enum err read_votes(const struct federation_state *s, const struct evidence_body *b, struct evidence *out)
{
    enum err err = evidence_parse(b->first, b->second, &out->of);
    if (err != ERR_OK)
        return err;
    out->of_votes = true;
    out->signer = out->of.first.kid;
    return digest_equal(&out->of.federation_id, &s->federation_id) ? ERR_OK : ERR_MISMATCH;
}

static enum err decode(const void *context, const struct envelope *e, void **out)
{
    struct evidence evidence = {0};
    struct evidence_body b;
    struct cose_sign1 cose;
    enum err err = evidence_body_decode(e, &b);
    if (err == ERR_OK)
        err = cose_parse(b.first, &cose);
    if (err != ERR_OK)
        return err;
    bool envelopes = bytes_equal(cose.content_type, bytes_of_text(ENVELOPE_CONTENT_TYPE));
    err = envelopes ? read_envelopes(context, &b, &evidence) : read_votes(context, &b, &evidence);
    if (err == ERR_OK)
        *out = kind_keep(&evidence, sizeof evidence);
    return err;
}

/* ---- whom it convicts */

static enum err verify(struct evidence *b, const struct public_key *key)
{
    if (b->verified && memcmp(b->key.b, key->b, KEY_PUBLIC_SIZE) == 0)
        return b->signatures;
    b->verified = true;
    b->key = *key;
    b->signatures = evidence_verify(&b->of, key);
    return b->signatures;
}

static enum err check(const struct federation_state *s, struct entry *e)
{
    struct evidence *b = e->body;
    int culprit = state_find(s, &b->signer);
    if (culprit < 0 || (b->of_votes && !state_member(s, (unsigned)culprit)->votes))
        return ERR_UNKNOWN;
    /* Votes of an earlier membership epoch convict too, by a key that is still in use. */
    if (b->of_votes && b->of.membership_epoch > s->membership_epoch)
        return ERR_MISMATCH;
    return MUTATE(STATE_EVIDENCE_UNCHECKED,
                  b->of_votes ? verify(b, &state_member(s, (unsigned)culprit)->card.key) : ERR_OK,
                  verify(b, &state_member(s, (unsigned)culprit)->card.key));
}

/* Of evidence that convicts. */
static unsigned culprit_of(const struct federation_state *s, const struct entry *e)
{
    const struct evidence *b = e->body;
    int culprit = state_find(s, &b->signer);
    ASSERT(culprit >= 0);
    return (unsigned)culprit;
}

static enum err judge(const struct federation_state *s, struct entry *e)
{
    return state_member(s, culprit_of(s, e))->status == MEMBER_CONVICTED ? ERR_DUPLICATE : ERR_OK;
}

/* Nothing of a convicted member counts any more: neither its UPDATE nor its row. Candidates that are
 * aligned already stay, because rows are bound to them; a genome convicts nobody. A convicted validator keeps its
 * vote in PBFT until the epoch ends (membership.c). */
static void apply(struct federation_state *s, const struct entry *e)
{
    unsigned culprit = culprit_of(s, e);
    (void)governance_respond(s, VIOLATION_EQUIVOCATION, (int)culprit);
    state_member_change(s, culprit)->status = MEMBER_CONVICTED;
    contribution_drop(s, culprit);
}

const struct kind kind_evidence = {.decode = decode, .check = check, .judge = judge, .apply = apply};
