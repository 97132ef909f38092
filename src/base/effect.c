#include "base/effect.h"

#include <string.h>

static struct effect *add(struct effects *e, enum effect_kind kind, uint64_t number)
{
    if (e->count == e->cap) {
        e->cap = e->cap == 0 ? 16 : 2 * e->cap;
        e->items = mem_resize(e->items, e->cap, sizeof e->items[0]);
    }
    struct effect *item = &e->items[e->count++];
    memset(item, 0, sizeof *item);
    item->kind = kind;
    item->number = number;
    return item;
}

void effects_persist(struct effects *e, uint64_t number, struct bytes record)
{
    add(e, EFFECT_PERSIST, number)->blob = blob_new(record);
}

void effects_append(struct effects *e, uint64_t height, struct blob *block)
{
    add(e, EFFECT_APPEND, height)->blob = blob_hold(block);
}

void effects_install(struct effects *e, uint64_t height, struct blob *snapshot)
{
    add(e, EFFECT_INSTALL, height)->blob = blob_hold(snapshot);
}

void effects_forget(struct effects *e, uint64_t number)
{
    add(e, EFFECT_FORGET, number);
}

void effects_send(struct effects *e, int32_t to, struct blob *blob)
{
    struct effect *item = add(e, EFFECT_SEND, 0);
    item->to = to;
    item->blob = blob_hold(blob);
}

void effects_timer_set(struct effects *e, uint32_t timer, int64_t at_ns)
{
    struct effect *item = add(e, EFFECT_TIMER_SET, 0);
    item->timer = timer;
    item->at_ns = at_ns;
}

void effects_timer_stop(struct effects *e, uint32_t timer)
{
    add(e, EFFECT_TIMER_STOP, 0)->timer = timer;
}

void effects_note(struct effects *e, const char *name, uint64_t number, uint64_t other)
{
    struct effect *item = add(e, EFFECT_NOTE, number);
    item->name = name;
    item->other = other;
}

void effects_plain(struct effects *e, enum effect_kind kind, uint64_t number)
{
    ASSERT(kind == EFFECT_CYCLE || kind == EFFECT_SCORE || kind == EFFECT_RECOUNT || kind == EFFECT_ANCHOR ||
           kind == EFFECT_RECOVERED);
    add(e, kind, number);
}

void effects_clear(struct effects *e)
{
    for (size_t i = 0; i < e->count; i++)
        blob_drop(e->items[i].blob);
    e->count = 0;
}

void effects_free(struct effects *e)
{
    effects_clear(e);
    mem_free(e->items);
    memset(e, 0, sizeof *e);
}
