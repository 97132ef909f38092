#include "merkle/chunks.h"
#include "tap.h"

/* The leaf hashes give the root, and each chunk has the inclusion proof of any other leaf. */
static void chunks_are_leaves(void)
{
    uint8_t bytes[100];
    unsigned agree = 0, tried = 0;

    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(3 * i);
    for (size_t len = 1; len <= sizeof bytes; len++) {
        struct bytes whole = bytes_of(bytes, len);
        struct merkle_tree tree = {0};
        struct buf hashes = {0};
        uint64_t count = chunks_count(len, 7);
        struct digest root = chunks_root(whole, 7);
        chunks_hash(whole, 7, &hashes);
        struct digest again = chunks_root_of(bytes_of_buf(&hashes));
        agree += digest_equal(&root, &again) && hashes.len == count * DIGEST_SIZE;
        for (uint64_t i = 0; i < count; i++) {
            struct digest leaf = merkle_leaf_hash(chunks_at(whole, 7, i));
            merkle_tree_append(&tree, &leaf);
        }
        struct merkle_proof proof;
        struct bytes last = chunks_at(whole, 7, count - 1);
        struct digest leaf = merkle_leaf_hash(last);
        merkle_inclusion_proof(&tree, count - 1, count, &proof);
        agree += merkle_inclusion_verify(&leaf, count - 1, count, &proof, &root) == ERR_OK;
        agree += last.data + last.len == bytes + len && last.len <= 7;
        tried += 3;
        merkle_tree_free(&tree);
        buf_free(&hashes);
    }
    CHECK(agree == tried);
    CHECK(chunks_count(0, 7) == 0 && chunks_count(7, 7) == 1 && chunks_count(8, 7) == 2);
}

int main(void)
{
    TAP_RUN(chunks_are_leaves);
    return tap_done();
}
