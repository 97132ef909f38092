/* The tree against RFC 9162's definitions, written down once more in the plainest way. */

#include "merkle/tree.h"

#include "base/prng.h"
#include "base/text.h"
#include "tap.h"

enum { LEAVES = 130 };

static struct digest leaves[LEAVES];

static void make_leaves(void)
{
    for (unsigned i = 0; i < LEAVES; i++) {
        uint8_t entry[2] = {(uint8_t)i, (uint8_t)(i * 3)};

        leaves[i] = merkle_leaf_hash(bytes_of(entry, i % 3));
    }
}

/* MTH of section 2.1.1, of leaf hashes. */
static struct digest naive_root(const struct digest *leaf, size_t n)
{
    size_t k = 1;
    struct digest l, r;

    if (n == 0)
        return merkle_empty_root();
    if (n == 1)
        return leaf[0];
    while (2 * k < n)
        k *= 2;
    l = naive_root(leaf, k);
    r = naive_root(leaf + k, n - k);
    return merkle_node_hash(&l, &r);
}

static void check_digest(struct digest got, struct digest want)
{
    CHECK_EQ_BYTES(digest_bytes(&got), digest_bytes(&want));
}

static void grow(struct merkle_tree *t, size_t n)
{
    for (size_t i = 0; i < n; i++)
        merkle_tree_append(t, &leaves[i % LEAVES]);
}

static void check_hex(struct digest d, const char *want)
{
    char hex[2 * DIGEST_SIZE + 1];

    digest_hex(&d, hex);
    CHECK_EQ_TEXT(hex, want);
}

/* Certificate Transparency's well-known tree of eight small entries. */
static void known_roots(void)
{
    static const struct {
        const char *entry;
        size_t len;
        const char *root; /* of the tree up to here */
    } known[] = {
        {"", 0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
        {"\x00", 1, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
        {"\x10", 1, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
        {"\x20\x21", 2, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
        {"\x30\x31", 2, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
        {"\x40\x41\x42\x43", 4, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
        {"\x50\x51\x52\x53\x54\x55\x56\x57", 8, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
        {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16,
         "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
    };
    struct merkle_frontier f = {0};

    check_hex(merkle_frontier_root(&f), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct digest leaf = merkle_leaf_hash(bytes_of(known[i].entry, known[i].len));

        merkle_frontier_append(&f, &leaf);
        check_hex(merkle_frontier_root(&f), known[i].root);
    }
}

static void roots_agree(void)
{
    struct merkle_frontier f = {0};
    struct merkle_tree t = {0};

    for (size_t n = 0; n <= LEAVES; n++) {
        struct digest want = naive_root(leaves, n);

        check_digest(merkle_frontier_root(&f), want);
        check_digest(merkle_tree_root(&t, n), want);
        CHECK_EQ_U64(f.size, n);
        if (n < LEAVES) {
            merkle_frontier_append(&f, &leaves[n]);
            merkle_tree_append(&t, &leaves[n]);
        }
    }
    for (size_t begin = 0; begin <= LEAVES; begin++) {
        for (size_t end = begin; end <= LEAVES; end++)
            check_digest(merkle_tree_range_root(&t, begin, end), naive_root(leaves + begin, end - begin));
    }
    merkle_tree_free(&t);
    CHECK(t.rows[0].nodes == NULL && t.size == 0);
}

/* What a subtree that is full leaves behind does not show. */
static void equal_frontiers_are_equal_bytes(void)
{
    struct merkle_frontier f = {0}, want;

    for (size_t n = 1; n <= LEAVES; n++) {
        size_t used = 0;

        merkle_frontier_append(&f, &leaves[n - 1]);
        memset(&want, 0, sizeof want);
        want.size = n;
        for (size_t bit = 64; bit-- > 0;) {
            size_t begin = bit < 63 ? n >> (bit + 1) << (bit + 1) : 0;

            if (n >> bit & 1)
                want.nodes[used++] = naive_root(leaves + begin, (size_t)1 << bit);
        }
        CHECK(memcmp(&f, &want, sizeof f) == 0);
    }
}

static void every_inclusion_proof(void)
{
    struct merkle_tree t = {0};
    struct merkle_proof proof;

    grow(&t, LEAVES);
    for (uint64_t size = 1; size <= LEAVES; size++) {
        struct digest root = naive_root(leaves, size);

        for (uint64_t index = 0; index < size; index++) {
            merkle_inclusion_proof(&t, index, size, &proof);
            CHECK_OK(merkle_inclusion_verify(&leaves[index], index, size, &proof, &root));
            /* another place in the tree */
            if (index + 1 < size)
                CHECK(merkle_inclusion_verify(&leaves[index], index + 1, size, &proof, &root) != ERR_OK);
            CHECK_ERR(merkle_inclusion_verify(&leaves[index], size, size, &proof, &root), ERR_RANGE);
            /* one node more and one less */
            proof.count++;
            CHECK_ERR(merkle_inclusion_verify(&leaves[index], index, size, &proof, &root), ERR_RANGE);
            if (proof.count > 1) {
                proof.count -= 2;
                CHECK_ERR(merkle_inclusion_verify(&leaves[index], index, size, &proof, &root), ERR_RANGE);
            }
        }
    }
    merkle_tree_free(&t);
}

static void every_consistency_proof(void)
{
    struct merkle_tree t = {0};
    struct merkle_proof proof;

    grow(&t, LEAVES);
    for (uint64_t size2 = 1; size2 <= LEAVES; size2++) {
        struct digest root2 = naive_root(leaves, size2);

        for (uint64_t size1 = 1; size1 <= size2; size1++) {
            struct digest root1 = naive_root(leaves, size1);

            merkle_consistency_proof(&t, size1, size2, &proof);
            CHECK((proof.count == 0) == (size1 == size2));
            CHECK_OK(merkle_consistency_verify(size1, size2, &proof, &root1, &root2));
            if (size1 != size2)
                CHECK(merkle_consistency_verify(size1, size2, &proof, &root2, &root1) != ERR_OK);
            proof.count++;
            CHECK_ERR(merkle_consistency_verify(size1, size2, &proof, &root1, &root2), ERR_RANGE);
            if (proof.count > 1) {
                proof.count -= 2;
                CHECK_ERR(merkle_consistency_verify(size1, size2, &proof, &root1, &root2), ERR_RANGE);
            }
        }
    }
    merkle_tree_free(&t);
}

/* Whatever was forgotten, and when: the same roots and proofs from there on. */
static void what_is_forgotten_is_not_missed(void)
{
    enum { SOME = 40 };
    struct merkle_tree whole = {0};
    struct merkle_proof proof, want;

    grow(&whole, SOME);
    for (uint64_t cut = 0; cut <= SOME; cut++) {
        struct merkle_tree t = {0};

        for (uint64_t n = 0; n < SOME; n++) {
            merkle_tree_append(&t, &leaves[n]);
            if (n + 1 == cut / 2 || n + 1 == cut)
                merkle_tree_forget(&t, n + 1);
        }
        CHECK(t.rows[0].count <= SOME - cut + 1);
        for (uint64_t size = cut > 0 ? cut : 1; size <= SOME; size++) {
            check_digest(merkle_tree_root(&t, size), merkle_tree_root(&whole, size));
            check_digest(merkle_tree_range_root(&t, cut, size), merkle_tree_range_root(&whole, cut, size));
            merkle_consistency_proof(&t, cut, size, &proof);
            merkle_consistency_proof(&whole, cut, size, &want);
            CHECK(memcmp(&proof, &want, sizeof proof) == 0);
            for (uint64_t index = cut; index < size; index++) {
                merkle_inclusion_proof(&t, index, size, &proof);
                merkle_inclusion_proof(&whole, index, size, &want);
                CHECK(memcmp(&proof, &want, sizeof proof) == 0);
            }
        }
        merkle_tree_free(&t);
    }
    merkle_tree_free(&whole);
}

/* Verifies both kinds, for the flips below. */
struct claim {
    bool inclusion;
    uint64_t a, b;
    struct merkle_proof proof;
    struct digest first, second; /* leaf and root, or both roots */
};

static enum err verify(const struct claim *c)
{
    return c->inclusion ? merkle_inclusion_verify(&c->first, c->a, c->b, &c->proof, &c->second)
                        : merkle_consistency_verify(c->a, c->b, &c->proof, &c->first, &c->second);
}

static void flip_all(struct claim *c, struct digest *d)
{
    for (unsigned bit = 0; bit < 8 * DIGEST_SIZE; bit++) {
        d->b[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CHECK_ERR(verify(c), ERR_MISMATCH);
        d->b[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
}

static void check_flips(struct claim *c)
{
    CHECK_OK(verify(c));
    flip_all(c, &c->first);
    flip_all(c, &c->second);
    for (size_t i = 0; i < c->proof.count; i++)
        flip_all(c, &c->proof.nodes[i]);
}

static void every_flipped_bit_fails(void)
{
    static const uint64_t sizes[] = {1, 2, 3, 5, 8, 13, 64, 65, 127, 130};
    struct merkle_tree t = {0};
    struct claim c;

    grow(&t, LEAVES);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint64_t size = sizes[i];

        for (uint64_t k = 1; k <= size; k += 1 + size / 7) {
            c = (struct claim){.inclusion = true, .a = k - 1, .b = size, .first = leaves[k - 1]};
            c.second = naive_root(leaves, size);
            merkle_inclusion_proof(&t, k - 1, size, &c.proof);
            check_flips(&c);
            c = (struct claim){.a = k, .b = size, .first = naive_root(leaves, k), .second = c.second};
            merkle_consistency_proof(&t, k, size, &c.proof);
            check_flips(&c);
        }
    }
    merkle_tree_free(&t);
}

/* A leaf never passes as a node, nor the other way round: why there are prefixes. */
static void leaves_are_no_nodes(void)
{
    uint8_t pair[2 * DIGEST_SIZE];
    struct digest leaf, node;

    memcpy(pair, leaves[0].b, DIGEST_SIZE);
    memcpy(pair + DIGEST_SIZE, leaves[1].b, DIGEST_SIZE);
    leaf = merkle_leaf_hash(bytes_of(pair, sizeof pair));
    node = merkle_node_hash(&leaves[0], &leaves[1]);
    CHECK(!digest_equal(&leaf, &node));
}

/* Proofs and sizes that nobody honest sends. */
static void hostile_numbers(void)
{
    static struct merkle_proof proof;
    struct digest root = {0};

    CHECK_ERR(merkle_inclusion_verify(&root, 0, 0, &proof, &root), ERR_RANGE);
    CHECK_ERR(merkle_consistency_verify(0, 0, &proof, &root, &root), ERR_RANGE);
    CHECK_ERR(merkle_consistency_verify(0, 1, &proof, &root, &root), ERR_RANGE);
    CHECK_ERR(merkle_consistency_verify(2, 1, &proof, &root, &root), ERR_RANGE);
    proof.count = SIZE_MAX;
    CHECK_ERR(merkle_inclusion_verify(&root, 0, UINT64_MAX, &proof, &root), ERR_RANGE);
    CHECK_ERR(merkle_consistency_verify(1, UINT64_MAX, &proof, &root, &root), ERR_RANGE);
    for (proof.count = 0; proof.count <= MERKLE_PROOF_MAX; proof.count++) {
        CHECK(merkle_inclusion_verify(&root, UINT64_MAX - 1, UINT64_MAX, &proof, &root) != ERR_OK);
        CHECK(merkle_inclusion_verify(&root, 0, UINT64_MAX, &proof, &root) != ERR_OK);
        CHECK(merkle_consistency_verify(UINT64_MAX - 1, UINT64_MAX, &proof, &root, &root) != ERR_OK);
        CHECK(merkle_consistency_verify(UINT64_C(1) << 63, UINT64_MAX, &proof, &root, &root) != ERR_OK);
        CHECK(merkle_consistency_verify(1, UINT64_MAX, &proof, &root, &root) != ERR_OK);
    }
}

/* Random places in a larger tree, with leaves taken from inside of the tree. */
static void a_larger_tree(void)
{
    enum { SIZE = 5000 };
    struct merkle_frontier f = {0};
    struct merkle_tree t = {0};
    struct merkle_proof proof;
    struct digest root, root1;
    struct prng p;

    tap_seed(8);
    prng_seed(&p, 8);
    grow(&t, LEAVES);
    while (t.size < SIZE)
        merkle_tree_append(&t, &t.rows[0].nodes[prng_below(&p, t.size)]);
    for (size_t i = 0; i < SIZE; i++)
        merkle_frontier_append(&f, &t.rows[0].nodes[i]);
    root = merkle_tree_root(&t, SIZE);
    check_digest(merkle_frontier_root(&f), root);
    for (int i = 0; i < 2000; i++) {
        uint64_t index = prng_below(&p, SIZE), size1 = 1 + prng_below(&p, SIZE);

        merkle_inclusion_proof(&t, index, SIZE, &proof);
        CHECK_OK(merkle_inclusion_verify(&t.rows[0].nodes[index], index, SIZE, &proof, &root));
        root1 = merkle_tree_root(&t, size1);
        merkle_consistency_proof(&t, size1, SIZE, &proof);
        CHECK_OK(merkle_consistency_verify(size1, SIZE, &proof, &root1, &root));
    }
    merkle_tree_free(&t);
}

int main(void)
{
    make_leaves();
    TAP_RUN(known_roots);
    TAP_RUN(roots_agree);
    TAP_RUN(equal_frontiers_are_equal_bytes);
    TAP_RUN(every_inclusion_proof);
    TAP_RUN(every_consistency_proof);
    TAP_RUN(what_is_forgotten_is_not_missed);
    TAP_RUN(every_flipped_bit_fails);
    TAP_RUN(leaves_are_no_nodes);
    TAP_RUN(hostile_numbers);
    TAP_RUN(a_larger_tree);
    return tap_done();
}
