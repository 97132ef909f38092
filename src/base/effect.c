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
    item->after = AFTER_ALL;
    return item;
}

static struct effect *add_write(struct effects *e, enum effect_kind kind, uint64_t number)
{
    e->writes++;
    return add(e, kind, number);
}

void effects_persist(struct effects *e, uint64_t number, struct bytes record)
{
    add_write(e, EFFECT_PERSIST, number)->blob = blob_new(record);
}

void effects_append(struct effects *e, uint64_t height, struct blob *block)
{
    add_write(e, EFFECT_APPEND, height)->blob = blob_hold(block);
}

void effects_snapshot(struct effects *e, uint64_t height, struct blob *snapshot)
{
    add_write(e, EFFECT_SNAPSHOT, height)->blob = blob_hold(snapshot);
}

void effects_after(struct effects *e, uint64_t serial)
{
    ASSERT(e->count > 0);
    e->items[e->count - 1].after = serial;
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

void effects_send_replica(struct effects *e, uint64_t epoch, int32_t to, struct blob *blob)
{
    effects_send(e, to, blob);
    e->items[e->count - 1].number = epoch;
}

void effects_timer_set(struct effects *e, uint32_t timer, int64_t at_ns)
{
    struct effect *item = add(e, EFFECT_TIMER_SET, 0);
    item->timer = timer;
    item->at_ns = at_ns;
    item->after = AFTER_NONE;
}

void effects_timer_stop(struct effects *e, uint32_t timer)
{
    struct effect *item = add(e, EFFECT_TIMER_STOP, 0);
    item->timer = timer;
    item->after = AFTER_NONE;
}

void effects_note(struct effects *e, const char *name, uint64_t number, uint64_t other)
{
    struct effect *item = add(e, EFFECT_NOTE, number);
    item->name = name;
    item->other = other;
}

void effects_job(struct effects *e, struct effect_body *job)
{
    struct effect *item = add(e, EFFECT_JOB, 0);
    item->body = job;
    item->after = AFTER_NONE;
}

void effects_anchor(struct effects *e, uint64_t epoch, struct effect_body *outcome)
{
    add(e, EFFECT_ANCHOR, epoch)->body = effect_body_hold(outcome);
}

void effects_recovered(struct effects *e, uint64_t height)
{
    add(e, EFFECT_RECOVERED, height);
}

bool effect_is_write(const struct effect *e)
{
    return e->kind == EFFECT_PERSIST || e->kind == EFFECT_APPEND || e->kind == EFFECT_SNAPSHOT;
}

void effect_drop(struct effect *e)
{
    blob_drop(e->blob);
    effect_body_drop(e->body);
}

void effects_cut(struct effects *e, size_t count)
{
    while (e->count > count) {
        struct effect *last = &e->items[--e->count];

        e->writes -= effect_is_write(last);
        effect_drop(last);
    }
}

void effects_put(struct effects *e, const struct effect *effect)
{
    *add(e, effect->kind, effect->number) = *effect;
    e->writes += effect_is_write(effect);
}

void effects_clear(struct effects *e)
{
    effects_cut(e, 0);
}

void effects_free(struct effects *e)
{
    effects_clear(e);
    mem_free(e->items);
    memset(e, 0, sizeof *e);
}

struct effect_body *effect_body_hold(struct effect_body *body)
{
    ASSERT(body->holders > 0 && body->holders < UINT32_MAX);
    body->holders++;
    return body;
}

void effect_body_drop(struct effect_body *body)
{
    if (body == NULL)
        return;
    ASSERT(body->holders > 0);
    if (--body->holders == 0)
        body->free(body);
}
