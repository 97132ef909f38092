#ifndef PRISMFED_LEDGER_CERTIFICATE_H
#define PRISMFED_LEDGER_CERTIFICATE_H

#include "crypto/cose.h"

/* A quorum certificate: a deterministic CBOR array of single COSE_Sign1 commit
 * votes over the same {federation, membership epoch, view, sequence, block id},
 * sorted by kid, each voter once. Never COSE_Sign (tag 98): verifiers disagree on it. */

#define VOTE_CONTENT_TYPE "application/prismfed.vote+cbor"
enum { CERTIFICATE_VOTES_MAX = 128 };

/* Payload {"view", "block_id", "sequence", "federation_id", "membership_epoch"}; COSE subject "commit". */
struct vote {
    struct digest federation_id;
    uint64_t membership_epoch;
    uint64_t view;
    uint64_t sequence;
    struct digest block_id;
};

/* Who may vote. Borrowed arrays, one element for each validator. */
struct voters {
    unsigned count;
    unsigned quorum;
    const struct public_key *keys;
    const struct digest *fingerprints;
    struct verify_cache *verify_cache; /* borrowed; NULL: none; changes no result */
};

/* Appends the payload that a vote signs. */
void vote_payload(const struct vote *vote, struct buf *out);
void vote_sign(const struct secret_key *key, const struct vote *vote, struct buf *out);
enum err vote_parse(struct bytes in, struct vote *out, struct cose_sign1 *cose) MUST_CHECK;
/* Index of the voter, or -1. */
int voters_find(const struct voters *voters, const struct digest *fingerprint);

/* votes: encoded COSE_Sign1 items, any order; sorted by kid on the way out. */
void certificate_encode(const struct bytes *votes, unsigned count, struct buf *out);
/* The same where it is known whose the votes are; sorts them. */
struct keyed_vote {
    struct digest kid;
    struct bytes item;
};
void certificate_join(struct keyed_vote *votes, unsigned count, struct buf *out);
/* A quorum of distinct voters over exactly `expected` but for the view, which all votes
 * share and which is returned in *view (may be NULL). signers (may be NULL) gets voter indices, *count of them.
 * One vote that is malformed, foreign, doubled or badly signed spoils the whole. */
enum err certificate_verify(struct bytes in, const struct vote *expected, const struct voters *voters, uint64_t *view,
                            unsigned *signers, unsigned *count) MUST_CHECK;

#endif
