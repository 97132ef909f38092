#ifndef PRISMFED_NODE_ATTEST_QUOTE_H
#define PRISMFED_NODE_ATTEST_QUOTE_H

#include "crypto/digest.h"

/* A quote of a TPM 2.0 (TPM 2.0 Library Specification, part 3, TPM2_Quote): what its platform configuration registers
 * held, signed by an attestation key that does not leave it, over data of the verifier's choice. Looking at one needs
 * no TPM. As a part of evidence (node/attest.h) it is the array [kind, attested, signature]. */

enum attest_quote_kind {
    ATTEST_QUOTE_TPM,   /* of hardware */
    ATTEST_QUOTE_SWTPM, /* of a simulator, which proves the protocol and nothing about a machine */
    ATTEST_QUOTE_KIND_COUNT
};

/* The coordinates of a point of P-256, most significant byte first; ECDSA with SHA-256. */
enum { ATTEST_QUOTE_KEY_SIZE = 64, ATTEST_QUOTE_SIGNATURE_SIZE = 64, ATTEST_QUOTE_SIZE_MAX = 1024, ATTEST_PCRS = 24 };

/* What somebody has enrolled about the TPM of a node. */
struct attest_expected {
    uint8_t key[ATTEST_QUOTE_KEY_SIZE];
    uint32_t pcrs;            /* bit i: register i of the SHA-256 bank is quoted, and no other */
    struct digest pcr_digest; /* SHA-256 of their values, one after the other */
};

struct attest_quote {
    enum attest_quote_kind kind;
    struct bytes attested; /* a TPMS_ATTEST */
    uint8_t signature[ATTEST_QUOTE_SIGNATURE_SIZE];
};

/* A deterministic CBOR item, appended. */
void attest_quote_encode(const struct attest_quote *quote, struct buf *out);
/* The view points into in. ERR_UNKNOWN: a kind that is not known; ERR_LIMIT, and the errors of the CBOR reader. */
enum err attest_quote_decode(struct bytes in, struct attest_quote *out) MUST_CHECK;

/* Is it signed by the enrolled key, about these data, over the enrolled values? ERR_SYNTAX: not a TPMS_ATTEST of a
 * quote; ERR_SIGNATURE: another key; ERR_STALE: other data; ERR_MISMATCH: other registers, or other values. */
enum err attest_quote_check(const struct attest_quote *quote, const struct attest_expected *expected,
                            const struct digest *qualifying) MUST_CHECK;

#endif
