#ifndef PRISMFED_BASE_TABLE_H
#define PRISMFED_BASE_TABLE_H

#include <stdbool.h>
#include <stddef.h>

/* A hash table of items that begin with their key: as many bytes as the table says, at least 8, of which the first 8
 * are as good as random or a number that is not often near another one. A key of zeros is none. It grows; items move
 * when one is added. The order of items is nobody's business: nothing that reaches a result may go through all of them.
 */
struct table {
    size_t item_size, key_size;
    size_t count, room;   /* room: a power of two, or 0 */
    unsigned char *items; /* owned */
};

void table_init(struct table *t, size_t item_size, size_t key_size);
void table_free(struct table *t); /* to be initialised again before it is used again */

/* The item with this key; NULL when there is none. Until the next one is added. */
void *table_find(const struct table *t, const void *key);
/* The same, or a new item with this key, else zeros. */
void *table_add(struct table *t, const void *key, bool *is_new);
/* Leaves out the items that keep() says false of. */
void table_filter(struct table *t, bool (*keep)(void *context, const void *item), void *context);

#endif
