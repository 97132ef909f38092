#include "storm/draw.h"

#include <string.h>

#include "base/bytes.h"

/* The finaliser of splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

void draw_init(struct draw *d, uint64_t seed)
{
    memset(d, 0, sizeof *d);
    d->seed = seed;
}

void draw_free(struct draw *d)
{
    mem_free(d->forced);
    mem_free(d->noted);
    memset(d, 0, sizeof *d);
}

uint64_t draw_id(enum draw_stream stream, uint32_t key, uint32_t number)
{
    ASSERT(key < 1U << 24);
    return (uint64_t)stream << 56 | (uint64_t)key << 32 | number;
}

static struct draw_wish *place_of(const struct draw *d, uint64_t id)
{
    size_t at = (size_t)mix(id) & (d->forced_cap - 1);

    while (d->forced[at].id != 0 && d->forced[at].id != id)
        at = (at + 1) & (d->forced_cap - 1);
    return &d->forced[at];
}

uint64_t draw_value(const struct draw *d, uint64_t id)
{
    if (d->forced_count > 0) {
        const struct draw_wish *f = place_of(d, id);
        if (f->id == id)
            return f->value;
    }
    if (d->straight)
        return 0;
    return mix(mix(d->seed) ^ mix(id));
}

void draw_note(struct draw *d, uint64_t id)
{
    if (!d->recording)
        return;
    if (d->noted_count == d->noted_cap) {
        d->noted_cap = d->noted_cap == 0 ? 256 : 2 * d->noted_cap;
        d->noted = mem_resize(d->noted, d->noted_cap, sizeof d->noted[0]);
    }
    d->noted[d->noted_count++] = id;
}

static void grow(struct draw *d)
{
    struct draw old = *d;

    d->forced_cap = old.forced_cap == 0 ? 64 : 2 * old.forced_cap;
    d->forced = mem_array(d->forced_cap, sizeof d->forced[0]);
    for (size_t i = 0; i < old.forced_cap; i++) {
        if (old.forced[i].id != 0)
            *place_of(d, old.forced[i].id) = old.forced[i];
    }
    mem_free(old.forced);
}

bool draw_forced(const struct draw *d, uint64_t id)
{
    return d->forced_count > 0 && place_of(d, id)->id == id;
}

void draw_force(struct draw *d, uint64_t id, uint64_t value)
{
    ASSERT(id != 0);
    if (2 * d->forced_count >= d->forced_cap)
        grow(d);
    struct draw_wish *f = place_of(d, id);
    d->forced_count += f->id == 0;
    *f = (struct draw_wish){id, value};
}

void draw_copy(struct draw *to, const struct draw *from)
{
    draw_init(to, from->seed);
    to->straight = from->straight;
    to->forced_count = from->forced_count;
    to->forced_cap = from->forced_cap;
    if (from->forced_cap == 0)
        return;
    to->forced = mem_array(to->forced_cap, sizeof to->forced[0]);
    memcpy(to->forced, from->forced, to->forced_cap * sizeof to->forced[0]);
}
