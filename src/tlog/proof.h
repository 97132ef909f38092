#ifndef PRISMFED_TLOG_PROOF_H
#define PRISMFED_TLOG_PROOF_H

#include "tlog/trust_policy.h"

/* The proof that an entry is in the log, as one text that verifies alone (C2SP tlog-proof v1):
 *
 *     c2sp.org/tlog-proof@v1
 *     extra BASE64
 *     index N
 *     BASE64 ...                        the inclusion proof, from the leaf's sibling on
 *                                       (a blank line, and the checkpoint as it was signed)
 *
 * What "extra" holds makes the file whole, and nothing of it is believed before it is compared: the deterministic map
 * {"key": the signer's public key, or null, "entry": the entry's bytes, "links": [bytes...]}. The key must have the
 * fingerprint that the entry names; the links lead from the validators of genesis to those that cosigned. */

enum { PROOF_SIZE_MAX = 16 << 20, PROOF_LINKS_MAX = 4096 };

struct proof {
    uint64_t index;
    struct merkle_proof path;
    struct bytes checkpoint; /* the signed note, as it stands */
    bool has_key;
    struct public_key key; /* of the entry's signer, when has_key */
    struct bytes entry;
    unsigned link_count;
    struct bytes *links; /* the array is owned */
    struct buf extra;    /* owned; of a parsed one */
};

void proof_print(const struct proof *p, struct buf *out);
/* Strict. Views into in and into extra; proof_free() on success. ERR_SYNTAX, ERR_LIMIT, errors of the CBOR reader. */
enum err proof_parse(struct bytes in, struct proof *out, struct diag *diag) MUST_CHECK;
void proof_free(struct proof *p);

/* Is the entry in the tree of the checkpoint, and does it name the key? The note's signatures are the policy's affair.
 * ERR_MISMATCH, ERR_RANGE, errors of note and checkpoint; the diag says what. *c: views into n. */
enum err proof_check(const struct proof *p, const struct note *n, struct checkpoint *c, struct diag *diag) MUST_CHECK;
/* From the validators of genesis over the links to those that follow: *voters, which has those of genesis, is replaced.
 * Errors of link_verify(). */
enum err proof_follow(const struct proof *p, const struct digest *federation_id, struct voter_set *voters,
                      struct diag *diag) MUST_CHECK;

#endif
