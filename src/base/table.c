/* Open addressing, at most half full: from where it belongs, a key is in the first place that is its own or free. */
#include "base/table.h"

#include <stdint.h>
#include <string.h>

#include "base/bytes.h"

enum { ROOM_MIN = 256 };

static unsigned char *at(const struct table *t, size_t place)
{
    return t->items + place * t->item_size;
}

static uint64_t first_of(const void *key)
{
    uint64_t first;

    memcpy(&first, key, sizeof first);
    return first;
}

static bool is_free(const struct table *t, const unsigned char *item)
{
    if (first_of(item) != 0)
        return false;
    for (size_t i = sizeof(uint64_t); i < t->key_size; i++) {
        if (item[i] != 0)
            return false;
    }
    return true;
}

/* Most items are told apart by their first eight bytes. */
static bool is_of(const struct table *t, const unsigned char *item, const void *key)
{
    return first_of(item) == first_of(key) && (t->key_size == sizeof(uint64_t) || memcmp(item, key, t->key_size) == 0);
}

/* Where the key is, or belongs. Numbers are spread by a multiplication (Knuth 6.4). */
static unsigned char *place_of(const struct table *t, const void *key)
{
    size_t place = (size_t)(first_of(key) * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (t->room - 1);

    while (!is_of(t, at(t, place), key) && !is_free(t, at(t, place)))
        place = (place + 1) & (t->room - 1);
    return at(t, place);
}

void table_init(struct table *t, size_t item_size, size_t key_size)
{
    ASSERT(key_size >= sizeof(uint64_t) && key_size <= item_size);
    *t = (struct table){.item_size = item_size, .key_size = key_size};
}

void table_free(struct table *t)
{
    mem_free(t->items);
    *t = (struct table){0};
}

/* The same items in so much room; those that keep() says false of are left out. */
static void rebuild(struct table *t, size_t room, bool (*keep)(void *context, const void *item), void *context)
{
    struct table old = *t;

    t->room = room;
    t->count = 0;
    t->items = mem_array(room, t->item_size);
    for (size_t i = 0; i < old.room; i++) {
        const unsigned char *item = at(&old, i);

        if (is_free(&old, item) || (keep != NULL && !keep(context, item)))
            continue;
        memcpy(place_of(t, item), item, t->item_size);
        t->count++;
    }
    mem_free(old.items);
}

void *table_find(const struct table *t, const void *key)
{
    unsigned char *item = t->room > 0 ? place_of(t, key) : NULL;

    return item == NULL || is_free(t, item) ? NULL : item;
}

void *table_add(struct table *t, const void *key, bool *is_new)
{
    unsigned char *item;

    ASSERT(t->item_size > 0);
    if (2 * (t->count + 1) > t->room)
        rebuild(t, t->room > 0 ? 2 * t->room : ROOM_MIN, NULL, NULL);
    item = place_of(t, key);
    *is_new = is_free(t, item);
    if (*is_new) {
        memcpy(item, key, t->key_size);
        ASSERT(!is_free(t, item));
        t->count++;
    }
    return item;
}

void table_filter(struct table *t, bool (*keep)(void *context, const void *item), void *context)
{
    if (t->room > 0)
        rebuild(t, t->room, keep, context);
}
