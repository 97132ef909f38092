#ifndef PRISMFED_MERKLE_TREE_H
#define PRISMFED_MERKLE_TREE_H

#include "crypto/digest.h"

/* RFC 9162 section 2.1 Merkle tree over SHA-256. */

enum { MERKLE_PROOF_MAX = 64 };

struct merkle_proof {
    size_t count;
    struct digest nodes[MERKLE_PROOF_MAX];
};

struct digest merkle_leaf_hash(struct bytes entry);                             /* SHA-256(0x00 | entry) */
struct digest merkle_node_hash(const struct digest *l, const struct digest *r); /* SHA-256(0x01 | l | r) */
struct digest merkle_empty_root(void);                                          /* SHA-256 of nothing */

/* The right edge alone: appends in O(log n) with 64 digests of memory, copies by
 * assignment. What a federation state carries. Zero-initialise. */
struct merkle_frontier {
    uint64_t size;
    struct digest nodes[MERKLE_PROOF_MAX]; /* roots of the perfect subtrees of size's set bits, high bit first */
};
void merkle_frontier_append(struct merkle_frontier *f, const struct digest *leaf_hash);
struct digest merkle_frontier_root(const struct merkle_frontier *f);

/* All leaves, and the roots of all perfect subtrees of them, so that a root or a
 * proof costs O(log^2 n). Zero-initialise; merkle_tree_free() at the end. */
struct merkle_row {
    uint64_t first; /* number of the first node that is kept */
    size_t count, cap;
    struct digest *nodes; /* owned */
};
struct merkle_tree {
    uint64_t size;
    struct merkle_row rows[MERKLE_PROOF_MAX]; /* [k]: roots of the perfect subtrees over 2^k leaves, in order */
};
void merkle_tree_append(struct merkle_tree *t, const struct digest *leaf_hash);
/* Forgets what lies below leaf `size`, but for what a larger tree's proofs need of it: afterwards roots and proofs are
 * to be had for trees and ranges of at least `size` leaves (asserted), inclusion of leaf `size` and later ones. Memory
 * is then that of the leaves from there on. */
void merkle_tree_forget(struct merkle_tree *t, uint64_t size);
/* Takes back what was appended from leaf `size` on; nothing may have been forgotten meanwhile. */
void merkle_tree_cut(struct merkle_tree *t, uint64_t size);
struct digest merkle_tree_root(const struct merkle_tree *t, uint64_t size); /* of the first size leaves */
/* Root over leaves [begin, end) as a tree of its own. */
struct digest merkle_tree_range_root(const struct merkle_tree *t, uint64_t begin, uint64_t end);
void merkle_tree_free(struct merkle_tree *t);

/* RFC 9162 sections 2.1.3.1 and 2.1.4.1. index < size <= t->size; size1 <= size2 <= t->size
 * (asserted). Between equal sizes, and from an empty tree, the proof is empty. */
void merkle_inclusion_proof(const struct merkle_tree *t, uint64_t index, uint64_t size, struct merkle_proof *out);
void merkle_consistency_proof(const struct merkle_tree *t, uint64_t size1, uint64_t size2, struct merkle_proof *out);

/* RFC 9162 sections 2.1.3.2 and 2.1.4.2; ERR_RANGE for impossible indices or a
 * proof of the wrong length, ERR_MISMATCH for a wrong root. Nothing is consistent
 * with an empty tree: size1 == 0 is ERR_RANGE. */
enum err merkle_inclusion_verify(const struct digest *leaf_hash, uint64_t index, uint64_t size,
                                 const struct merkle_proof *proof, const struct digest *root) MUST_CHECK;
/* The root that a leaf and its proof lead to; the same errors. */
enum err merkle_inclusion_root(const struct digest *leaf_hash, uint64_t index, uint64_t size,
                               const struct merkle_proof *proof, struct digest *root) MUST_CHECK;
enum err merkle_consistency_verify(uint64_t size1, uint64_t size2, const struct merkle_proof *proof,
                                   const struct digest *root1, const struct digest *root2) MUST_CHECK;

#endif
