#include "storm/checkers/checkers.h"
#include "storm/world.h"

void checkers_free(struct checkers *c)
{
    mem_free(c->agreed);
    mem_free(c->signed_ones.items);
    mem_free(c->prepared.items);
    blob_drop(c->entered);
}

struct agreed_block *agreed_at(struct world *w, uint64_t height)
{
    struct checkers *c = &w->checkers;

    ASSERT(height > 0 && height < UINT32_MAX);
    while (c->agreed_cap < height) {
        uint64_t cap = c->agreed_cap == 0 ? 64 : 2 * c->agreed_cap;
        c->agreed = mem_resize(c->agreed, cap, sizeof c->agreed[0]);
        for (uint64_t i = c->agreed_cap; i < cap; i++)
            c->agreed[i] = (struct agreed_block){0};
        c->agreed_cap = cap;
    }
    if (height > c->agreed_count)
        c->agreed_count = height;
    return &c->agreed[height - 1];
}

static uint64_t *number_place(const struct number_set *s, uint64_t number)
{
    size_t at = (size_t)(number * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (s->cap - 1);

    while (s->items[at] != 0 && s->items[at] != number)
        at = (at + 1) & (s->cap - 1);
    return &s->items[at];
}

void number_add(struct number_set *s, uint64_t number)
{
    ASSERT(number != 0);
    if (2 * s->count >= s->cap) {
        struct number_set old = *s;
        s->cap = old.cap == 0 ? 256 : 2 * old.cap;
        s->items = mem_array(s->cap, sizeof s->items[0]);
        for (size_t i = 0; i < old.cap; i++) {
            if (old.items[i] != 0)
                *number_place(s, old.items[i]) = old.items[i];
        }
        mem_free(old.items);
    }
    uint64_t *place = number_place(s, number);
    s->count += *place == 0;
    *place = number;
}

bool number_in(const struct number_set *s, uint64_t number)
{
    return s->cap > 0 && *number_place(s, number) == number;
}

static struct seen_statement *place_of(const struct seen_table *t, uint64_t key)
{
    size_t at = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (t->cap - 1);

    while (t->items[at].key != 0 && t->items[at].key != key)
        at = (at + 1) & (t->cap - 1);
    return &t->items[at];
}

static void grow(struct seen_table *t)
{
    struct seen_table old = *t;

    t->cap = old.cap == 0 ? 256 : 2 * old.cap;
    t->items = mem_array(t->cap, sizeof t->items[0]);
    for (size_t i = 0; i < old.cap; i++) {
        if (old.items[i].key != 0)
            *place_of(t, old.items[i].key) = old.items[i];
    }
    mem_free(old.items);
}

const struct digest *seen_first(struct seen_table *t, uint64_t key, const struct digest *digest)
{
    ASSERT(key != 0);
    if (2 * t->count >= t->cap)
        grow(t);
    struct seen_statement *s = place_of(t, key);
    if (s->key == 0) {
        *s = (struct seen_statement){key, *digest};
        t->count++;
    }
    return &s->digest;
}
