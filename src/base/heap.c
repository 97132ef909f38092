#include "base/heap.h"

#include "base/bytes.h"

static bool item_before(const struct heap_item *a, const struct heap_item *b)
{
    return a->key != b->key ? a->key < b->key : a->order < b->order;
}

void heap_push(struct heap *h, int64_t key, void *value)
{
    heap_push_in_order(h, key, h->next_order++, value);
}

void heap_push_in_order(struct heap *h, int64_t key, uint64_t order, void *value)
{
    size_t i = h->count;

    if (h->count == h->cap) {
        h->cap = h->cap > 0 ? 2 * h->cap : 16;
        h->items = mem_resize(h->items, h->cap, sizeof *h->items);
    }
    struct heap_item item = {.key = key, .order = order, .value = value};
    h->count++;
    for (; i > 0 && item_before(&item, &h->items[(i - 1) / 2]); i = (i - 1) / 2)
        h->items[i] = h->items[(i - 1) / 2];
    h->items[i] = item;
}

bool heap_peek(const struct heap *h, int64_t *key, void **value)
{
    if (h->count == 0)
        return false;
    *key = h->items[0].key;
    *value = h->items[0].value;
    return true;
}

bool heap_pop(struct heap *h, int64_t *key, void **value)
{
    size_t i = 0;

    if (!heap_peek(h, key, value))
        return false;
    struct heap_item item = h->items[--h->count];
    for (size_t child = 1; child < h->count; child = 2 * i + 1) {
        if (child + 1 < h->count && item_before(&h->items[child + 1], &h->items[child]))
            child++;
        if (!item_before(&h->items[child], &item))
            break;
        h->items[i] = h->items[child];
        i = child;
    }
    h->items[i] = item; /* where it was, when it was the last */
    return true;
}

void heap_free(struct heap *h)
{
    mem_free(h->items);
    *h = (struct heap){0};
}
