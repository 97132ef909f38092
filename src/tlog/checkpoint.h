#ifndef PRISMFED_TLOG_CHECKPOINT_H
#define PRISMFED_TLOG_CHECKPOINT_H

#include "merkle/tree.h"
#include "tlog/note.h"

/* Checkpoints of the log (C2SP tlog-checkpoint v1.0.0), without extension lines:
 *
 *     prismfed/log/FEDERATION-ID        the origin; 64 hex digits
 *     SIZE
 *     BASE64 OF THE ROOT
 *
 * Who signs: one validator as the log (its key under the name of the origin), and each validator as a cosigner (C2SP
 * tlog-cosignature, "cosignature/v1", its key under the name prismfed/validator/FINGERPRINT). A validator's cosignature
 * has the time 0: it says that the validator has executed the log up to there and found this root, and not when. So it
 * is a function of the key and the checkpoint, and can be given again at any time. Witnesses give times. */

struct checkpoint {
    struct bytes origin; /* borrowed */
    uint64_t size;
    struct digest root;
};

#define CHECKPOINT_ORIGIN "prismfed/log/"
void checkpoint_origin(const struct digest *federation_id, struct buf *out);
/* Appends a validator's name as a cosigner. */
void checkpoint_cosigner(const struct digest *fingerprint, struct buf *out);

/* Appends the text that is signed. */
void checkpoint_print(const struct checkpoint *c, struct buf *out);
/* The text of a note. Views into it. ERR_SYNTAX; ERR_RANGE: there are extension lines. */
enum err checkpoint_parse(struct bytes text, struct checkpoint *out) MUST_CHECK;

/* Append the line of a signature of the text. */
void checkpoint_sign(const struct secret_key *key, const struct checkpoint *c, struct buf *out);
void checkpoint_cosign(const struct secret_key *key, const struct checkpoint *c, uint64_t time, struct buf *out);

/* What one validator gives: three lines, the last one for receipts (tlog/receipt.h). */
struct checkpoint_signer {
    struct digest kid;
    struct buf log, cosignature, receipt; /* owned */
};
void checkpoint_signer_make(const struct secret_key *key, const struct checkpoint *c, struct checkpoint_signer *out);
void checkpoint_signer_fini(struct checkpoint_signer *s);
/* Appends the signed note: the line of one of them as the log, and the cosignatures of all, and then their
 * signatures for receipts, in the order of fingerprints. They are sorted; count > 0 (asserted). */
void checkpoint_assemble(const struct checkpoint *c, struct checkpoint_signer *signers, unsigned count,
                         struct buf *out);

/* Did this key, in the way of its type, sign the note? *time (may be NULL): of a cosignature. Errors of
 * note_signature(); ERR_SIGNATURE. */
enum err checkpoint_verify(const struct note *n, const struct note_key *key, uint64_t *time) MUST_CHECK;

#endif
