#include "storm/world.h"

#include <string.h>

/* A signature in a record is a byte string of 64: 0x58 0x40 and the bytes. */

static uint64_t key_of(const uint8_t *signature)
{
    uint64_t key;

    memcpy(&key, signature, sizeof key);
    return key | 1;
}

static uint64_t *place_of(const struct signature_set *s, uint64_t key)
{
    size_t at = (size_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (s->cap - 1);

    while (s->items[at] != 0 && s->items[at] != key)
        at = (at + 1) & (s->cap - 1);
    return &s->items[at];
}

static void add(struct signature_set *s, uint64_t key)
{
    if (2 * s->count >= s->cap) {
        struct signature_set old = *s;
        s->cap = old.cap == 0 ? 256 : 2 * old.cap;
        s->items = mem_array(s->cap, sizeof s->items[0]);
        for (size_t i = 0; i < old.cap; i++) {
            if (old.items[i] != 0)
                *place_of(s, old.items[i]) = old.items[i];
        }
        mem_free(old.items);
    }
    uint64_t *place = place_of(s, key);
    s->count += *place == 0;
    *place = key;
}

void durable_written(struct machine *m, struct bytes record)
{
    const uint8_t *at = record.data, *end = record.data + record.len;

    if (!machine_correct(m))
        return;
    while (at != NULL && (size_t)(end - at) >= 2 + SIGNATURE_SIZE) {
        at = memchr(at, 0x58, (size_t)(end - at) - 1 - SIGNATURE_SIZE);
        if (at == NULL)
            break;
        if (at[1] == 0x40)
            add(&m->durable, key_of(at + 2));
        at++;
    }
}

void durable_sent(struct machine *m, const struct claim *claim)
{
    uint64_t key = key_of(claim->signature);

    if (m->durable.cap == 0 || *place_of(&m->durable, key) != key)
        world_fail(m->world, "7 durable", "machine %u sends a %s of view %llu at %llu that is not on its disk",
                   m->index, statement_subject(claim->says.type), (unsigned long long)claim->says.view,
                   (unsigned long long)claim->says.sequence);
}
