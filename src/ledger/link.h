#ifndef PRISMFED_LEDGER_LINK_H
#define PRISMFED_LEDGER_LINK_H

#include "ledger/block.h"

/* Who certifies the blocks of one membership epoch, and how one hands over to the next. Every header names the voters
 * of the block above it by digest, so that from the first voters (genesis) alone, without executing anything,
 * one gets to those of any block over one link for each closed membership epoch. */

struct voter_set {
    uint64_t membership_epoch;
    unsigned max_byzantine, quorum;
    unsigned count;
    struct public_key keys[CERTIFICATE_VOTES_MAX]; /* in order of replica */
    struct digest fingerprints[CERTIFICATE_VOTES_MAX];
};

/* {"keys": [bytes...], "quorum", "max_byzantine", "membership_epoch"} */
void voter_set_encode(const struct voter_set *set, struct buf *out);
/* Strict. Keys are acceptable (key_check) and distinct, f <= (n-1)/3, any two quorums share f + 1 voters: else
 * ERR_RANGE, ERR_DUPLICATE or key_check's error. */
enum err voter_set_decode(struct bytes in, struct voter_set *out) MUST_CHECK;
/* SHA-256 of the encoding: next_voters of a header. */
struct digest voter_set_digest(const struct voter_set *set);
/* A view into set. */
struct voters voter_set_voters(const struct voter_set *set);

/* Is this header certified by these voters? cache: borrowed, or NULL. */
enum err voter_set_certifies(const struct voter_set *set, const struct block_header *header, struct bytes certificate,
                             struct verify_cache *cache) MUST_CHECK;

/* [header of the closing block, its certificate, the next voter set]: byte strings */
void link_encode(struct bytes header, struct bytes certificate, struct bytes next, struct buf *out);
/* From the voters of one membership epoch to those of the next: the closing header is of this federation, of theirs
 * and certified by them, and names the voters that the link brings. ERR_MISMATCH, and the errors of
 * certificate and decoders. closing may be NULL. */
enum err link_verify(struct bytes in, const struct digest *federation_id, const struct voter_set *present,
                     struct voter_set *next, struct block_header *closing) MUST_CHECK;

#endif
