/* Evidence and verdicts: made, read and judged. */
#include "node/attest.h"

#include "base/mutate.h"

static const char subject[] = "attestation";

const char *attest_code_text(uint64_t code)
{
    static const char *const texts[ATTEST_CODE_COUNT] = {
        [ATTEST_ACCEPTED] = "the evidence is accepted",
        [ATTEST_FORM] = "the evidence is malformed",
        [ATTEST_SIGNATURE] = "the evidence has a signature that does not verify",
        [ATTEST_SIGNER] = "the evidence is signed by another key than that of the connection",
        [ATTEST_REFLECTED] = "the evidence is reflected: it was made by the side that it was sent to",
        [ATTEST_DIVERTED] = "the evidence is diverted: it was made for another node",
        [ATTEST_REPLAYED] = "the evidence is replayed: it was made for another nonce",
        [ATTEST_RELAYED] = "the evidence is relayed: it was made for another connection",
        [ATTEST_FEDERATION] = "the node is of another federation",
        [ATTEST_CONFIGURATION] = "the node has another configuration",
        [ATTEST_SOFTWARE] = "the node runs software that is not admitted here",
    };

    return code < ATTEST_CODE_COUNT ? texts[code] : "a reason that this version does not know";
}

/* ---- evidence */

static const char *const role_names[ATTEST_ROLE_COUNT] = {[ATTEST_DIALLER] = "dialler", [ATTEST_LISTENER] = "listener"};

/* The keying material itself is not for others' eyes. */
static struct digest session_of(const struct attest_binding *b)
{
    return digest_of(digest_bytes(&b->session));
}

static void put_digest(struct cbor_writer *w, const char *key, const struct digest *d)
{
    cbor_put_text(w, key);
    digest_put(w, d);
}

void attest_evidence(const struct secret_key *key, const struct attest_binding *binding,
                     const struct attest_claims *claims, struct buf *out)
{
    const struct digest session = session_of(binding);
    struct buf payload = {0};
    struct cbor_writer w;

    ASSERT(digest_equal(&binding->giver, &key->fingerprint));
    cbor_writer_init(&w, &payload);
    cbor_put_map(&w, 7);
    put_digest(&w, "peer", &binding->peer);
    cbor_put_text(&w, "role");
    cbor_put_text(&w, role_names[binding->role]);
    put_digest(&w, "nonce", &binding->nonce);
    put_digest(&w, "session", &session);
    put_digest(&w, "software", &claims->software);
    put_digest(&w, "configuration", &claims->configuration);
    put_digest(&w, "federation_id", &claims->federation_id);
    cbor_writer_done(&w);
    cose_sign(key, ATTEST_EVIDENCE_TYPE, subject, bytes_of_buf(&payload), out);
    buf_free(&payload);
}

struct statement {
    struct digest peer, nonce, session;
    enum attest_role role;
    struct attest_claims claims;
};

static struct digest get_digest(struct cbor_reader *r, const char *key)
{
    cbor_expect_key(r, key);
    return digest_get(r);
}

static enum attest_role get_role(struct cbor_reader *r)
{
    struct bytes name;

    cbor_expect_key(r, "role");
    name = cbor_get_text(r);
    for (int i = 0; i < ATTEST_ROLE_COUNT; i++) {
        if (bytes_equal(name, bytes_of_text(role_names[i])))
            return (enum attest_role)i;
    }
    cbor_fail(r, ERR_UNKNOWN);
    return ATTEST_DIALLER;
}

static enum err statement_read(struct bytes payload, struct statement *out)
{
    struct cbor_reader r;

    cbor_reader_init(&r, payload);
    cbor_expect_map(&r, 7);
    out->peer = get_digest(&r, "peer");
    out->role = get_role(&r);
    out->nonce = get_digest(&r, "nonce");
    out->session = get_digest(&r, "session");
    out->claims.software = get_digest(&r, "software");
    out->claims.configuration = get_digest(&r, "configuration");
    out->claims.federation_id = get_digest(&r, "federation_id");
    return cbor_reader_done(&r);
}

/* Is it about this connection, and from its other end? */
static enum attest_code judge_binding(const struct statement *s, const struct attest_binding *b)
{
    const struct digest session = session_of(b);

    if (MUTATE(ATTEST_ANY_ROLE, false, s->role != b->role))
        return ATTEST_REFLECTED;
    if (MUTATE(ATTEST_ANY_PEER, false, !digest_equal(&s->peer, &b->peer)))
        return ATTEST_DIVERTED;
    if (MUTATE(ATTEST_ANY_NONCE, false, !digest_equal(&s->nonce, &b->nonce)))
        return ATTEST_REPLAYED;
    if (MUTATE(ATTEST_ANY_SESSION, false, !digest_equal(&s->session, &session)))
        return ATTEST_RELAYED;
    return ATTEST_ACCEPTED;
}

static bool is_admitted(const struct attest_policy *policy, const struct digest *software)
{
    for (unsigned i = 0; i < policy->software_count; i++) {
        if (digest_equal(&policy->software[i], software))
            return true;
    }
    return policy->software_count == 0;
}

static enum attest_code judge_claims(const struct attest_claims *c, const struct attest_policy *policy)
{
    if (MUTATE(ATTEST_ANY_FEDERATION, false, !digest_equal(&c->federation_id, &policy->own.federation_id)))
        return ATTEST_FEDERATION;
    if (MUTATE(ATTEST_ANY_CONFIGURATION, false, !digest_equal(&c->configuration, &policy->own.configuration)))
        return ATTEST_CONFIGURATION;
    return MUTATE(ATTEST_ANY_SOFTWARE, true, is_admitted(policy, &c->software)) ? ATTEST_ACCEPTED : ATTEST_SOFTWARE;
}

enum attest_code attest_judge(struct bytes evidence, const struct attest_binding *binding, const struct public_key *key,
                              const struct attest_policy *policy, struct attest_claims *claims)
{
    enum attest_code code;
    struct cose_sign1 cose;
    struct statement s;

    if (evidence.len > ATTEST_SIZE_MAX || cose_parse_as(evidence, ATTEST_EVIDENCE_TYPE, subject, &cose) != ERR_OK ||
        statement_read(cose.payload, &s) != ERR_OK)
        return ATTEST_FORM;
    if (digest_equal(&cose.kid, &binding->peer))
        return ATTEST_REFLECTED;
    if (!digest_equal(&cose.kid, &binding->giver))
        return ATTEST_SIGNER;
    if (MUTATE(ATTEST_ANY_SIGNATURE, false, cose_verify(&cose, key) != ERR_OK))
        return ATTEST_SIGNATURE;
    code = judge_binding(&s, binding);
    if (code == ATTEST_ACCEPTED)
        code = judge_claims(&s.claims, policy);
    if (code == ATTEST_ACCEPTED && claims != NULL)
        *claims = s.claims;
    return code;
}

/* ---- verdicts */

void attest_verdict(const struct secret_key *key, struct bytes evidence, enum attest_code code, struct buf *out)
{
    const struct digest about = digest_of(evidence);
    struct buf payload = {0};
    struct cbor_writer w;

    cbor_writer_init(&w, &payload);
    cbor_put_map(&w, 3);
    cbor_put_text(&w, "code");
    cbor_put_uint(&w, code);
    cbor_put_text(&w, "reason");
    cbor_put_text(&w, attest_code_text(code));
    put_digest(&w, "evidence", &about);
    cbor_writer_done(&w);
    cose_sign(key, ATTEST_VERDICT_TYPE, subject, bytes_of_buf(&payload), out);
    buf_free(&payload);
}

enum err attest_verdict_read(struct bytes verdict, const struct public_key *key, struct bytes evidence, uint64_t *code)
{
    const struct digest ours = digest_of(evidence);
    struct cose_sign1 cose;
    struct cbor_reader r;
    struct digest about;
    uint64_t said;
    enum err err = cose_parse_as(verdict, ATTEST_VERDICT_TYPE, subject, &cose);

    if (err != ERR_OK)
        return err;
    err = cose_verify(&cose, key);
    if (MUTATE(ATTEST_ANY_VERDICT, false, err != ERR_OK))
        return err;
    cbor_reader_init(&r, cose.payload);
    cbor_expect_map(&r, 3);
    cbor_expect_key(&r, "code");
    said = cbor_get_uint(&r);
    cbor_expect_key(&r, "reason");
    if (cbor_get_text(&r).len > ATTEST_REASON_MAX)
        cbor_fail(&r, ERR_LIMIT);
    about = get_digest(&r, "evidence");
    err = cbor_reader_done(&r);
    if (err != ERR_OK)
        return err;
    if (!digest_equal(&about, &ours))
        return ERR_MISMATCH;
    *code = said;
    return ERR_OK;
}
