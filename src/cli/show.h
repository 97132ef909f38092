#ifndef PRISMFED_CLI_SHOW_H
#define PRISMFED_CLI_SHOW_H

#include "base/bytes.h"

/* Artifacts and signed bytes as text for a person; appended to out. Nothing is verified. */

/* An epoch file, a summary, a genesis file; any other JSON is only laid out. */
enum err show_json(const char *name, struct bytes text, struct buf *out, struct diag *diag) MUST_CHECK;
/* An envelope, an anchor or another COSE_Sign1, a certificate, a block, or any deterministic CBOR. */
enum err show_bytes(struct bytes in, struct buf *out) MUST_CHECK;

#endif
