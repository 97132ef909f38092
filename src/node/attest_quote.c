/* The bytes of a quote (TPM 2.0 Library Specification, part 2, section 10.12), and who has signed them. */
#include "node/attest_quote.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>

#include "base/mutate.h"

enum { HALF = 32, TPM_ST_ATTEST_QUOTE = 0x8018, TPM_ALG_SHA256 = 0x000b };

static const uint32_t tpm_generated = 0xff544347; /* TPM_GENERATED_VALUE */

/* ---- as a CBOR item */

static const char *const kind_names[ATTEST_QUOTE_KIND_COUNT] = {
    [ATTEST_QUOTE_TPM] = "tpm", [ATTEST_QUOTE_SWTPM] = "swtpm"};

void attest_quote_encode(const struct attest_quote *quote, struct buf *out)
{
    struct cbor_writer w;

    cbor_writer_init(&w, out);
    cbor_put_array(&w, 3);
    cbor_put_text(&w, kind_names[quote->kind]);
    cbor_put_bytes(&w, quote->attested);
    cbor_put_bytes(&w, bytes_of(quote->signature, sizeof quote->signature));
    cbor_writer_done(&w);
}

enum err attest_quote_decode(struct bytes in, struct attest_quote *out)
{
    struct attest_quote q = {.kind = ATTEST_QUOTE_KIND_COUNT};
    struct cbor_reader r;
    struct bytes kind, signature;

    cbor_reader_init(&r, in);
    cbor_expect_array(&r, 3);
    kind = cbor_get_text(&r);
    for (int i = 0; i < ATTEST_QUOTE_KIND_COUNT; i++) {
        if (bytes_equal(kind, bytes_of_text(kind_names[i])))
            q.kind = (enum attest_quote_kind)i;
    }
    if (q.kind == ATTEST_QUOTE_KIND_COUNT)
        cbor_fail(&r, ERR_UNKNOWN);
    q.attested = cbor_get_bytes(&r);
    if (q.attested.len > ATTEST_QUOTE_SIZE_MAX)
        cbor_fail(&r, ERR_LIMIT);
    signature = cbor_get_bytes_of(&r, sizeof q.signature);
    if (signature.len == sizeof q.signature)
        memcpy(q.signature, signature.data, sizeof q.signature);
    if (cbor_reader_done(&r) == ERR_OK)
        *out = q;
    return cbor_reader_done(&r);
}

/* ---- TPMS_ATTEST */

/* Big-endian numbers and what they count; after the end everything is zero, and is_short is set. */
struct cursor {
    struct bytes in;
    bool is_short;
};

static struct bytes take(struct cursor *c, size_t len)
{
    struct bytes part = {0};

    if (len > c->in.len) {
        c->is_short = true;
        c->in.len = 0;
        return part;
    }
    part = bytes_of(c->in.data, len);
    c->in = bytes_of(c->in.data + len, c->in.len - len);
    return part;
}

static uint32_t take_uint(struct cursor *c, size_t size)
{
    struct bytes part = take(c, size);
    uint32_t v = 0;

    for (size_t i = 0; i < part.len; i++)
        v = v << 8 | part.data[i];
    return v;
}

struct attested {
    struct bytes extra;
    uint32_t pcrs;
    struct bytes pcr_digest;
};

/* One selection, of the SHA-256 bank. */
static bool take_selection(struct cursor *c, uint32_t *pcrs)
{
    uint32_t count = take_uint(c, 4), algorithm = take_uint(c, 2), size = take_uint(c, 1);
    struct bytes bits = take(c, size);

    *pcrs = 0;
    for (size_t i = 0; i < bits.len && i < ATTEST_PCRS / 8; i++)
        *pcrs |= (uint32_t)bits.data[i] << 8 * i;
    return count == 1 && algorithm == TPM_ALG_SHA256 && bits.len <= ATTEST_PCRS / 8;
}

static bool read_attested(struct bytes in, struct attested *out)
{
    enum { CLOCK_INFO = 8 + 4 + 4 + 1, FIRMWARE_VERSION = 8 };
    struct cursor c = {.in = in};
    bool is_quote = take_uint(&c, 4) == tpm_generated && take_uint(&c, 2) == TPM_ST_ATTEST_QUOTE;

    (void)take(&c, take_uint(&c, 2)); /* the name of the key */
    out->extra = take(&c, take_uint(&c, 2));
    (void)take(&c, CLOCK_INFO + FIRMWARE_VERSION);
    is_quote = take_selection(&c, &out->pcrs) && is_quote;
    out->pcr_digest = take(&c, take_uint(&c, 2));
    return is_quote && !c.is_short && c.in.len == 0;
}

/* ---- the signature */

static gnutls_datum_t datum(const uint8_t *data, size_t len)
{
    gnutls_datum_t d = {.size = (unsigned)len};

    memcpy(&d.data, &data, sizeof data); /* it is only read, though its pointer is not to const */
    return d;
}

static bool is_signed(const struct attest_quote *quote, const uint8_t key[ATTEST_QUOTE_KEY_SIZE])
{
    const gnutls_datum_t x = datum(key, HALF), y = datum(key + HALF, HALF);
    const gnutls_datum_t r = datum(quote->signature, HALF), s = datum(quote->signature + HALF, HALF);
    const gnutls_datum_t message = datum(quote->attested.data, quote->attested.len);
    gnutls_datum_t der = {0};
    gnutls_pubkey_t public;
    bool good;

    if (gnutls_pubkey_init(&public) < 0)
        return false;
    good = gnutls_pubkey_import_ecc_raw(public, GNUTLS_ECC_CURVE_SECP256R1, &x, &y) == 0 &&
           gnutls_encode_rs_value(&der, &r, &s) == 0 &&
           gnutls_pubkey_verify_data2(public, GNUTLS_SIGN_ECDSA_SHA256, 0, &message, &der) >= 0;
    gnutls_free(der.data);
    gnutls_pubkey_deinit(public);
    return good;
}

enum err attest_quote_check(const struct attest_quote *quote, const struct attest_expected *expected,
                            const struct digest *qualifying)
{
    struct attested a;

    if (!read_attested(quote->attested, &a))
        return ERR_SYNTAX;
    if (MUTATE(QUOTE_ANY_KEY, false, !is_signed(quote, expected->key)))
        return ERR_SIGNATURE;
    if (MUTATE(QUOTE_ANY_DATA, false, !bytes_equal(a.extra, digest_bytes(qualifying))))
        return ERR_STALE;
    if (MUTATE(QUOTE_ANY_PCRS, false,
               a.pcrs != expected->pcrs || !bytes_equal(a.pcr_digest, digest_bytes(&expected->pcr_digest))))
        return ERR_MISMATCH;
    return ERR_OK;
}
