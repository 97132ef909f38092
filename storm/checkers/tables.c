#include "storm/checkers/checkers.h"
#include "storm/world.h"

void checkers_free(struct checkers *c)
{
    mem_free(c->agreed);
    table_free(&c->signed_ones);
    table_free(&c->prepared);
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

void number_add(struct table *numbers, uint64_t number)
{
    bool is_new;

    if (numbers->item_size == 0)
        table_init(numbers, sizeof number, sizeof number);
    (void)table_add(numbers, &number, &is_new);
}

bool number_in(const struct table *numbers, uint64_t number)
{
    return table_find(numbers, &number) != NULL;
}

const struct digest *seen_first(struct table *statements, uint64_t key, const struct digest *digest)
{
    struct seen_statement *s;
    bool is_new;

    if (statements->item_size == 0)
        table_init(statements, sizeof *s, sizeof s->key);
    s = table_add(statements, &key, &is_new);
    if (is_new)
        s->digest = *digest;
    return &s->digest;
}
