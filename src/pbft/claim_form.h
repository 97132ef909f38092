#ifndef PRISMFED_PBFT_CLAIM_FORM_H
#define PRISMFED_PBFT_CLAIM_FORM_H

#include "crypto/key.h"

/* The COSE_Sign1 of one type of statement (messages.h) with holes for what differs from one to the next. It is
 * cut out of two encodings by the general writer, so it says nothing about the format that the writer does not;
 * claims of this form are read and written at the speed of memcpy. */

enum { CLAIM_SIZE_MAX = 480, ISSUER_SIZE = 2 * DIGEST_SIZE, CLAIM_GAP_MAX = 32 /* at most a signature */ };

/* Of a protected header of this signer. Views. */
struct claim_signer {
    const uint8_t *kid;    /* DIGEST_SIZE */
    const uint8_t *issuer; /* its hex, ISSUER_SIZE */
};

/* What the holes are filled with. */
struct claim_parts {
    uint64_t view, sequence, membership_epoch;
    struct digest digest, federation_id;
};

enum claim_hole {
    HOLE_KID,
    HOLE_ISSUER,
    HOLE_VIEW,
    HOLE_DIGEST,
    HOLE_SEQUENCE,
    HOLE_FEDERATION,
    HOLE_EPOCH,
    HOLE_SIGNATURE,
    HOLE_COUNT
};

/* What stands behind a hole, up to the next one, in words: `mask` has the bits that are always the same. */
struct claim_gap {
    uint64_t words[CLAIM_GAP_MAX / 8], mask[CLAIM_GAP_MAX / 8];
    size_t len;
};

struct claim_form {
    uint8_t bytes[CLAIM_SIZE_MAX];
    size_t len; /* 0: no form */
    size_t hole_at[HOLE_COUNT];
    size_t payload_at;
    struct claim_gap behind[HOLE_SIGNATURE]; /* each hole but the last */
};

/* zeros, ones: whole encodings in which every byte of a hole differs; integers are 0 and 1. payload: its size in them.
 */
void claim_form_init(struct claim_form *form, struct bytes zeros, struct bytes ones, size_t payload);

/* Writes it to `out` and returns its size. */
size_t claim_form_write(const struct claim_form *form, const struct claim_signer *signer,
                        const struct claim_parts *parts, const uint8_t signature[SIGNATURE_SIZE],
                        uint8_t out[CLAIM_SIZE_MAX]);
/* The Sig_structure (RFC 9052 section 4.4) of what claim_form_write() wrote. Returns its size. */
size_t claim_form_signed(const struct claim_form *form, struct bytes claim, uint8_t out[CLAIM_SIZE_MAX]);

/* What `in` begins with, if that is exactly of this form: returns its size, else 0. kid, issuer and signature are
 * views; the caller checks that issuer belongs to kid. */
size_t claim_form_read(const struct claim_form *form, struct bytes in, struct claim_signer *signer,
                       struct claim_parts *parts, const uint8_t **signature);

#endif
