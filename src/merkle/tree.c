#include "merkle/tree.h"

#include <string.h>

static const struct digest *node_at(const struct merkle_tree *t, unsigned row, uint64_t number)
{
    const struct merkle_row *r = &t->rows[row];

    ASSERT(number >= r->first && number - r->first < r->count);
    return &r->nodes[number - r->first];
}

static void row_add(struct merkle_row *r, const struct digest *node)
{
    if (r->count == r->cap) {
        r->cap = r->cap > 0 ? 2 * r->cap : 16;
        r->nodes = mem_resize(r->nodes, r->cap, sizeof *r->nodes);
    }
    r->nodes[r->count++] = *node;
}

void merkle_tree_append(struct merkle_tree *t, const struct digest *leaf_hash)
{
    struct digest h = *leaf_hash; /* it may be in t */
    unsigned k = 0;

    row_add(&t->rows[0], &h);
    /* every trailing one bit of the old size completes a perfect subtree */
    for (; t->size >> k & 1; k++) {
        h = merkle_node_hash(node_at(t, k, (t->size >> k) - 1), &h);
        row_add(&t->rows[k + 1], &h);
    }
    t->size++;
}

/* RFC 9162 section 2.1.3 and 2.1.4: of the leaves below `size`, a proof in or to a larger tree names only perfect
 * subtrees that lie in no larger perfect one below `size`: at most one in each row, the last there. */
void merkle_tree_forget(struct merkle_tree *t, uint64_t size)
{
    ASSERT(size <= t->size);
    for (unsigned k = 0; k < MERKLE_PROOF_MAX; k++) {
        struct merkle_row *r = &t->rows[k];
        uint64_t first = size >> k > 0 ? (size >> k) - 1 : 0;

        if (first <= r->first)
            continue;
        r->count -= (size_t)(first - r->first);
        memmove(r->nodes, r->nodes + (first - r->first), r->count * sizeof *r->nodes);
        r->first = first;
    }
}

void merkle_tree_cut(struct merkle_tree *t, uint64_t size)
{
    ASSERT(size <= t->size);
    for (unsigned k = 0; k < MERKLE_PROOF_MAX; k++) {
        struct merkle_row *r = &t->rows[k];

        r->count = size >> k > r->first ? (size_t)((size >> k) - r->first) : 0;
    }
    t->size = size;
}

/* The largest power of two below n; n > 1. */
static uint64_t split(uint64_t n)
{
    uint64_t k = 1;

    while (k < n - k)
        k *= 2;
    return k;
}

/* RFC 9162 section 2.1.1, MTH(D[begin:begin + n]), n > 0. Subtrees that stand at a
 * multiple of their size are looked up. */
static struct digest range_root(const struct merkle_tree *t, uint64_t begin, uint64_t n)
{
    struct digest l, r;
    unsigned log = 0;

    if ((n & (n - 1)) == 0 && begin % n == 0) {
        while (UINT64_C(1) << log < n)
            log++;
        return *node_at(t, log, begin / n);
    }
    l = range_root(t, begin, split(n));
    r = range_root(t, begin + split(n), n - split(n));
    return merkle_node_hash(&l, &r);
}

struct digest merkle_tree_range_root(const struct merkle_tree *t, uint64_t begin, uint64_t end)
{
    ASSERT(begin <= end && end <= t->size);
    return begin == end ? merkle_empty_root() : range_root(t, begin, end - begin);
}

struct digest merkle_tree_root(const struct merkle_tree *t, uint64_t size)
{
    return merkle_tree_range_root(t, 0, size);
}

void merkle_tree_free(struct merkle_tree *t)
{
    for (unsigned k = 0; k < MERKLE_PROOF_MAX; k++)
        mem_free(t->rows[k].nodes);
    *t = (struct merkle_tree){0};
}

static void proof_add(struct merkle_proof *p, struct digest node)
{
    ASSERT(p->count < MERKLE_PROOF_MAX);
    p->nodes[p->count++] = node;
}

/* PATH(index, D[begin:begin + n]) of RFC 9162 section 2.1.3.1; index counts from
 * begin. */
static void path(const struct merkle_tree *t, uint64_t index, uint64_t begin, uint64_t n, struct merkle_proof *out)
{
    uint64_t k;

    if (n == 1)
        return;
    k = split(n);
    if (index < k) {
        path(t, index, begin, k, out);
        proof_add(out, range_root(t, begin + k, n - k));
    } else {
        path(t, index - k, begin + k, n - k, out);
        proof_add(out, range_root(t, begin, k));
    }
}

void merkle_inclusion_proof(const struct merkle_tree *t, uint64_t index, uint64_t size, struct merkle_proof *out)
{
    ASSERT(index < size && size <= t->size);
    *out = (struct merkle_proof){0};
    path(t, index, 0, size, out);
}

/* SUBPROOF(m, D[begin:begin + n], whole) of RFC 9162 section 2.1.4.1. */
static void subproof(const struct merkle_tree *t, uint64_t m, uint64_t begin, uint64_t n, bool whole,
                     struct merkle_proof *out)
{
    uint64_t k;

    if (m == n) {
        if (!whole)
            proof_add(out, range_root(t, begin, n));
        return;
    }
    k = split(n);
    if (m <= k) {
        subproof(t, m, begin, k, whole, out);
        proof_add(out, range_root(t, begin + k, n - k));
    } else {
        subproof(t, m - k, begin + k, n - k, false, out);
        proof_add(out, range_root(t, begin, k));
    }
}

void merkle_consistency_proof(const struct merkle_tree *t, uint64_t size1, uint64_t size2, struct merkle_proof *out)
{
    ASSERT(size1 <= size2 && size2 <= t->size);
    *out = (struct merkle_proof){0};
    if (size1 > 0)
        subproof(t, size1, 0, size2, true, out);
}
