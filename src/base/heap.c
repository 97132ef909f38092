#include "base/heap.h"

#include "base/bytes.h"

/* Without a branch: which of two is first is a toss-up. */
static inline bool item_before(const struct heap_item *a, const struct heap_item *b)
{
    return (a->key < b->key) | ((a->key == b->key) & (a->order < b->order));
}

/* Puts the item there, or above as far as it belongs. */
static void settle(struct heap *h, size_t i, const struct heap_item *item)
{
    for (; i > 0 && item_before(item, &h->items[(i - 1) / 2]); i = (i - 1) / 2)
        h->items[i] = h->items[(i - 1) / 2];
    h->items[i] = *item;
}

void heap_push(struct heap *h, int64_t key, void *value)
{
    heap_push_in_order(h, key, h->next_order++, value);
}

void heap_push_in_order(struct heap *h, int64_t key, uint64_t order, void *value)
{
    const struct heap_item item = {.key = key, .order = order, .value = value};

    if (h->count == h->cap) {
        h->cap = h->cap > 0 ? 2 * h->cap : 16;
        h->items = mem_resize(h->items, h->cap, sizeof *h->items);
    }
    settle(h, h->count++, &item);
}

bool heap_peek(const struct heap *h, int64_t *key, void **value)
{
    if (h->count == 0)
        return false;
    *key = h->items[0].key;
    *value = h->items[0].value;
    return true;
}

/* The smaller child goes up, down to the bottom, and there the last item fills the gap: it mostly belongs there (Knuth
 * 5.2.3, exercise 18). */
bool heap_pop(struct heap *h, int64_t *key, void **value)
{
    size_t gap = 0, child;

    if (!heap_peek(h, key, value))
        return false;
    const struct heap_item last = h->items[--h->count];
    for (child = 2; child < h->count; child = 2 * gap + 2) {
        child -= item_before(&h->items[child - 1], &h->items[child]);
        h->items[gap] = h->items[child];
        gap = child;
    }
    if (child == h->count) {
        h->items[gap] = h->items[child - 1];
        gap = child - 1;
    }
    settle(h, gap, &last); /* where it was, when it was the only one */
    return true;
}

void heap_free(struct heap *h)
{
    mem_free(h->items);
    *h = (struct heap){0};
}
