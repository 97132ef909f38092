#ifndef PRISMFED_BASE_HEAP_H
#define PRISMFED_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Min-heap of (key, order of insertion), so that equal keys leave first in,
 * first out. Values are the caller's. Zero-initialise; heap_free() at the end. */
struct heap_item {
    int64_t key;
    uint64_t order;
    void *value;
};

struct heap {
    struct heap_item *items;
    size_t count, cap;
    uint64_t next_order;
};

void heap_push(struct heap *h, int64_t key, void *value);
/* With a place among equal keys that was taken from next_order before. */
void heap_push_in_order(struct heap *h, int64_t key, uint64_t order, void *value);
bool heap_peek(const struct heap *h, int64_t *key, void **value);
bool heap_pop(struct heap *h, int64_t *key, void **value);
void heap_free(struct heap *h);

#endif
