#include "merkle/tree.h"

/* How many nodes RFC 9162 wants, so that a proof of another length is told from
 * one with a wrong node, and nothing is hashed for it. */
static size_t bit_length(uint64_t v)
{
    size_t len = 0;

    for (; v > 0; v >>= 1)
        len++;
    return len;
}

/* One for each level below the one where index and the last leaf part, and one
 * for each left sibling above it. */
static size_t inclusion_length(uint64_t index, uint64_t size)
{
    size_t inner = bit_length(index ^ (size - 1));

    return inner + (inner < 64 ? bits_set(index >> inner) : 0);
}

/* RFC 9162 section 2.1.3.2. */
enum err merkle_inclusion_root(const struct digest *leaf_hash, uint64_t index, uint64_t size,
                               const struct merkle_proof *proof, struct digest *root)
{
    struct digest r = *leaf_hash;
    uint64_t fn = index, sn = size - 1;

    if (index >= size || proof->count != inclusion_length(index, size))
        return ERR_RANGE;
    for (size_t i = 0; i < proof->count; i++) {
        if (fn & 1 || fn == sn) {
            r = merkle_node_hash(&proof->nodes[i], &r);
            for (; !(fn & 1) && fn > 0; fn >>= 1)
                sn >>= 1;
        } else {
            r = merkle_node_hash(&r, &proof->nodes[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    if (sn != 0)
        return ERR_MISMATCH;
    *root = r;
    return ERR_OK;
}

enum err merkle_inclusion_verify(const struct digest *leaf_hash, uint64_t index, uint64_t size,
                                 const struct merkle_proof *proof, const struct digest *root)
{
    struct digest found;
    enum err err = merkle_inclusion_root(leaf_hash, index, size, proof, &found);

    return err != ERR_OK || digest_equal(&found, root) ? err : ERR_MISMATCH;
}

/* Steps 3 to 6 of RFC 9162 section 2.1.4.2: nodes[0] is the subtree that both trees
 * share, the rest lead from it to both roots. */
static enum err consistency_walk(uint64_t size1, uint64_t size2, const struct digest *nodes, size_t count,
                                 const struct digest *root1, const struct digest *root2)
{
    struct digest fr = nodes[0], sr = nodes[0];
    uint64_t fn = size1 - 1, sn = size2 - 1;

    for (; fn & 1; fn >>= 1)
        sn >>= 1;
    for (size_t i = 1; i < count; i++) {
        if (sn == 0)
            return ERR_RANGE;
        if (fn & 1 || fn == sn) {
            fr = merkle_node_hash(&nodes[i], &fr);
            sr = merkle_node_hash(&nodes[i], &sr);
            for (; !(fn & 1) && fn > 0; fn >>= 1)
                sn >>= 1;
        } else {
            sr = merkle_node_hash(&sr, &nodes[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    if (sn != 0)
        return ERR_RANGE;
    return digest_equal(&fr, root1) && digest_equal(&sr, root2) ? ERR_OK : ERR_MISMATCH;
}

/* RFC 9162 section 2.1.4.2. */
enum err merkle_consistency_verify(uint64_t size1, uint64_t size2, const struct merkle_proof *proof,
                                   const struct digest *root1, const struct digest *root2)
{
    struct digest nodes[MERKLE_PROOF_MAX + 1];
    size_t count = 0;

    if (size1 == 0 || size1 > size2 || proof->count > MERKLE_PROOF_MAX)
        return ERR_RANGE;
    if (size1 == size2) {
        if (proof->count > 0)
            return ERR_RANGE;
        return digest_equal(root1, root2) ? ERR_OK : ERR_MISMATCH;
    }
    if (proof->count == 0)
        return ERR_RANGE;
    if ((size1 & (size1 - 1)) == 0) /* a perfect tree is the shared subtree itself */
        nodes[count++] = *root1;
    for (size_t i = 0; i < proof->count; i++)
        nodes[count++] = proof->nodes[i];
    return consistency_walk(size1, size2, nodes, count, root1, root2);
}
