#include "driver/outbox.h"

#include "base/mutate.h"

/* "Nothing before its record is durable": the rule that a crash may not break (Castro and Liskov 2002, section 5.1: a
 * replica writes what it sends to its log first) is kept here and nowhere else. */

void outbox_init(struct outbox *o, const struct outbox_actions *actions, void *context)
{
    *o = (struct outbox){.actions = actions, .context = context};
}

void outbox_fini(struct outbox *o)
{
    outbox_reset(o);
    mem_free(o->held);
    *o = (struct outbox){0};
}

/* ---- the ring of what waits */

static struct effect *held_at(struct outbox *o, size_t i)
{
    return &o->held[(o->held_first + i) & (o->held_cap - 1)]; /* a power of two */
}

static void held_grow(struct outbox *o)
{
    size_t cap = o->held_cap > 0 ? 2 * o->held_cap : 32;
    struct effect *held = mem_array(cap, sizeof *held);

    for (size_t i = 0; i < o->held_count; i++)
        held[i] = *held_at(o, i);
    mem_free(o->held);
    o->held = held;
    o->held_cap = cap;
    o->held_first = 0;
}

/* In the order of what they wait for; those that wait for the same, in the order in which they were asked for. */
static void hold_back(struct outbox *o, const struct effect *e)
{
    size_t at = o->held_count;

    if (o->held_count == o->held_cap)
        held_grow(o);
    o->held_count++;
    for (; at > 0 && held_at(o, at - 1)->after > e->after; at--)
        *held_at(o, at) = *held_at(o, at - 1);
    *held_at(o, at) = *e;
}

void outbox_reset(struct outbox *o)
{
    for (size_t i = 0; i < o->held_count; i++)
        effect_drop(held_at(o, i));
    o->held_first = o->held_count = 0;
    o->written = o->durable = 0;
    o->resets++;
}

/* ---- doing */

static void timer(struct outbox *o, const struct effect *e)
{
    const struct outbox_actions *act = o->actions;

    if (e->kind == EFFECT_TIMER_SET && act->timer_set != NULL)
        act->timer_set(o->context, e->timer, e->at_ns);
    if (e->kind == EFFECT_TIMER_STOP && act->timer_stop != NULL)
        act->timer_stop(o->context, e->timer);
}

/* Takes over what it holds. */
static void perform(struct outbox *o, struct effect e)
{
    const struct outbox_actions *act = o->actions;
    void *context = o->context;

    if (act->seen != NULL)
        act->seen(context, &e);
    switch (e.kind) {
    case EFFECT_PERSIST:
        ASSERT(act->persist != NULL);
        act->persist(context, ++o->written, e.number, e.blob);
        break;
    case EFFECT_APPEND:
        ASSERT(act->append != NULL);
        act->append(context, ++o->written, e.number, e.blob);
        break;
    case EFFECT_SNAPSHOT:
        ASSERT(act->snapshot != NULL);
        act->snapshot(context, ++o->written, e.number, e.blob);
        break;
    case EFFECT_FORGET:
        if (act->forget != NULL)
            act->forget(context, e.number);
        break;
    case EFFECT_SEND:
        if (act->send != NULL)
            act->send(context, &e);
        break;
    case EFFECT_TIMER_SET:
    case EFFECT_TIMER_STOP:
        timer(o, &e);
        break;
    case EFFECT_JOB:
        if (act->job != NULL)
            act->job(context, e.body);
        break;
    case EFFECT_ANCHOR:
        if (act->anchor != NULL)
            act->anchor(context, e.number, e.body);
        break;
    case EFFECT_RECOVERED:
        if (act->recovered != NULL)
            act->recovered(context);
        break;
    case EFFECT_NOTE:
        if (act->note != NULL)
            act->note(context, e.name, e.number, e.other);
        break;
    }
    effect_drop(&e);
}

/* Does what waits for no more than the writes that are durable. Further ones may become so meanwhile. */
static void release(struct outbox *o)
{
    while (o->held_count > 0 && held_at(o, 0)->after <= o->durable) {
        struct effect e = *held_at(o, 0);

        o->held_first = (o->held_first + 1) & (o->held_cap - 1);
        o->held_count--;
        perform(o, e);
    }
}

/* The write that it waits for. */
static uint64_t waits_for(const struct outbox *o, const struct effect *e)
{
    ASSERT(e->after == AFTER_ALL || e->after <= o->written);
    if (e->kind == EFFECT_SEND && MUTATE(OUTBOX_SENDS_EARLY, true, false))
        return AFTER_NONE;
    return e->after == AFTER_ALL ? o->written : e->after;
}

void outbox_carry(struct outbox *o, struct effects *effects)
{
    uint64_t resets = o->resets;

    ASSERT(!o->busy);
    o->busy = true;
    for (size_t i = 0; i < effects->count && o->resets == resets; i++) {
        struct effect e = effects->items[i];

        effects->items[i].blob = NULL; /* what it holds goes with it */
        effects->items[i].body = NULL;
        e.after = effect_is_write(&e) ? AFTER_NONE : waits_for(o, &e);
        if (e.after > o->durable) {
            hold_back(o, &e);
            continue;
        }
        perform(o, e);
        release(o); /* a write may be durable at once */
    }
    effects_clear(effects);
    o->busy = false;
}

void outbox_durable(struct outbox *o, uint64_t serial)
{
    ASSERT(serial >= o->durable && serial <= o->written);
    o->durable = serial;
    if (o->busy)
        return; /* told from within an action: whoever began it goes on from here */
    o->busy = true;
    release(o);
    o->busy = false;
}

uint64_t outbox_in_flight(const struct outbox *o)
{
    return o->written - o->durable;
}

size_t outbox_held(const struct outbox *o)
{
    return o->held_count;
}
