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
        [ATTEST_NO_QUOTE] = "a quote of the node's TPM is required, and there is none",
        [ATTEST_QUOTE_FORM] = "the quote of the TPM is malformed",
        [ATTEST_QUOTE_KEY] = "the quote is signed by another key than that of the TPM which is enrolled",
        [ATTEST_QUOTE_BOUND] = "the quote was made for another connection",
        [ATTEST_QUOTE_PCRS] = "the registers of the TPM do not hold what is enrolled",
        [ATTEST_QUOTE_SIMULATED] = "the quote is of a simulated TPM, which is not admitted here",
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

struct digest attest_binding_digest(const struct attest_binding *binding)
{
    static const char label[] = "prismfed-attest-v1";
    const uint8_t role = (uint8_t)binding->role;
    struct digest_context c;

    digest_init(&c);
    digest_add(&c, label, sizeof label - 1);
    digest_add(&c, &role, 1);
    digest_add(&c, binding->session.b, sizeof binding->session.b);
    digest_add(&c, binding->nonce.b, sizeof binding->nonce.b);
    digest_add(&c, binding->giver.b, sizeof binding->giver.b);
    digest_add(&c, binding->peer.b, sizeof binding->peer.b);
    return digest_final(&c);
}

void attest_evidence(const struct secret_key *key, const struct attest_binding *binding,
                     const struct attest_claims *claims, struct bytes quote, struct buf *out)
{
    const struct digest session = session_of(binding);
    struct buf payload = {0};
    struct cbor_writer w;

    ASSERT(digest_equal(&binding->giver, &key->fingerprint));
    cbor_writer_init(&w, &payload);
    cbor_put_map(&w, quote.len > 0 ? 8 : 7);
    put_digest(&w, "peer", &binding->peer);
    cbor_put_text(&w, "role");
    cbor_put_text(&w, role_names[binding->role]);
    put_digest(&w, "nonce", &binding->nonce);
    if (quote.len > 0) {
        cbor_put_text(&w, "quote");
        cbor_put_raw(&w, quote);
    }
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
    struct bytes quote; /* empty: there is none */
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
    uint64_t pairs;

    cbor_reader_init(&r, payload);
    pairs = cbor_get_map(&r);
    out->peer = get_digest(&r, "peer");
    out->role = get_role(&r);
    out->nonce = get_digest(&r, "nonce");
    out->quote = cbor_accept_key(&r, "quote") ? cbor_get_raw(&r) : (struct bytes){0};
    if (pairs != (out->quote.len > 0 ? 8 : 7))
        cbor_fail(&r, ERR_RANGE);
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

/* Where a TPM is enrolled, there must be a quote of it. */
static enum attest_code judge_quote(struct bytes bytes, const struct attest_binding *b,
                                    const struct attest_policy *policy)
{
    const struct attest_expected *expected =
        policy->expected != NULL ? policy->expected(policy->context, &b->giver) : NULL;
    const struct digest qualifying = attest_binding_digest(b);
    struct attest_quote quote;

    if (expected == NULL || MUTATE(QUOTE_OPTIONAL, bytes.len == 0, false))
        return ATTEST_ACCEPTED;
    if (bytes.len == 0)
        return ATTEST_NO_QUOTE;
    if (attest_quote_decode(bytes, &quote) != ERR_OK)
        return ATTEST_QUOTE_FORM;
    if (MUTATE(QUOTE_OF_SIMULATOR, false, quote.kind == ATTEST_QUOTE_SWTPM && policy->refuses_simulators))
        return ATTEST_QUOTE_SIMULATED;
    switch (attest_quote_check(&quote, expected, &qualifying)) {
    case ERR_OK:
        return ATTEST_ACCEPTED;
    case ERR_SIGNATURE:
        return ATTEST_QUOTE_KEY;
    case ERR_STALE:
        return ATTEST_QUOTE_BOUND;
    case ERR_MISMATCH:
        return ATTEST_QUOTE_PCRS;
    default:
        return ATTEST_QUOTE_FORM;
    }
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
    if (code == ATTEST_ACCEPTED)
        code = judge_quote(s.quote, binding, policy);
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
