#include "state/registry.h"

#include <string.h>

#include "base/mutate.h"

/* A page, or a node above two of the next level. */
struct registry_node {
    unsigned holders;
    bool hashed; /* hash is that of what is below, which is full (or the last page) */
    struct digest hash;
    struct registry_node *left, *right; /* one holding each; NULL: a page, or nothing there yet */
    struct member members[];            /* of a page: PAGE_MEMBERS */
};

/* ---- nodes */

static size_t size_of(unsigned level)
{
    return sizeof(struct registry_node) + (level == 0 ? PAGE_MEMBERS * sizeof(struct member) : 0);
}

static struct registry_node *hold(struct registry_node *node)
{
    if (node != NULL)
        node->holders++;
    return node;
}

static void drop(struct registry_node *node)
{
    if (node == NULL || --node->holders > 0)
        return;
    drop(node->left);
    drop(node->right);
    mem_free(node);
}

/* Before it, or what is below it, is written: the only holding is the one of *node, and it has no hash. */
static void own(struct registry_node **node, unsigned level)
{
    struct registry_node *old = *node;

    if (old == NULL || MUTATE(STATE_PAGE_WRITTEN_BY_ALL, false, old->holders > 1)) {
        struct registry_node *new = mem_alloc(size_of(level));
        if (old != NULL)
            memcpy(new, old, size_of(level));
        new->holders = 1;
        hold(new->left);
        hold(new->right);
        drop(old);
        *node = new;
    }
    (*node)->hashed = MUTATE(STATE_PAGE_HASH_IS_OLD, (*node)->hashed, false);
}

static bool goes_right(unsigned page, unsigned level)
{
    return (page >> (level - 1) & 1) != 0;
}

static const struct registry_node *page_at(const struct registry *r, unsigned page)
{
    const struct registry_node *node = r->root;

    for (unsigned level = r->levels; level > 0; level--)
        node = goes_right(page, level) ? node->right : node->left;
    return node;
}

static struct registry_node *page_to_write(struct registry *r, unsigned page)
{
    struct registry_node **node = &r->root;

    for (unsigned level = r->levels; level > 0; level--) {
        own(node, level);
        node = goes_right(page, level) ? &(*node)->right : &(*node)->left;
    }
    own(node, 0);
    return *node;
}

/* ---- life */

void registry_copy(struct registry *to, const struct registry *from)
{
    *to = *from;
    hold(to->root);
    index_copy(&to->by_key, &from->by_key);
    index_copy(&to->by_name, &from->by_name);
}

void registry_free(struct registry *r)
{
    drop(r->root);
    index_free(&r->by_key);
    index_free(&r->by_name);
    *r = (struct registry){0};
}

/* ---- members */

const struct member *registry_member(const struct registry *r, unsigned index)
{
    ASSERT(index < r->count);
    return &page_at(r, index / PAGE_MEMBERS)->members[index % PAGE_MEMBERS];
}

struct member *registry_change(struct registry *r, unsigned index)
{
    ASSERT(index < r->count);
    return &page_to_write(r, index / PAGE_MEMBERS)->members[index % PAGE_MEMBERS];
}

static struct digest key_of(const void *registry, unsigned index)
{
    return registry_member(registry, index)->fingerprint;
}

static struct digest name_digest(const char *name)
{
    return digest_of(bytes_of_text(name));
}

static struct digest name_of(const void *registry, unsigned index)
{
    return name_digest(registry_member(registry, index)->card.name);
}

void registry_new_key(struct registry *r, unsigned index)
{
    struct digest key = key_of(r, index);

    index_put(&r->by_key, &key, index, key_of, r);
}

void registry_add(struct registry *r, const struct member *m)
{
    unsigned index = r->count, page = index / PAGE_MEMBERS;

    if (page >> r->levels > 0) {
        struct registry_node *above = NULL;
        own(&above, r->levels + 1);
        above->left = r->root;
        r->root = above;
        r->levels++;
    }
    page_to_write(r, page)->members[index % PAGE_MEMBERS] = *m;
    r->count++;
    struct digest name = name_digest(m->card.name);
    index_put(&r->by_name, &name, index, name_of, r);
    registry_new_key(r, index);
}

int registry_find(const struct registry *r, const struct digest *fingerprint)
{
    int index = index_find(&r->by_key, fingerprint);

    return index >= 0 && digest_equal(&registry_member(r, (unsigned)index)->fingerprint, fingerprint) ? index : -1;
}

int registry_find_name(const struct registry *r, const char *name)
{
    struct digest digest = name_digest(name);
    int index = index_find(&r->by_name, &digest);

    return index >= 0 && strcmp(registry_member(r, (unsigned)index)->card.name, name) == 0 ? index : -1;
}

/* ---- pages */

unsigned registry_pages(const struct registry *r)
{
    return (r->count + PAGE_MEMBERS - 1) / PAGE_MEMBERS;
}

static unsigned count_on(const struct registry *r, unsigned page)
{
    unsigned behind = r->count - page * PAGE_MEMBERS;

    return behind < PAGE_MEMBERS ? behind : PAGE_MEMBERS;
}

const struct member *registry_page(const struct registry *r, unsigned page, unsigned *count)
{
    ASSERT(page < registry_pages(r));
    *count = count_on(r, page);
    return page_at(r, page)->members;
}

static void page_encode(const struct member *members, unsigned count, uint8_t out[PAGE_SIZE])
{
    struct buf bytes = {0};
    struct cbor_writer w;

    cbor_writer_init(&w, &bytes);
    cbor_put_array(&w, count);
    for (unsigned i = 0; i < count; i++)
        member_put(&w, &members[i]);
    cbor_writer_done(&w);
    ASSERT(bytes.len <= PAGE_SIZE);
    memcpy(out, bytes.data, bytes.len);
    memset(out + bytes.len, 0, PAGE_SIZE - bytes.len);
    buf_free(&bytes);
}

void registry_page_encode(const struct registry *r, unsigned page, uint8_t out[PAGE_SIZE])
{
    unsigned count;
    const struct member *members = registry_page(r, page, &count);

    page_encode(members, count, out);
}

/* ---- the tree */

/* Of a node above pages that are all there; page: the first of them. */
static const struct digest *hash_of(const struct registry *r, struct registry_node *node, unsigned level, unsigned page)
{
    uint8_t bytes[PAGE_SIZE];

    if (node->hashed)
        return &node->hash;
    if (level == 0) {
        page_encode(node->members, count_on(r, page), bytes);
        node->hash = merkle_leaf_hash(bytes_of(bytes, sizeof bytes));
    } else {
        const struct digest *left = hash_of(r, node->left, level - 1, page);
        node->hash = merkle_node_hash(left, hash_of(r, node->right, level - 1, page + (1U << (level - 1))));
    }
    node->hashed = true;
    return &node->hash;
}

void registry_frontier(const struct registry *r, struct merkle_frontier *out)
{
    unsigned left = registry_pages(r), page = 0, level = r->levels, found = 0;
    struct registry_node *node = r->root;

    *out = (struct merkle_frontier){.size = left};
    while (left > 0) {
        if (left == 1U << level) {
            out->nodes[found] = *hash_of(r, node, level, page);
            return;
        }
        level--;
        if (left <= 1U << level) {
            node = node->left;
            continue;
        }
        out->nodes[found++] = *hash_of(r, node->left, level, page);
        page += 1U << level;
        left -= 1U << level;
        node = node->right;
    }
}
