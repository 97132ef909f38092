#ifndef PRISMFED_STATE_CHANGE_H
#define PRISMFED_STATE_CHANGE_H

#include "state/genesis.h"

/* A change of who takes part, votes, or weighs how much, or of what all of them speak, and the body of the entry
 * (RECONFIGURE) by which a validator signs it off:
 *   {"proof", "until", "change": {"join": {"card", "sponsor"}} or {"leave": name} or {"stake": {"name", "stake"}} or
 *                                {"rotate": {"key", "name"}} or {"protocol": number}}
 * sponsor: the name of the validator by whose wish it is. until: the last epoch in which the change may be agreed, so
 * that no sign-off stands for ever. proof: by the new key (of a join, a rotation), a COSE_Sign1 over {"until",
 * "change", "federation_id"}, subject "possession": nobody brings in a key that is not its own, and who has the key
 * agrees to this very change. Empty for the others. Everybody who signs a change off signs the same body. protocol: the
 * version that the nodes speak with each other from then on (node/protocol.h), one above the present one.
 */

#define POSSESSION_CONTENT_TYPE "application/prismfed.possession+cbor"
#define POSSESSION_SUBJECT "possession"

/* No change may be agreed later than so many epochs after the one in which it is signed off. */
enum { CHANGE_EPOCHS_MAX = 64 };

enum change_kind { CHANGE_JOIN, CHANGE_LEAVE, CHANGE_STAKE, CHANGE_ROTATE, CHANGE_PROTOCOL };

/* What every federation begins with, and where it ends. */
enum { PROTOCOL_FIRST = 1, PROTOCOL_MAX = 65535 };

struct change {
    enum change_kind kind;
    struct member_card card; /* CHANGE_LEAVE: its name only; CHANGE_STAKE, CHANGE_ROTATE: with the new stake, key;
                                CHANGE_PROTOCOL: without a name */
    char sponsor[MEMBER_NAME_MAX + 1]; /* CHANGE_JOIN */
    uint64_t protocol;                 /* CHANGE_PROTOCOL */
};

/* Does a key come with it, which must prove that somebody has it? */
bool change_has_key(const struct change *change);

/* key: the secret one of change->card.key; NULL for a change without a key. */
void change_body_encode(const struct change *change, uint64_t until, const struct digest *federation_id,
                        const struct secret_key *key, struct buf *out);
/* Strict; the proof verified, the key acceptable. */
enum err change_body_decode(struct bytes in, const struct digest *federation_id, struct change *out,
                            uint64_t *until) MUST_CHECK;

/* The value under "change". */
void change_put(struct cbor_writer *w, const struct change *change);
void change_get(struct cbor_reader *r, struct change *out);

#endif
