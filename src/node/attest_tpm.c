/* A TPM through ESYS (TSS 2.0 Enhanced System API). */
#include "node/attest_tpm.h"

#ifdef PRISMFED_WITH_TPM

#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

enum { HALF = 32 };

struct attest_tpm {
    TSS2_TCTI_CONTEXT *tcti;
    ESYS_CONTEXT *esys;
    ESYS_TR key;
    uint8_t point[ATTEST_QUOTE_KEY_SIZE];
    uint32_t pcrs;
    enum attest_quote_kind kind;
};

static enum err refused(struct diag *diag, const char *what, TSS2_RC rc)
{
    return diag_set(diag, ERR_IO, "the TPM: %s: %s", what, Tss2_RC_Decode(rc));
}

/* A restricted signing key: it signs what the TPM itself has made, and nothing that looks like it. */
static TPM2B_PUBLIC key_template(void)
{
    TPM2B_PUBLIC t = {0};

    t.publicArea.type = TPM2_ALG_ECC;
    t.publicArea.nameAlg = TPM2_ALG_SHA256;
    t.publicArea.objectAttributes = TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT |
                                    TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN;
    t.publicArea.parameters.eccDetail.symmetric.algorithm = TPM2_ALG_NULL;
    t.publicArea.parameters.eccDetail.scheme.scheme = TPM2_ALG_ECDSA;
    t.publicArea.parameters.eccDetail.scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
    t.publicArea.parameters.eccDetail.curveID = TPM2_ECC_NIST_P256;
    t.publicArea.parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
    return t;
}

/* Numbers come without leading zeros. */
static void put_half(uint8_t out[HALF], const uint8_t *data, size_t len)
{
    memset(out, 0, HALF);
    if (len <= HALF)
        memcpy(out + HALF - len, data, len);
}

static enum err make_key(struct attest_tpm *tpm, struct diag *diag)
{
    const TPM2B_SENSITIVE_CREATE sensitive = {0};
    const TPM2B_PUBLIC template = key_template();
    const TPM2B_DATA outside = {0};
    const TPML_PCR_SELECTION none = {0};
    TPM2B_PUBLIC *public = NULL;
    TSS2_RC rc = Esys_CreatePrimary(tpm->esys, ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                                    &sensitive, &template, &outside, &none, &tpm->key, &public, NULL, NULL, NULL);

    if (rc != TSS2_RC_SUCCESS)
        return refused(diag, "its attestation key", rc);
    put_half(tpm->point, public->publicArea.unique.ecc.x.buffer, public->publicArea.unique.ecc.x.size);
    put_half(tpm->point + HALF, public->publicArea.unique.ecc.y.buffer, public->publicArea.unique.ecc.y.size);
    Esys_Free(public);
    return ERR_OK;
}

/* A simulator says that its vendor is "SW". */
static enum err look_at_vendor(struct attest_tpm *tpm, struct diag *diag)
{
    TPMS_CAPABILITY_DATA *data = NULL;
    TPMI_YES_NO more;
    TSS2_RC rc = Esys_GetCapability(tpm->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, TPM2_CAP_TPM_PROPERTIES,
                                    TPM2_PT_VENDOR_STRING_1, 1, &more, &data);

    if (rc != TSS2_RC_SUCCESS)
        return refused(diag, "its vendor", rc);
    tpm->kind = ATTEST_QUOTE_TPM;
    if (data->data.tpmProperties.count > 0 && data->data.tpmProperties.tpmProperty[0].value >> 16 == ('S' << 8 | 'W'))
        tpm->kind = ATTEST_QUOTE_SWTPM;
    Esys_Free(data);
    return ERR_OK;
}

enum err attest_tpm_open(const char *tcti, uint32_t pcrs, struct attest_tpm **out, struct diag *diag)
{
    struct attest_tpm *tpm = mem_alloc(sizeof *tpm);
    enum err err = ERR_OK;
    TSS2_RC rc = Tss2_TctiLdr_Initialize(tcti, &tpm->tcti);

    tpm->pcrs = pcrs;
    tpm->key = ESYS_TR_NONE;
    if (rc == TSS2_RC_SUCCESS)
        rc = Esys_Initialize(&tpm->esys, tpm->tcti, NULL);
    if (rc != TSS2_RC_SUCCESS)
        err = refused(diag, tcti, rc);
    if (err == ERR_OK)
        err = look_at_vendor(tpm, diag);
    if (err == ERR_OK)
        err = make_key(tpm, diag);
    if (err != ERR_OK) {
        attest_tpm_close(tpm);
        return err;
    }
    *out = tpm;
    return ERR_OK;
}

void attest_tpm_close(struct attest_tpm *tpm)
{
    if (tpm == NULL)
        return;
    if (tpm->esys != NULL && tpm->key != ESYS_TR_NONE)
        (void)Esys_FlushContext(tpm->esys, tpm->key);
    if (tpm->esys != NULL)
        Esys_Finalize(&tpm->esys);
    if (tpm->tcti != NULL)
        Tss2_TctiLdr_Finalize(&tpm->tcti);
    mem_free(tpm);
}

static TPML_PCR_SELECTION selection_of(uint32_t pcrs)
{
    TPML_PCR_SELECTION s = {.count = 1};

    s.pcrSelections[0].hash = TPM2_ALG_SHA256;
    s.pcrSelections[0].sizeofSelect = ATTEST_PCRS / 8;
    for (unsigned i = 0; i < ATTEST_PCRS / 8; i++)
        s.pcrSelections[0].pcrSelect[i] = (uint8_t)(pcrs >> 8 * i);
    return s;
}

static enum err quote(struct attest_tpm *tpm, const struct digest *qualifying, TPM2B_ATTEST **attested,
                      TPMT_SIGNATURE **signature, struct diag *diag)
{
    const TPML_PCR_SELECTION selection = selection_of(tpm->pcrs);
    const TPMT_SIG_SCHEME scheme = {.scheme = TPM2_ALG_NULL}; /* that of the key */
    TPM2B_DATA data = {.size = sizeof qualifying->b};
    TSS2_RC rc;

    memcpy(data.buffer, qualifying->b, sizeof qualifying->b);
    rc = Esys_Quote(tpm->esys, tpm->key, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &data, &scheme, &selection,
                    attested, signature);
    return rc == TSS2_RC_SUCCESS ? ERR_OK : refused(diag, "a quote", rc);
}

enum err attest_tpm_describe(struct attest_tpm *tpm, enum attest_quote_kind *kind, struct attest_expected *out,
                             struct diag *diag)
{
    const struct digest nothing = {{0}};
    TPM2B_ATTEST *attested = NULL;
    TPMT_SIGNATURE *signature = NULL;
    enum err err = quote(tpm, &nothing, &attested, &signature, diag);

    if (err != ERR_OK)
        return err;
    *kind = tpm->kind;
    *out = (struct attest_expected){.pcrs = tpm->pcrs};
    memcpy(out->key, tpm->point, sizeof out->key);
    /* The digest of the registers ends a quote. */
    if (attested->size > DIGEST_SIZE)
        out->pcr_digest = digest_from(bytes_of(attested->attestationData + attested->size - DIGEST_SIZE, DIGEST_SIZE));
    Esys_Free(attested);
    Esys_Free(signature);
    return ERR_OK;
}

enum err attest_tpm_quote(struct attest_tpm *tpm, const struct digest *qualifying, struct buf *out, struct diag *diag)
{
    TPM2B_ATTEST *attested = NULL;
    TPMT_SIGNATURE *signature = NULL;
    struct attest_quote q = {.kind = tpm->kind};
    enum err err = quote(tpm, qualifying, &attested, &signature, diag);

    if (err != ERR_OK)
        return err;
    q.attested = bytes_of(attested->attestationData, attested->size);
    put_half(q.signature, signature->signature.ecdsa.signatureR.buffer, signature->signature.ecdsa.signatureR.size);
    put_half(q.signature + HALF, signature->signature.ecdsa.signatureS.buffer,
             signature->signature.ecdsa.signatureS.size);
    attest_quote_encode(&q, out);
    Esys_Free(attested);
    Esys_Free(signature);
    return ERR_OK;
}

#else

enum err attest_tpm_open(const char *tcti, uint32_t pcrs, struct attest_tpm **out, struct diag *diag)
{
    (void)pcrs;
    (void)out;
    return diag_set(diag, ERR_UNKNOWN, "%s: this program was built without tpm2-tss (Debian's libtss2-dev)", tcti);
}

void attest_tpm_close(struct attest_tpm *tpm)
{
    ASSERT(tpm == NULL);
}

enum err attest_tpm_describe(struct attest_tpm *tpm, enum attest_quote_kind *kind, struct attest_expected *out,
                             struct diag *diag)
{
    (void)tpm;
    (void)kind;
    (void)out;
    return diag_set(diag, ERR_UNKNOWN, "there is no TPM");
}

enum err attest_tpm_quote(struct attest_tpm *tpm, const struct digest *qualifying, struct buf *out, struct diag *diag)
{
    (void)tpm;
    (void)qualifying;
    (void)out;
    return diag_set(diag, ERR_UNKNOWN, "there is no TPM");
}

#endif
