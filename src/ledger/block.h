#ifndef PRISMFED_LEDGER_BLOCK_H
#define PRISMFED_LEDGER_BLOCK_H

#include "ledger/certificate.h"

/* A block: a batch of entries decided by PBFT. Its id (ledger_block_id) is SHA-256 of the encoded
 * header, a deterministic map with exactly these keys. The header is a function of genesis and the log: it holds no
 * view. */

enum { BLOCK_SCHEMA = 1, BLOCK_ENTRIES_MAX = 1024, BLOCK_SIZE_MAX = 8 << 20, ENTRY_LOGGED_MAX = 65535 };

struct block_header {
    struct digest federation_id;
    uint64_t membership_epoch;
    uint64_t height;            /* the PBFT sequence number; genesis is 0 */
    uint64_t federated_epoch;   /* in which the block was executed */
    struct digest parent_id;    /* zero for genesis */
    struct digest entries_root; /* RFC 9162 root over this block's own entries */
    uint64_t entry_count;
    uint64_t log_size; /* after this block */
    struct digest log_root;
    struct digest state_root;    /* after this block */
    struct digest next_voters;   /* who certifies the next block: ledger/link.h */
    struct digest recent_blocks; /* block_ids_digest() of those that the next entries may name beside this one */
};

void block_header_encode(const struct block_header *h, struct buf *out);
enum err block_header_decode(struct bytes in, struct block_header *out) MUST_CHECK;
struct digest block_id(const struct block_header *h);
/* SHA-256 of the CBOR array of the ids: recent_blocks of a header. */
struct digest block_ids_digest(const struct digest *ids, unsigned count);

/* The log's leaf for an entry: its bytes, or, above ENTRY_LOGGED_MAX, the map {"size", "digest"} of them. Appended. */
void entry_leaf(struct bytes entry, struct buf *out);
struct digest entry_leaf_hash(struct bytes entry);

/* A decided block as it is stored and sent: array [header, [entry...], certificate] of byte strings. */
struct block {
    struct block_header header;
    unsigned count;
    struct bytes *entries;    /* views into bytes; the array is owned */
    struct bytes certificate; /* view; empty for genesis */
    struct blob *bytes;       /* the encoded block, one holding */
};

void block_encode(const struct block_header *header, const struct bytes *entries, unsigned count,
                  struct bytes certificate, struct buf *out);
/* Strict; also checks entry_count and entries_root against the entries, but no certificate. Holds bytes. */
enum err block_decode(struct blob *bytes, struct block *out) MUST_CHECK;
void block_fini(struct block *b);

#endif
