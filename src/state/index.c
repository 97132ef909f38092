#include "state/index.h"

enum { SLOTS = 16, DEPTH_MAX = 2 * DIGEST_SIZE };

/* A slot is free, has a number, or leads on. */
struct slot {
    struct index_node *node;
    uint32_t number; /* + 1; 0: none */
};

struct index_node {
    unsigned holders;
    struct slot slots[SLOTS];
};

static unsigned digit(const struct digest *key, unsigned depth)
{
    return depth % 2 == 0 ? key->b[depth / 2] >> 4 : key->b[depth / 2] & 15;
}

static void drop(struct index_node *node)
{
    if (node == NULL || --node->holders > 0)
        return;
    for (unsigned i = 0; i < SLOTS; i++)
        drop(node->slots[i].node);
    mem_free(node);
}

/* Before it is written: the only holding is the one of *node. */
static void own(struct index_node **node)
{
    struct index_node *old = *node, *new;

    if (old != NULL && old->holders == 1)
        return;
    new = mem_alloc(sizeof *new);
    if (old != NULL)
        *new = *old;
    for (unsigned i = 0; i < SLOTS; i++) {
        if (new->slots[i].node != NULL)
            new->slots[i].node->holders++;
    }
    new->holders = 1;
    drop(old);
    *node = new;
}

void index_copy(struct index *to, const struct index *from)
{
    *to = *from;
    if (to->root != NULL)
        to->root->holders++;
}

void index_free(struct index *x)
{
    drop(x->root);
    x->root = NULL;
}

void index_put(struct index *x, const struct digest *key, unsigned number, index_key *key_of, const void *context)
{
    struct index_node **node = &x->root;

    for (unsigned depth = 0; depth < DEPTH_MAX; depth++) {
        own(node);
        struct slot *slot = &(*node)->slots[digit(key, depth)];
        if (slot->node == NULL && (slot->number == 0 || slot->number == number + 1)) {
            slot->number = number + 1;
            return;
        }
        if (slot->node == NULL) { /* whoever is here goes one down */
            struct digest other = key_of(context, slot->number - 1);
            own(&slot->node);
            slot->node->slots[digit(&other, depth + 1)].number = slot->number;
            slot->number = 0;
        }
        node = &slot->node;
    }
    ASSERT(false); /* two numbers under one digest */
}

int index_find(const struct index *x, const struct digest *key)
{
    const struct index_node *node = x->root;

    for (unsigned depth = 0; node != NULL && depth < DEPTH_MAX; depth++) {
        const struct slot *slot = &node->slots[digit(key, depth)];
        if (slot->node == NULL)
            return (int)slot->number - 1;
        node = slot->node;
    }
    return -1;
}
