#include "merkle/chunks.h"

uint64_t chunks_count(size_t len, size_t chunk_size)
{
    return len / chunk_size + (len % chunk_size > 0);
}

struct bytes chunks_at(struct bytes whole, size_t chunk_size, uint64_t index)
{
    ASSERT(index < chunks_count(whole.len, chunk_size));
    size_t begin = (size_t)index * chunk_size, left = whole.len - begin;
    return bytes_of(whole.data + begin, left < chunk_size ? left : chunk_size);
}

void chunks_hash(struct bytes whole, size_t chunk_size, struct buf *hashes)
{
    uint64_t count = chunks_count(whole.len, chunk_size);

    for (uint64_t i = 0; i < count; i++) {
        struct digest leaf = merkle_leaf_hash(chunks_at(whole, chunk_size, i));
        buf_add(hashes, leaf.b, DIGEST_SIZE);
    }
}

struct digest chunks_root_of(struct bytes hashes)
{
    struct merkle_frontier tree = {0};

    ASSERT(hashes.len % DIGEST_SIZE == 0);
    for (size_t at = 0; at < hashes.len; at += DIGEST_SIZE) {
        struct digest leaf = digest_from(bytes_of(hashes.data + at, DIGEST_SIZE));
        merkle_frontier_append(&tree, &leaf);
    }
    return merkle_frontier_root(&tree);
}

struct digest chunks_root(struct bytes whole, size_t chunk_size)
{
    struct merkle_frontier tree = {0};
    uint64_t count = chunks_count(whole.len, chunk_size);

    for (uint64_t i = 0; i < count; i++) {
        struct digest leaf = merkle_leaf_hash(chunks_at(whole, chunk_size, i));
        merkle_frontier_append(&tree, &leaf);
    }
    return merkle_frontier_root(&tree);
}
