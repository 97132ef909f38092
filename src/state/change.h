#ifndef PRISMFED_STATE_CHANGE_H
#define PRISMFED_STATE_CHANGE_H

#include "state/genesis.h"

/* A change of who votes, and the body of the entry (RECONFIGURE) by which a validator signs it off:
 *   {"proof", "change": {"join": member card} or {"leave": name} or {"rotate": {"key", "name"}}}
 * proof: by the new key (of a JOIN, a rotation), a COSE_Sign1 over {"name", "federation_id"}, subject "possession":
 * nobody brings in a key that is not its own. Empty for "leave". Everybody who signs a change off signs the same body.
 */

#define POSSESSION_CONTENT_TYPE "application/prismfed.possession+cbor"

enum change_kind { CHANGE_JOIN, CHANGE_LEAVE, CHANGE_ROTATE };

struct change {
    enum change_kind kind;
    struct member_card card; /* CHANGE_LEAVE: the name of it only; CHANGE_ROTATE: name and new key */
};

/* key: the secret one of change->card.key; NULL for CHANGE_LEAVE. */
void change_body_encode(const struct change *change, const struct digest *federation_id, const struct secret_key *key,
                        struct buf *out);
/* Strict; the proof verified, the key acceptable, the role of who joins "core". */
enum err change_body_decode(struct bytes in, const struct digest *federation_id, struct change *out) MUST_CHECK;

/* The value under "change". */
void change_put(struct cbor_writer *w, const struct change *change);
void change_get(struct cbor_reader *r, struct change *out);

#endif
