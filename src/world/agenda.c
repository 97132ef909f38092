#include "world/agenda.h"

void agenda_fini(struct agenda *a)
{
    int64_t at_ns;
    void *value;

    while (heap_pop(&a->events, &at_ns, &value))
        agenda_done(a, value);
    heap_free(&a->events);
    while (a->spare != NULL) {
        struct event *e = a->spare;

        a->spare = e->next;
        mem_free(e);
    }
}

uint64_t agenda_place(struct agenda *a)
{
    return a->events.next_order++;
}

struct event *agenda_add_at(struct agenda *a, int64_t at_ns, uint64_t place, int kind)
{
    struct event *e = a->spare;

    if (e == NULL)
        e = mem_alloc(sizeof *e);
    else
        a->spare = e->next;
    *e = (struct event){.kind = kind};
    heap_push_in_order(&a->events, at_ns < a->now_ns ? a->now_ns : at_ns, place, e);
    return e;
}

struct event *agenda_add(struct agenda *a, int64_t at_ns, int kind)
{
    return agenda_add_at(a, at_ns, agenda_place(a), kind);
}

struct event *agenda_again(struct agenda *a, int64_t at_ns, const struct event *event)
{
    struct event *e = agenda_add(a, at_ns, event->kind);

    ASSERT(event->own == NULL);
    *e = *event;
    e->next = NULL;
    if (e->blob != NULL)
        e->blob = blob_hold(e->blob);
    return e;
}

bool agenda_peek(const struct agenda *a, int64_t *at_ns)
{
    void *value;

    return heap_peek(&a->events, at_ns, &value);
}

void agenda_wait(struct agenda *a, int64_t until_ns)
{
    if (until_ns > a->now_ns)
        a->now_ns = until_ns;
}

struct event *agenda_take(struct agenda *a)
{
    int64_t at_ns;
    void *value;

    if (!heap_pop(&a->events, &at_ns, &value))
        return NULL;
    agenda_wait(a, at_ns);
    return value;
}

void agenda_done(struct agenda *a, struct event *event)
{
    blob_drop(event->blob);
    event->blob = NULL;
    event->next = a->spare;
    a->spare = event;
}
