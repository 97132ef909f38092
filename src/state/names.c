#include "state/names.h"

#include <string.h>

const char *names_find(const void *context, const struct digest *fingerprint)
{
    const struct names *names = context;

    for (unsigned i = 0; i < names->count; i++) {
        if (digest_equal(&names->items[i].fingerprint, fingerprint))
            return names->items[i].name;
    }
    return NULL;
}

void names_learn(struct names *names, const struct federation_state *s)
{
    for (unsigned i = 0; i < s->member_count; i++) {
        const struct member *m = state_member(s, i);
        if (names_find(names, &m->fingerprint) != NULL)
            continue;
        if (names->count == names->cap) {
            names->cap = names->cap == 0 ? 16 : 2 * names->cap;
            names->items = mem_resize(names->items, names->cap, sizeof names->items[0]);
        }
        struct known_name *item = &names->items[names->count++];
        item->fingerprint = m->fingerprint;
        memcpy(item->name, m->card.name, sizeof item->name);
    }
}

void names_free(struct names *names)
{
    mem_free(names->items);
    *names = (struct names){0};
}
