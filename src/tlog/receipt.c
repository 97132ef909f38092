/* COSE receipts (RFC 9942) for the entries of the log. */
#include "tlog/receipt.h"

#include <string.h>

#include "base/mutate.h"
#include "codec/cbor.h"
#include "crypto/cose.h"
#include "ledger/block.h"

/* RFC 9052 and RFC 9942. */
enum { TAG_SIGN1 = 18, HEADER_ALG = 1, HEADER_KID = 4, HEADER_RECEIPTS = 394, HEADER_VDS = 395, HEADER_VDP = 396 };
enum { ALG_EDDSA = -8, VDS_RFC9162_SHA256 = 1, PROOF_INCLUSION = -1 };

/* ---- signing */

static void put_protected(const struct digest *kid, struct buf *out)
{
    struct cbor_writer w;

    cbor_writer_init(&w, out);
    cbor_put_map(&w, 3);
    cbor_put_uint(&w, HEADER_ALG);
    cbor_put_int(&w, ALG_EDDSA);
    cbor_put_uint(&w, HEADER_KID);
    digest_put(&w, kid);
    cbor_put_uint(&w, HEADER_VDS);
    cbor_put_uint(&w, VDS_RFC9162_SHA256);
    cbor_writer_done(&w);
}

/* The root is what is signed; it is nowhere in the receipt. */
static void signed_bytes(const struct digest *kid, const struct digest *root, struct buf *out)
{
    struct buf protected = {0};

    put_protected(kid, &protected);
    cose_signed_bytes(bytes_of_buf(&protected), digest_bytes(root), out);
    buf_free(&protected);
}

static struct note_key line_key(const struct public_key *public, const struct digest *fingerprint, struct buf *name)
{
    checkpoint_cosigner(fingerprint, name);
    return note_key_of(bytes_of_buf(name), NOTE_KEY_RECEIPT, public);
}

void receipt_sign(const struct secret_key *key, const struct checkpoint *c, struct buf *out)
{
    struct buf message = {0}, name = {0};
    struct note_key as = line_key(&key->public, &key->fingerprint, &name);
    uint8_t signature[SIGNATURE_SIZE];

    signed_bytes(&key->fingerprint, &c->root, &message);
    key_sign(key, bytes_of_buf(&message), signature);
    note_line_put(&as, bytes_of(signature, sizeof signature), out);
    buf_free(&message);
    buf_free(&name);
}

static enum err verify_root(const struct digest *kid, const struct digest *root, const struct public_key *key,
                            const uint8_t signature[SIGNATURE_SIZE])
{
    struct buf message = {0};
    enum err err;

    signed_bytes(kid, root, &message);
    err = MUTATE(RECEIPT_UNSIGNED, ERR_OK, key_verify(key, bytes_of_buf(&message), signature));
    buf_free(&message);
    return err;
}

enum err receipt_signature(const struct note *n, const struct public_key *key, const struct digest *root,
                           uint8_t signature[SIGNATURE_SIZE])
{
    struct digest kid = key_fingerprint(key);
    struct buf name = {0}, bytes = {0};
    struct note_key as = line_key(key, &kid, &name);
    enum err err = note_signature(n, &as, &bytes);

    if (err == ERR_OK && bytes.len != SIGNATURE_SIZE)
        err = ERR_SIGNATURE;
    if (err == ERR_OK)
        err = verify_root(&kid, root, key, bytes.data);
    if (err == ERR_OK)
        memcpy(signature, bytes.data, SIGNATURE_SIZE);
    buf_free(&name);
    buf_free(&bytes);
    return err;
}

/* ---- one receipt */

static void put_proof(const struct receipt *r, struct buf *out)
{
    struct cbor_writer w;

    cbor_writer_init(&w, out);
    cbor_put_array(&w, 3);
    cbor_put_uint(&w, r->size);
    cbor_put_uint(&w, r->index);
    cbor_put_array(&w, r->path.count);
    for (size_t i = 0; i < r->path.count; i++)
        digest_put(&w, &r->path.nodes[i]);
    cbor_writer_done(&w);
}

void receipt_encode(const struct receipt *r, struct buf *out)
{
    struct buf protected = {0}, proof = {0};
    struct cbor_writer w;

    put_protected(&r->kid, &protected);
    put_proof(r, &proof);
    cbor_writer_init(&w, out);
    cbor_put_tag(&w, TAG_SIGN1);
    cbor_put_array(&w, 4);
    cbor_put_bytes(&w, bytes_of_buf(&protected));
    cbor_put_map(&w, 1);
    cbor_put_uint(&w, HEADER_VDP);
    cbor_put_map(&w, 1);
    cbor_put_int(&w, PROOF_INCLUSION);
    cbor_put_array(&w, 1);
    cbor_put_bytes(&w, bytes_of_buf(&proof));
    cbor_put_null(&w);
    cbor_put_bytes(&w, bytes_of(r->signature, sizeof r->signature));
    cbor_writer_done(&w);
    buf_free(&protected);
    buf_free(&proof);
}

static void expect_int(struct cbor_reader *r, int64_t wanted)
{
    int64_t found = cbor_get_int(r);

    if (r->err == ERR_OK && found != wanted)
        cbor_fail(r, ERR_UNKNOWN);
}

static enum err parse_protected(struct bytes in, struct receipt *out)
{
    struct cbor_reader r;

    cbor_reader_init(&r, in);
    cbor_expect_map(&r, 3);
    expect_int(&r, HEADER_ALG);
    expect_int(&r, ALG_EDDSA);
    expect_int(&r, HEADER_KID);
    out->kid = digest_get(&r);
    expect_int(&r, HEADER_VDS);
    expect_int(&r, VDS_RFC9162_SHA256);
    return cbor_reader_done(&r);
}

static enum err parse_proof(struct bytes in, struct receipt *out)
{
    struct cbor_reader r;
    uint64_t count;

    cbor_reader_init(&r, in);
    cbor_expect_array(&r, 3);
    out->size = cbor_get_uint(&r);
    out->index = cbor_get_uint(&r);
    count = cbor_get_array(&r);
    if (r.err == ERR_OK && (count == 0 || count > MERKLE_PROOF_MAX)) {
        cbor_fail(&r, ERR_RANGE); /* "inclusion-path: [ + bstr ]" */
        count = 0;
    }
    for (uint64_t i = 0; i < count && r.err == ERR_OK; i++)
        out->path.nodes[out->path.count++] = digest_get(&r);
    return cbor_reader_done(&r);
}

enum err receipt_parse(struct bytes in, struct receipt *out)
{
    struct receipt found = {0};
    struct bytes protected, proof, signature;
    struct cbor_reader r;
    enum err err;

    cbor_reader_init(&r, in);
    if (cbor_get_tag(&r) != TAG_SIGN1 && r.err == ERR_OK)
        cbor_fail(&r, ERR_TYPE);
    cbor_expect_array(&r, 4);
    protected = cbor_get_bytes(&r);
    cbor_expect_map(&r, 1);
    expect_int(&r, HEADER_VDP);
    cbor_expect_map(&r, 1);
    expect_int(&r, PROOF_INCLUSION);
    cbor_expect_array(&r, 1);
    proof = cbor_get_bytes(&r);
    cbor_get_null(&r);
    signature = cbor_get_bytes_of(&r, SIGNATURE_SIZE);
    err = cbor_reader_done(&r);
    if (err == ERR_OK)
        err = parse_protected(protected, &found);
    if (err == ERR_OK)
        err = parse_proof(proof, &found);
    if (err != ERR_OK)
        return err;
    memcpy(found.signature, signature.data, SIGNATURE_SIZE);
    *out = found;
    return ERR_OK;
}

enum err receipt_verify(const struct receipt *r, const struct digest *leaf, const struct public_key *key)
{
    struct digest kid = key_fingerprint(key), root;
    enum err err;

    if (!digest_equal(&kid, &r->kid))
        return ERR_MISMATCH;
    err = merkle_inclusion_root(leaf, r->index, r->size, &r->path, &root);
    return err == ERR_OK ? verify_root(&kid, &root, key, r->signature) : err;
}

/* ---- beside the entry */

/* The parts of a COSE_Sign1. */
struct sign1 {
    struct bytes protected, payload, signature; /* as they are encoded */
    bool has_receipts;
    struct bytes receipts; /* the encoded array */
    struct bytes attached; /* the encoded array of what else is in the unprotected header; empty: nothing */
};

static enum err parse_sign1(struct bytes in, struct sign1 *out)
{
    struct cbor_reader r;
    uint64_t pairs;

    *out = (struct sign1){0};
    cbor_reader_init(&r, in);
    if (cbor_get_tag(&r) != TAG_SIGN1 && r.err == ERR_OK)
        cbor_fail(&r, ERR_TYPE);
    cbor_expect_array(&r, 4);
    out->protected = cbor_get_raw(&r);
    pairs = cbor_get_map(&r);
    if (pairs > 0 && cbor_peek(&r) == CBOR_UINT) {
        expect_int(&r, HEADER_RECEIPTS);
        out->has_receipts = true;
        out->receipts = cbor_get_raw(&r);
        pairs--;
    }
    if (pairs > 0) {
        cbor_expect_key(&r, "attached");
        out->attached = cbor_get_raw(&r);
        pairs--;
    }
    if (pairs > 0)
        cbor_fail(&r, ERR_UNKNOWN);
    out->payload = cbor_get_raw(&r);
    out->signature = cbor_get_raw(&r);
    return cbor_reader_done(&r);
}

static void put_sign1(const struct sign1 *s, const struct bytes *receipts, unsigned count, struct buf *out)
{
    struct cbor_writer w;

    cbor_writer_init(&w, out);
    cbor_put_tag(&w, TAG_SIGN1);
    cbor_put_array(&w, 4);
    cbor_put_raw(&w, s->protected);
    cbor_put_map(&w, (count > 0) + (s->attached.len > 0));
    if (count > 0) {
        cbor_put_uint(&w, HEADER_RECEIPTS);
        cbor_put_array(&w, count);
        for (unsigned i = 0; i < count; i++)
            cbor_put_bytes(&w, receipts[i]);
    }
    if (s->attached.len > 0) {
        cbor_put_text(&w, "attached");
        cbor_put_raw(&w, s->attached);
    }
    cbor_put_raw(&w, s->payload);
    cbor_put_raw(&w, s->signature);
    cbor_writer_done(&w);
}

enum err receipt_attach(struct bytes entry, const struct bytes *receipts, unsigned count, struct buf *out)
{
    struct sign1 s;
    enum err err = parse_sign1(entry, &s);

    if (err != ERR_OK || s.has_receipts)
        return ERR_SYNTAX;
    put_sign1(&s, receipts, count, out);
    return ERR_OK;
}

enum err receipt_detach(struct bytes in, struct buf *entry, struct bytes receipts[RECEIPTS_MAX], unsigned *count)
{
    struct cbor_reader r;
    struct sign1 s;
    uint64_t found;
    enum err err = parse_sign1(in, &s);

    if (err != ERR_OK || !s.has_receipts)
        return err != ERR_OK ? err : ERR_MISSING;
    cbor_reader_init(&r, s.receipts);
    found = cbor_get_array(&r);
    if (r.err == ERR_OK && (found == 0 || found > RECEIPTS_MAX)) {
        cbor_fail(&r, ERR_RANGE);
        found = 0;
    }
    for (uint64_t i = 0; i < found; i++)
        receipts[i] = cbor_get_bytes(&r);
    err = cbor_reader_done(&r);
    if (err == ERR_OK) {
        *count = (unsigned)found;
        put_sign1(&s, NULL, 0, entry);
    }
    return err;
}

/* ---- by a policy */

/* The witness whose key the receipt names; -1: none. */
static int find_witness(const struct trust_policy *p, const struct digest *kid)
{
    for (unsigned i = 0; i < p->witness_count; i++) {
        struct digest fingerprint = key_fingerprint(&p->witnesses[i].key.public);

        if (digest_equal(&fingerprint, kid))
            return (int)i;
    }
    return -1;
}

static enum err judge_one(const struct trust_policy *p, struct bytes bytes, const struct digest *leaf, bool *cosigned,
                          struct receipt *verified)
{
    struct receipt receipt = {0};
    enum err err = receipt_parse(bytes, &receipt);
    int witness = err == ERR_OK ? find_witness(p, &receipt.kid) : -1;

    if (err != ERR_OK || witness < 0)
        return err;
    if (cosigned[witness])
        return ERR_DUPLICATE;
    err = receipt_verify(&receipt, leaf, &p->witnesses[witness].key.public);
    cosigned[witness] = err == ERR_OK;
    if (err == ERR_OK)
        *verified = receipt;
    return err;
}

enum err receipt_judge(const struct trust_policy *p, struct bytes entry, const struct bytes *receipts, unsigned count,
                       struct trust_finding *finding, struct receipt *verified, struct diag *diag)
{
    struct digest leaf = entry_leaf_hash(entry);
    bool *cosigned = mem_array(p->witness_count + 1, sizeof cosigned[0]);
    enum err err = ERR_OK;

    for (unsigned i = 0; i < count && err == ERR_OK; i++) {
        err = judge_one(p, receipts[i], &leaf, cosigned, verified);
        if (err != ERR_OK)
            err = diag_set(diag, err, "receipt %u: %s", i, err_text(err));
    }
    *finding = (struct trust_finding){0};
    for (unsigned i = 0; i < p->witness_count; i++)
        finding->witnesses += cosigned[i];
    finding->quorum = err == ERR_OK && trust_policy_quorum(p, cosigned);
    mem_free(cosigned);
    if (err == ERR_OK && !finding->quorum)
        err = diag_set(diag, ERR_QUORUM, "receipts of %u of the policy's %u cosigners, which is not its quorum",
                       finding->witnesses, p->witness_count);
    return err;
}
