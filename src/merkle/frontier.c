#include "merkle/tree.h"

#include "base/mutate.h"

/* RFC 9162 section 2.1.1: the prefixes keep a leaf from passing as a node. */
struct digest merkle_leaf_hash(struct bytes entry)
{
    struct digest_context c;

    digest_init(&c);
    digest_add(&c, &(uint8_t){0x00}, MUTATE(MERKLE_NO_PREFIX, 0, 1));
    digest_add(&c, entry.data, entry.len);
    return digest_final(&c);
}

struct digest merkle_node_hash(const struct digest *l, const struct digest *r)
{
    struct digest_context c;

    digest_init(&c);
    digest_add(&c, &(uint8_t){0x01}, 1);
    digest_add(&c, l->b, sizeof l->b);
    digest_add(&c, r->b, sizeof r->b);
    return digest_final(&c);
}

struct digest merkle_empty_root(void)
{
    return digest_of(bytes_of(NULL, 0));
}

void merkle_frontier_append(struct merkle_frontier *f, const struct digest *leaf_hash)
{
    unsigned count = bits_set(f->size);
    struct digest h = *leaf_hash;

    ASSERT(f->size < UINT64_MAX);
    for (uint64_t rest = f->size; rest & 1; rest >>= 1) {
        h = merkle_node_hash(&f->nodes[--count], &h);
        f->nodes[count] = (struct digest){0}; /* equal trees are equal bytes */
    }
    f->nodes[count] = h;
    f->size++;
}

struct digest merkle_frontier_root(const struct merkle_frontier *f)
{
    unsigned count = bits_set(f->size);
    struct digest h;

    if (count == 0)
        return merkle_empty_root();
    h = f->nodes[--count];
    while (count > 0)
        h = merkle_node_hash(&f->nodes[--count], &h);
    return h;
}
