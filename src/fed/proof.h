#ifndef PRISMFED_FED_PROOF_H
#define PRISMFED_FED_PROOF_H

#include "ledger/link.h"
#include "state/state.h"

/* Why a state may be believed by somebody who knows only the genesis: the array
 *   [header of its block, certificate, [right edge of the log...], [id of a recent block...], [link...]]
 * The links (ledger/link.h) lead from the founders to the voters of the header, who certify it; it names the state
 * root, the log's root, which the right edge gives, and the digest of the recent blocks. */

enum { LINKS_MAX = 4096 }; /* of a proof: more do not fit into TRANSFER_PROOF_MAX either */

/* One link for each closed membership epoch: items[i] leads from epoch i + 1 to i + 2. Zero-initialise. */
struct links {
    unsigned count;
    struct blob **items; /* owned, one holding each */
};
void links_add(struct links *l, struct bytes link);
void links_free(struct links *l);
/* Who votes in a membership epoch, 1..count + 1. */
void links_voters(const struct links *l, const struct voter_set *founders, uint64_t membership_epoch,
                  struct voter_set *out);
/* The header of the block that closed the latest membership epoch; count > 0. */
struct block_header links_closing(const struct links *l);

struct state_proof {
    struct block_header header;
    struct bytes header_bytes, certificate; /* views into the proof */
    struct merkle_frontier log;
    unsigned recent_count;
    struct digest recent[BLOCKS_REMEMBERED]; /* state/state.h */
    struct links links;                      /* owned */
};

/* s: the state after the block of the header. */
void state_proof_encode(struct bytes header, struct bytes certificate, const struct federation_state *s,
                        const struct links *links, struct buf *out);
/* Is this the proof of the state with this root at this height? ERR_MISMATCH, or the error of the part that is
 * wrong. cache: borrowed, or NULL. */
enum err state_proof_check(struct bytes in, const struct digest *federation_id, const struct voter_set *founders,
                           uint64_t height, const struct digest *root, struct verify_cache *cache,
                           struct state_proof *out) MUST_CHECK;

#endif
