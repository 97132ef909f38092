/* What a replica signs, and who signed it. */
#include "pbft/statement.h"

#include <string.h>

#include "base/mutate.h"

static const char *const SUBJECTS[MESSAGE_TYPES_END] = {
    [MESSAGE_PRE_PREPARE] = "pre-prepare", [MESSAGE_PREPARE] = "prepare",         [MESSAGE_COMMIT] = "commit",
    [MESSAGE_CHECKPOINT] = "checkpoint",   [MESSAGE_VIEW_CHANGE] = "view-change", [MESSAGE_NEW_VIEW] = "new-view",
    [MESSAGE_FETCH] = "fetch-batch",       [MESSAGE_STATUS] = "status",           [MESSAGE_QUERY] = "query",
    [MESSAGE_REPORT] = "report",
};

static const char *content_type(enum message_type type)
{
    return type == MESSAGE_COMMIT ? VOTE_CONTENT_TYPE : PBFT_CONTENT_TYPE;
}

unsigned members_primary(const struct members *m, uint64_t view)
{
    return (unsigned)(view % m->n);
}

const char *statement_subject(enum message_type type)
{
    return (unsigned)type < MESSAGE_TYPES_END ? SUBJECTS[type] : NULL;
}

/* What a statement of this type names. What is verified is always rebuilt from what was understood, so naming is
 * binding. */
static struct digest federation_named(const struct members *m, enum message_type type)
{
    const struct digest none = {0};

    return type == MESSAGE_COMMIT ? m->federation_id : MUTATE(PBFT_FOREIGN_FEDERATION, none, m->federation_id);
}

static uint64_t epoch_named(const struct members *m, enum message_type type)
{
    return type == MESSAGE_COMMIT ? m->membership_epoch : MUTATE(PBFT_FOREIGN_EPOCH, 1, m->membership_epoch);
}

void statement_payload(const struct members *m, const struct statement *s, struct buf *out)
{
    struct digest federation = federation_named(m, s->type);
    struct cbor_writer w;

    if (s->type == MESSAGE_COMMIT) {
        struct vote vote = {m->federation_id, m->membership_epoch, s->view, s->sequence, s->digest};
        vote_payload(&vote, out);
        return;
    }
    cbor_writer_init(&w, out);
    cbor_put_map(&w, 5);
    cbor_put_text(&w, "view");
    cbor_put_uint(&w, s->view);
    cbor_put_text(&w, "digest");
    digest_put(&w, &s->digest);
    cbor_put_text(&w, "sequence");
    cbor_put_uint(&w, s->sequence);
    cbor_put_text(&w, "federation_id");
    digest_put(&w, &federation);
    cbor_put_text(&w, "membership_epoch");
    cbor_put_uint(&w, epoch_named(m, s->type));
    cbor_writer_done(&w);
}

static struct digest digest_filled(int byte)
{
    struct digest d;

    memset(d.b, byte, sizeof d.b);
    return d;
}

/* The general way to write a claim; the views in `out` are into protected and payload. */
static void claim_rebuild(const struct members *m, const struct claim *c, const struct digest *kid,
                          struct buf *protected, struct buf *payload, struct cose_sign1 *out)
{
    cose_protected(kid, content_type(c->says.type), SUBJECTS[c->says.type], protected);
    statement_payload(m, &c->says, payload);
    *out = (struct cose_sign1){.kid = *kid, .protected = bytes_of_buf(protected), .payload = bytes_of_buf(payload)};
    memcpy(out->signature, c->signature, SIGNATURE_SIZE);
}

/* Returns the size of the payload. */
static size_t claim_write(const struct members *m, const struct claim *c, const struct digest *kid, struct buf *out)
{
    struct buf protected = {0}, payload = {0};
    struct cose_sign1 cose;

    claim_rebuild(m, c, kid, &protected, &payload, &cose);
    cose_encode(&cose, out);
    size_t size = payload.len;
    buf_free(&protected);
    buf_free(&payload);
    return size;
}

/* A claim in which everything that differs between claims is of this byte, and every number this bit. */
static size_t sample_write(enum message_type type, int byte, uint64_t bit, struct buf *out)
{
    struct digest digest = digest_filled(byte);
    struct members m = {.federation_id = digest, .membership_epoch = bit};
    struct claim c = {.says = {type, bit, bit, digest}};

    memset(c.signature, byte, sizeof c.signature);
    return claim_write(&m, &c, &digest, out);
}

static void form_cut(struct claim_form *form, enum message_type type)
{
    struct buf zeros = {0}, ones = {0};

    size_t payload = sample_write(type, 0, 0, &zeros);
    sample_write(type, 0xff, 1, &ones);
    claim_form_init(form, bytes_of_buf(&zeros), bytes_of_buf(&ones), payload);
    buf_free(&zeros);
    buf_free(&ones);
}

void claim_forms_init(struct claim_forms *forms)
{
    for (enum message_type type = MESSAGE_PRE_PREPARE; type < MESSAGE_TYPES_END; type++) {
        if (SUBJECTS[type] != NULL)
            form_cut(&forms->of[type], type);
    }
}

void members_prepare(struct members *m, const struct claim_forms *forms)
{
    char issuer[ISSUER_SIZE + 1];

    m->forms = forms;
    for (unsigned i = 0; i < m->n; i++) {
        m->initials[i] = m->fingerprints[i].b[0];
        digest_hex(&m->fingerprints[i], issuer);
        memcpy(m->issuers[i], issuer, ISSUER_SIZE);
    }
}

/* Writes the exact signed COSE_Sign1; `out` has room. */
static size_t form_write(const struct members *m, const struct claim *c, uint8_t out[CLAIM_SIZE_MAX])
{
    struct claim_signer signer = {m->fingerprints[c->signer].b, m->issuers[c->signer]};
    struct claim_parts parts = {c->says.view, c->says.sequence, epoch_named(m, c->says.type), c->says.digest,
                                federation_named(m, c->says.type)};

    return claim_form_write(&m->forms->of[c->says.type], &signer, &parts, c->signature, out);
}

/* Writes the exact signed COSE_Sign1 and returns its size. */
size_t claim_put(const struct members *m, const struct claim *c, uint8_t out[CLAIM_SIZE_MAX])
{
    struct buf encoded = {0};

    ASSERT(SUBJECTS[c->says.type] != NULL && c->signer < m->n);
    if (m->forms != NULL)
        return form_write(m, c, out);
    claim_write(m, c, &m->fingerprints[c->signer], &encoded);
    size_t len = encoded.len;
    ASSERT(len <= CLAIM_SIZE_MAX);
    memcpy(out, encoded.data, len);
    buf_free(&encoded);
    return len;
}

void claim_encode(const struct members *m, const struct claim *c, struct buf *out)
{
    uint8_t bytes[CLAIM_SIZE_MAX];

    buf_add(out, bytes, claim_put(m, c, bytes));
}

/* The Sig_structure that this claim was, or is to be, signed as. Returns its size. */
static size_t claim_signed_bytes(const struct members *m, const struct claim *c, uint8_t out[CLAIM_SIZE_MAX])
{
    uint8_t bytes[CLAIM_SIZE_MAX];
    struct buf protected = {0}, payload = {0}, signed_bytes = {0};
    struct cose_sign1 cose;

    ASSERT(SUBJECTS[c->says.type] != NULL && c->signer < m->n);
    if (m->forms != NULL)
        return claim_form_signed(&m->forms->of[c->says.type], bytes_of(bytes, form_write(m, c, bytes)), out);
    claim_rebuild(m, c, &m->fingerprints[c->signer], &protected, &payload, &cose);
    cose_signed_bytes(cose.protected, cose.payload, &signed_bytes);
    size_t len = signed_bytes.len;
    ASSERT(len <= CLAIM_SIZE_MAX);
    memcpy(out, signed_bytes.data, len);
    buf_free(&protected);
    buf_free(&payload);
    buf_free(&signed_bytes);
    return len;
}

void statement_sign(const struct members *m, unsigned self, const struct secret_key *key, const struct statement *s,
                    struct claim *out)
{
    uint8_t bytes[CLAIM_SIZE_MAX];
    struct claim claim = {.says = *s, .signer = self};

    key_sign(key, bytes_of(bytes, claim_signed_bytes(m, &claim, bytes)), claim.signature);
    *out = claim;
}

enum err claim_verify(const struct members *m, const struct claim *c)
{
    uint8_t bytes[CLAIM_SIZE_MAX];
    struct bytes signed_bytes = bytes_of(bytes, claim_signed_bytes(m, c, bytes));

    return verify_cache_check(m->verify_cache, &m->keys[c->signer], signed_bytes, c->signature);
}

/* The payload of any statement of s->type. */
static enum err payload_read(struct bytes in, struct statement *s, struct digest *federation, uint64_t *epoch)
{
    struct cbor_reader r;

    cbor_reader_init(&r, in);
    cbor_expect_map(&r, 5);
    cbor_expect_key(&r, "view");
    s->view = cbor_get_uint(&r);
    cbor_expect_key(&r, s->type == MESSAGE_COMMIT ? "block_id" : "digest");
    s->digest = digest_get(&r);
    cbor_expect_key(&r, "sequence");
    s->sequence = cbor_get_uint(&r);
    cbor_expect_key(&r, "federation_id");
    *federation = digest_get(&r);
    cbor_expect_key(&r, "membership_epoch");
    *epoch = cbor_get_uint(&r);
    return cbor_reader_done(&r);
}

bool claim_membership_epoch(struct bytes cose, enum message_type type, uint64_t *epoch)
{
    struct statement says = {.type = type};
    struct digest federation;
    struct cose_sign1 parsed;
    uint64_t named;

    if (statement_subject(type) == NULL || cose_parse(cose, &parsed) != ERR_OK ||
        payload_read(parsed.payload, &says, &federation, &named) != ERR_OK)
        return false;
    *epoch = named;
    return true;
}

/* What a statement names as federation and epoch must be ours. */
static enum err payload_parse(const struct members *m, struct bytes in, struct statement *s)
{
    struct digest federation;
    uint64_t epoch;
    enum err err = payload_read(in, s, &federation, &epoch);

    if (err != ERR_OK)
        return err;
    struct digest ours = federation_named(m, s->type);
    uint64_t present = epoch_named(m, s->type);
    bool foreign = MUTATE(PBFT_OLD_EPOCH_COUNTS, epoch > present, epoch != present);
    if (foreign || !digest_equal(&federation, &ours))
        return ERR_MISMATCH;
    return s->view <= VIEW_MAX && s->sequence <= SEQUENCE_MAX ? ERR_OK : ERR_RANGE;
}

static int member_find(const struct members *m, const uint8_t *fingerprint)
{
    for (unsigned i = 0; i < m->n; i++) {
        if (m->initials[i] == fingerprint[0] && memcmp(m->fingerprints[i].b, fingerprint, DIGEST_SIZE) == 0)
            return (int)i;
    }
    return -1;
}

size_t claim_take(const struct members *m, struct bytes in, enum message_type type, struct claim *out)
{
    struct claim_signer signer;
    struct claim_parts parts;
    struct digest federation = federation_named(m, type);
    const uint8_t *signature;

    if (m->forms == NULL)
        return 0;
    size_t size = claim_form_read(&m->forms->of[type], in, &signer, &parts, &signature);
    if (size == 0 || parts.view > VIEW_MAX || parts.sequence > SEQUENCE_MAX ||
        parts.membership_epoch != epoch_named(m, type) || !digest_equal(&parts.federation_id, &federation))
        return 0;
    int member = member_find(m, signer.kid);
    if (member < 0 || memcmp(m->issuers[member], signer.issuer, ISSUER_SIZE) != 0)
        return 0;
    out->says = (struct statement){type, parts.view, parts.sequence, parts.digest};
    out->signer = (unsigned)member;
    out->unverified = false;
    memcpy(out->signature, signature, SIGNATURE_SIZE);
    return size;
}

/* One form of header only, else a statement could count for us and fail in the proof that we make of it. */
static bool header_is_canonical(enum message_type type, const struct cose_sign1 *cose)
{
    struct buf protected = {0};

    cose_protected(&cose->kid, content_type(type), SUBJECTS[type], &protected);
    bool same = bytes_equal(bytes_of_buf(&protected), cose->protected);
    buf_free(&protected);
    return same;
}

/* The general way to read a claim, which knows what is wrong with it. */
static enum err claim_read(const struct members *m, struct bytes in, enum message_type type, struct claim *out)
{
    struct voters voters = {m->n, m->quorum, m->keys, m->fingerprints, m->verify_cache};
    struct claim claim = {.says.type = type};
    struct cose_sign1 cose;

    enum err err = cose_parse_as(in, content_type(type), SUBJECTS[type], &cose);
    if (err != ERR_OK)
        return err;
    int signer = voters_find(&voters, &cose.kid);
    if (signer < 0)
        return ERR_UNKNOWN;
    err = payload_parse(m, cose.payload, &claim.says);
    if (err != ERR_OK)
        return err;
    if (!header_is_canonical(type, &cose))
        return ERR_CANONICAL;
    claim.signer = (unsigned)signer;
    memcpy(claim.signature, cose.signature, SIGNATURE_SIZE);
    *out = claim;
    return ERR_OK;
}

enum err claim_parse(const struct members *m, struct bytes in, enum message_type type, struct claim *out)
{
    struct claim claim;

    if (in.len == 0 || claim_take(m, in, type, &claim) != in.len)
        return claim_read(m, in, type, out);
    *out = claim;
    return ERR_OK;
}
