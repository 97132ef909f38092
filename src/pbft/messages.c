#include "pbft/messages.h"

#include <string.h>

static const char *const SUBJECTS[MESSAGE_TYPES_END] = {
    [MESSAGE_PRE_PREPARE] = "pre-prepare", [MESSAGE_PREPARE] = "prepare",         [MESSAGE_COMMIT] = "commit",
    [MESSAGE_CHECKPOINT] = "checkpoint",   [MESSAGE_VIEW_CHANGE] = "view-change", [MESSAGE_NEW_VIEW] = "new-view",
    [MESSAGE_FETCH] = "fetch-batch",       [MESSAGE_STATUS] = "status",
};

static const char *content_type(enum message_type type)
{
    return type == MESSAGE_COMMIT ? VOTE_CONTENT_TYPE : PBFT_CONTENT_TYPE;
}

unsigned members_primary(const struct members *m, uint64_t view)
{
    return (unsigned)(view % m->n);
}

void members_prepare(struct members *m)
{
    for (enum message_type type = MESSAGE_PRE_PREPARE; type < MESSAGE_TYPES_END; type++) {
        if (SUBJECTS[type] != NULL)
            cose_form_init(&m->forms[type], content_type(type), SUBJECTS[type]);
    }
    for (unsigned i = 0; i < m->n; i++)
        m->initials[i] = m->fingerprints[i].b[0];
}

const char *statement_subject(enum message_type type)
{
    return (unsigned)type < MESSAGE_TYPES_END ? SUBJECTS[type] : NULL;
}

void statement_payload(const struct members *m, const struct statement *s, struct buf *out)
{
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
    cbor_put_bytes(&w, digest_bytes(&s->digest));
    cbor_put_text(&w, "sequence");
    cbor_put_uint(&w, s->sequence);
    cbor_put_text(&w, "federation_id");
    cbor_put_bytes(&w, digest_bytes(&m->federation_id));
    cbor_put_text(&w, "membership_epoch");
    cbor_put_uint(&w, m->membership_epoch);
    cbor_writer_done(&w);
}

static void protected_put(const struct members *m, enum message_type type, const struct digest *kid, struct buf *out)
{
    if (m->forms[type].len > 0)
        cose_form_protected(&m->forms[type], kid, out);
    else
        cose_protected(kid, content_type(type), SUBJECTS[type], out);
}

void statement_sign(const struct members *m, unsigned self, const struct secret_key *key, const struct statement *s,
                    struct claim *out)
{
    struct buf payload = {0}, protected = {0}, signed_bytes = {0};

    out->says = *s;
    out->signer = self;
    statement_payload(m, s, &payload);
    protected_put(m, s->type, &key->fingerprint, &protected);
    cose_signed_bytes(bytes_of_buf(&protected), bytes_of_buf(&payload), &signed_bytes);
    key_sign(key, bytes_of_buf(&signed_bytes), out->signature);
    buf_free(&payload);
    buf_free(&protected);
    buf_free(&signed_bytes);
}

/* Fills the COSE structure that this claim must have been signed as. */
static void claim_rebuild(const struct members *m, const struct claim *c, struct buf *protected, struct buf *payload,
                          struct cose_sign1 *out)
{
    ASSERT(SUBJECTS[c->says.type] != NULL && c->signer < m->n);
    protected_put(m, c->says.type, &m->fingerprints[c->signer], protected);
    statement_payload(m, &c->says, payload);
    memset(out, 0, sizeof *out);
    out->kid = m->fingerprints[c->signer];
    out->protected = bytes_of_buf(protected);
    out->payload = bytes_of_buf(payload);
    memcpy(out->signature, c->signature, SIGNATURE_SIZE);
}

void claim_encode(const struct members *m, const struct claim *c, struct buf *out)
{
    struct buf protected = {0}, payload = {0};
    struct cose_sign1 cose;

    claim_rebuild(m, c, &protected, &payload, &cose);
    cose_encode(&cose, out);
    buf_free(&protected);
    buf_free(&payload);
}

static enum err signature_check(const struct members *m, const struct claim *c, const struct cose_sign1 *cose)
{
    struct buf signed_bytes = {0};

    cose_signed_bytes(cose->protected, cose->payload, &signed_bytes);
    enum err err = verify_cache_check(m->verify_cache, &m->keys[c->signer], bytes_of_buf(&signed_bytes), c->signature);
    buf_free(&signed_bytes);
    return err;
}

enum err claim_verify(const struct members *m, const struct claim *c)
{
    struct buf protected = {0}, payload = {0};
    struct cose_sign1 cose;

    claim_rebuild(m, c, &protected, &payload, &cose);
    enum err err = signature_check(m, c, &cose);
    buf_free(&protected);
    buf_free(&payload);
    return err;
}

enum err claim_verify_in(const struct members *m, const struct claim *c, struct bytes in)
{
    struct cose_sign1 cose;
    enum err err = cose_split(in, &cose);

    ASSERT(err == ERR_OK && memcmp(cose.signature, c->signature, SIGNATURE_SIZE) == 0);
    return signature_check(m, c, &cose);
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
    s->digest = digest_from(cbor_get_bytes_of(&r, DIGEST_SIZE));
    cbor_expect_key(&r, "sequence");
    s->sequence = cbor_get_uint(&r);
    cbor_expect_key(&r, "federation_id");
    *federation = digest_from(cbor_get_bytes_of(&r, DIGEST_SIZE));
    cbor_expect_key(&r, "membership_epoch");
    *epoch = cbor_get_uint(&r);
    return cbor_reader_done(&r);
}

bool message_membership_epoch(struct bytes message, uint64_t *epoch)
{
    struct statement says = {.type = message.len > 1 ? (enum message_type)message.data[1] : MESSAGE_TYPES_END};
    struct digest federation;
    struct cose_sign1 cose;
    struct cbor_reader r;
    uint64_t named;

    if (statement_subject(says.type) == NULL)
        return false;
    cbor_reader_init(&r, message);
    (void)cbor_get_array(&r);
    (void)cbor_get_uint(&r);
    struct bytes item = cbor_get_raw(&r);
    if (r.err != ERR_OK || cose_split(item, &cose) != ERR_OK ||
        payload_read(cose.payload, &says, &federation, &named) != ERR_OK)
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
#ifdef MUTANT_PBFT_OLD_EPOCH_COUNTS
    if (epoch < m->membership_epoch)
        epoch = m->membership_epoch;
#endif
#ifndef MUTANT_PBFT_FOREIGN_FEDERATION
    if (!digest_equal(&federation, &m->federation_id))
        return ERR_MISMATCH;
#endif
#ifndef MUTANT_PBFT_FOREIGN_EPOCH
    if (epoch != m->membership_epoch)
        return ERR_MISMATCH;
#endif
    return s->view <= VIEW_MAX && s->sequence <= SEQUENCE_MAX ? ERR_OK : ERR_RANGE;
}

static int member_find(const struct members *m, const struct digest *fingerprint)
{
    struct voters voters = {m->n, m->quorum, m->keys, m->fingerprints, m->verify_cache};

    if (m->forms[MESSAGE_COMMIT].len == 0)
        return voters_find(&voters, fingerprint);
    for (unsigned i = 0; i < m->n; i++) {
        if (m->initials[i] == fingerprint->b[0] && digest_equal(&m->fingerprints[i], fingerprint))
            return (int)i;
    }
    return -1;
}

/* A header that is not known at sight, in full. */
static enum err header_parse(struct bytes in, enum message_type type, struct cose_sign1 *out)
{
    enum err err = cose_parse(in, out);

    if (err != ERR_OK)
        return err;
    bool ours = bytes_equal(out->content_type, bytes_of_text(content_type(type))) &&
                bytes_equal(out->subject, bytes_of_text(SUBJECTS[type]));
    return ours ? ERR_OK : ERR_TYPE;
}

/* One form only, else a statement could count for us and fail in the proof that we make of it. */
static bool header_is_canonical(enum message_type type, const struct cose_sign1 *cose)
{
    struct buf protected = {0};

    cose_protected(&cose->kid, content_type(type), SUBJECTS[type], &protected);
    bool same = bytes_equal(bytes_of_buf(&protected), cose->protected);
    buf_free(&protected);
    return same;
}

enum err claim_parse(const struct members *m, struct bytes in, enum message_type type, struct claim *out)
{
    struct claim claim = {.says.type = type};
    struct cose_sign1 cose;

    enum err err = cose_split(in, &cose);
    bool known = err == ERR_OK && cose_form_matches(&m->forms[type], cose.protected, &cose.kid);
    if (err == ERR_OK && !known)
        err = header_parse(in, type, &cose);
    if (err != ERR_OK)
        return err;
    int signer = member_find(m, &cose.kid);
    if (signer < 0)
        return ERR_UNKNOWN;
    err = payload_parse(m, cose.payload, &claim.says);
    if (err != ERR_OK)
        return err;
    if (!known && !header_is_canonical(type, &cose))
        return ERR_CANONICAL;
    claim.signer = (unsigned)signer;
    memcpy(claim.signature, cose.signature, SIGNATURE_SIZE);
    *out = claim;
    return ERR_OK;
}

enum err message_open(struct bytes in, enum message_type type, unsigned items, struct bytes *first,
                      struct bytes *second)
{
    struct cbor_reader r;

    cbor_reader_init(&r, in);
    cbor_expect_array(&r, items);
    if (cbor_get_uint(&r) != (uint64_t)type && r.err == ERR_OK)
        cbor_fail(&r, ERR_TYPE);
    struct bytes one = cbor_get_raw(&r);
    struct bytes two = items == 3 ? cbor_get_raw(&r) : bytes_of(NULL, 0);
    enum err err = cbor_reader_done(&r);
    if (err != ERR_OK)
        return err;
    *first = one;
    if (second != NULL)
        *second = two;
    return ERR_OK;
}

void batch_encode(const struct bytes *requests, unsigned count, struct buf *out)
{
    struct cbor_writer w;

    cbor_writer_init(&w, out);
    cbor_put_array(&w, count);
    for (unsigned i = 0; i < count; i++)
        cbor_put_bytes(&w, requests[i]);
    cbor_writer_done(&w);
}

enum err batch_decode(struct bytes in, struct bytes *out, unsigned *count)
{
    struct cbor_reader r;

    if (in.len > BATCH_SIZE_ALLOWED)
        return ERR_LIMIT;
    cbor_reader_init(&r, in);
    uint64_t found = cbor_get_array(&r);
    if (r.err == ERR_OK && found > PBFT_BATCH_MAX)
        cbor_fail(&r, ERR_LIMIT);
    for (uint64_t i = 0; i < found && r.err == ERR_OK; i++)
        out[i] = cbor_get_bytes(&r);
    enum err err = cbor_reader_done(&r);
    if (err == ERR_OK)
        *count = (unsigned)found;
    return err;
}

void signatures_encode(struct cbor_writer *w, const struct claim *claims, unsigned count)
{
    cbor_put_array(w, count);
    for (unsigned i = 0; i < count; i++) {
        cbor_put_array(w, 2);
        cbor_put_uint(w, claims[i].signer);
        cbor_put_bytes(w, bytes_of(claims[i].signature, SIGNATURE_SIZE));
    }
}

void signatures_check(struct cbor_reader *r, const struct members *m, const struct statement *s, unsigned need,
                      unsigned except, bool verify)
{
    struct claim claim = {.says = *s};
    unsigned least = 0;

    cbor_expect_array(r, need);
    for (unsigned i = 0; i < need && r->err == ERR_OK; i++) {
        cbor_expect_array(r, 2);
        uint64_t signer = cbor_get_uint(r);
        struct bytes signature = cbor_get_bytes_of(r, SIGNATURE_SIZE);
        if (r->err != ERR_OK)
            return;
        if (signer < least || signer >= m->n || signer == except) {
            cbor_fail(r, ERR_RANGE);
            return;
        }
#ifndef MUTANT_PBFT_SIGNER_TWICE
        least = (unsigned)signer + 1;
#endif
        claim.signer = (unsigned)signer;
        memcpy(claim.signature, signature.data, SIGNATURE_SIZE);
        enum err err = verify ? claim_verify(m, &claim) : ERR_OK;
        if (err != ERR_OK)
            cbor_fail(r, err);
    }
}

void proof_encode(const struct claim *pre_prepare, const struct claim *prepares, unsigned count, struct buf *out)
{
    struct cbor_writer w;

    cbor_writer_init(&w, out);
    cbor_put_array(&w, 5);
    cbor_put_uint(&w, pre_prepare->says.sequence);
    cbor_put_uint(&w, pre_prepare->says.view);
    cbor_put_bytes(&w, digest_bytes(&pre_prepare->says.digest));
    cbor_put_bytes(&w, bytes_of(pre_prepare->signature, SIGNATURE_SIZE));
    signatures_encode(&w, prepares, count);
    cbor_writer_done(&w);
}

struct proof proof_read(struct cbor_reader *r, const struct members *m, bool verify)
{
    struct claim claim = {.says.type = MESSAGE_PRE_PREPARE};
    struct proof proof = {0};

    cbor_expect_array(r, 5);
    claim.says.sequence = cbor_get_uint(r);
    claim.says.view = cbor_get_uint(r);
    claim.says.digest = digest_from(cbor_get_bytes_of(r, DIGEST_SIZE));
    struct bytes signature = cbor_get_bytes_of(r, SIGNATURE_SIZE);
    if (r->err == ERR_OK && (claim.says.sequence > SEQUENCE_MAX || claim.says.view > VIEW_MAX))
        cbor_fail(r, ERR_RANGE);
    if (r->err != ERR_OK)
        return proof;
    claim.signer = members_primary(m, claim.says.view);
    memcpy(claim.signature, signature.data, SIGNATURE_SIZE);
    enum err err = verify ? claim_verify(m, &claim) : ERR_OK;
    if (err != ERR_OK)
        cbor_fail(r, err);
    struct statement prepare = claim.says;
    prepare.type = MESSAGE_PREPARE;
    signatures_check(r, m, &prepare, m->quorum - 1, claim.signer, verify);
    if (r->err != ERR_OK)
        return proof;
    proof.sequence = claim.says.sequence;
    proof.view = claim.says.view;
    proof.digest = claim.says.digest;
    return proof;
}
