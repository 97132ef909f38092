#ifndef PRISMFED_NODE_REQUEST_H
#define PRISMFED_NODE_REQUEST_H

#include "codec/json.h"
#include "node/address.h"
#include "state/genesis.h"

/* A site's request to be a founder of a federation: a COSE_Sign1 by the key that the site has just made, over
 *   {"card", "terms", "address", "federation"}
 * so that nobody asks in the name of a key that he does not have, and nobody changes on the way what was asked for. It
 * travels as a JSON file with the signed bytes in base64 and a decoded view. docs/rfc/formats.md has both. */

#define REQUEST_CONTENT_TYPE "application/prismfed.request+cbor"
#define REQUEST_SUBJECT "membership"
#define REQUEST_FORMAT "prismfed.request"

enum { REQUEST_SIZE_MAX = 64 << 10 /* of the file */ };

struct request {
    struct member_card card;
    struct digest terms;           /* scenario_terms() of the plan that the site has read */
    char address[ADDRESS_MAX + 1]; /* where the others dial it; empty: it listens nowhere */
    char federation[FEDERATION_NAME_MAX + 1];
};

/* Appends the signed bytes; the card gets the key. */
void request_sign(const struct request *request, const struct secret_key *key, struct buf *out);
/* Strict, and the signature verified: ERR_MISMATCH when another key than the card's has signed, ERR_SIGNATURE, ERR_KEY
 * for a key that is not acceptable; what is wrong is said. */
enum err request_open(struct bytes in, struct request *out, struct diag *diag) MUST_CHECK;

/* Appends the file's text. */
void request_render(struct bytes is_signed, struct buf *out);
/* Reads the file; the decoded view must be that of the signed bytes, and the diag names the place where it is not. */
enum err request_load(const char *path, struct request *out, struct diag *diag) MUST_CHECK;

#endif
