#ifndef PRISMFED_LEDGER_END_H
#define PRISMFED_LEDGER_END_H

#include "crypto/cose.h"

/* Where a record of the federation ends. Blocks say by themselves what came before them, and nothing says what came
 * after: whoever hands over a record could leave the last epochs out. So when a record is closed, the validators that
 * would certify the next block each sign an end statement: as far as this validator knows, no epoch has ended but those
 * below `epoch`. A quorum of them vouches for the end.
 *
 * Payload {"epoch", "height", "block_id", "log_root", "log_size", "state_root", "federation_id", "membership_epoch"};
 * COSE subject "end". */

#define END_CONTENT_TYPE "application/prismfed.end+cbor"

struct end_statement {
    struct digest federation_id;
    uint64_t membership_epoch; /* of the next block */
    uint64_t epoch;            /* the first that has not ended */
    uint64_t height;           /* of the block that ended the epoch before; 0: genesis */
    struct digest block_id;
    uint64_t log_size; /* after that block, like the roots */
    struct digest log_root;
    struct digest state_root;
};

void end_payload(const struct end_statement *e, struct buf *out);
void end_sign(const struct secret_key *key, const struct end_statement *e, struct buf *out);
/* Strict; checks no signature. ERR_TYPE: something else is signed; the errors of cose_parse() and the CBOR reader. */
enum err end_parse(struct bytes in, struct end_statement *out, struct cose_sign1 *cose) MUST_CHECK;

#endif
