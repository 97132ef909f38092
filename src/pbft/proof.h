#ifndef PRISMFED_PBFT_PROOF_H
#define PRISMFED_PBFT_PROOF_H

#include "pbft/statement.h"

/* `signatures` under one statement. signers ascend and are none of them `except` (n for nobody). */
void signatures_encode(struct cbor_writer *w, const struct claim *claims, unsigned count);
/* Reads exactly `need` of them; with verify false the signatures themselves are not looked at, nor are those that kept
 * has (NULL: nobody keeps any). The reader gets the error. */
void signatures_check(struct cbor_reader *r, const struct members *m, const struct statement *s, unsigned need,
                      unsigned except, bool verify, const struct claims_kept *kept);

/* That `digest` was prepared at `sequence` in `view` (OSDI'99 section 4.4, an element of P):
 * [sequence, view, digest, signature of the PRE-PREPARE, signatures of quorum - 1 PREPAREs]. */
struct proof {
    uint64_t sequence, view;
    struct digest digest;
};
void proof_encode(const struct claim *pre_prepare, const struct claim *prepares, unsigned count, struct buf *out);
/* Reads one; the reader gets the error. verify and kept: as above. */
struct proof proof_read(struct cbor_reader *r, const struct members *m, bool verify, const struct claims_kept *kept);
/* Of one that was read before. */
struct proof proof_reread(struct cbor_reader *r);

#endif
