/* What a quorum has signed, in 64 bytes for each of them. */
#include "pbft/proof.h"

#include <string.h>

#include "base/mutate.h"

void signatures_encode(struct cbor_writer *w, const struct claim *claims, unsigned count)
{
    cbor_put_array(w, count);
    for (unsigned i = 0; i < count; i++) {
        cbor_put_array(w, 2);
        cbor_put_uint(w, claims[i].signer);
        cbor_put_bytes(w, bytes_of(claims[i].signature, SIGNATURE_SIZE));
    }
}

/* Most of what a VIEW-CHANGE proves was told to everybody when it came to be. */
static enum err verify_unless_kept(const struct members *m, const struct claim *claim, const struct claims_kept *kept)
{
    return kept != NULL && kept->has(kept->keeper, claim) ? ERR_OK : claim_verify(m, claim);
}

void signatures_check(struct cbor_reader *r, const struct members *m, const struct statement *s, unsigned need,
                      unsigned except, bool verify, const struct claims_kept *kept)
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
        least = MUTATE(PBFT_SIGNER_TWICE, 0, (unsigned)signer + 1);
        claim.signer = (unsigned)signer;
        memcpy(claim.signature, signature.data, SIGNATURE_SIZE);
        enum err err = verify ? verify_unless_kept(m, &claim, kept) : ERR_OK;
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
    digest_put(&w, &pre_prepare->says.digest);
    cbor_put_bytes(&w, bytes_of(pre_prepare->signature, SIGNATURE_SIZE));
    signatures_encode(&w, prepares, count);
    cbor_writer_done(&w);
}

struct proof proof_reread(struct cbor_reader *r)
{
    struct proof proof;

    cbor_expect_array(r, 5);
    proof.sequence = cbor_get_uint(r);
    proof.view = cbor_get_uint(r);
    proof.digest = digest_get(r);
    (void)cbor_get_raw(r);
    (void)cbor_get_raw(r);
    ASSERT(r->err == ERR_OK);
    return proof;
}

struct proof proof_read(struct cbor_reader *r, const struct members *m, bool verify, const struct claims_kept *kept)
{
    struct claim claim = {.says.type = MESSAGE_PRE_PREPARE};
    struct proof proof = {0};

    cbor_expect_array(r, 5);
    claim.says.sequence = cbor_get_uint(r);
    claim.says.view = cbor_get_uint(r);
    claim.says.digest = digest_get(r);
    struct bytes signature = cbor_get_bytes_of(r, SIGNATURE_SIZE);
    if (r->err == ERR_OK && (claim.says.sequence > SEQUENCE_MAX || claim.says.view > VIEW_MAX))
        cbor_fail(r, ERR_RANGE);
    if (r->err != ERR_OK)
        return proof;
    claim.signer = members_primary(m, claim.says.view);
    memcpy(claim.signature, signature.data, SIGNATURE_SIZE);
    enum err err = verify ? verify_unless_kept(m, &claim, kept) : ERR_OK;
    if (err != ERR_OK)
        cbor_fail(r, err);
    struct statement prepare = claim.says;
    prepare.type = MESSAGE_PREPARE;
    signatures_check(r, m, &prepare, m->quorum - 1, claim.signer, verify, kept);
    if (r->err != ERR_OK)
        return proof;
    proof.sequence = claim.says.sequence;
    proof.view = claim.says.view;
    proof.digest = claim.says.digest;
    return proof;
}
