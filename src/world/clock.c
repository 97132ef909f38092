#include "world/clock.h"

#include "base/dmath.h"

void clock_init(struct clock *c, struct agenda *agenda, unsigned node, int64_t ahead_ns, int64_t rate_ppm)
{
    *c = (struct clock){.agenda = agenda, .node = node, .ahead_ns = ahead_ns, .rate_ppm = rate_ppm};
    clock_timers_stop(c);
}

static int64_t own_time(const struct clock *c, int64_t world_ns)
{
    int64_t gained_ns = c->rate_ppm == 0 ? 0 : dmath_muldiv(world_ns - c->since_ns, c->rate_ppm, PPM);

    return world_ns + c->ahead_ns + gained_ns;
}

int64_t clock_now(const struct clock *c)
{
    return own_time(c, c->agenda->now_ns);
}

/* The first moment at which the clock shows at least this. */
static int64_t world_time(const struct clock *c, int64_t own_ns)
{
    int64_t left_ns = own_ns - c->since_ns - c->ahead_ns;

    if (c->rate_ppm == 0 || left_ns > INT64_MAX / 2000) /* a timer for no time that comes */
        return c->since_ns + left_ns;
    int64_t world_ns = c->since_ns + dmath_muldiv(left_ns, PPM, PPM + c->rate_ppm);
    while (own_time(c, world_ns) < own_ns)
        world_ns++;
    return world_ns;
}

void clock_timer_set(struct clock *c, uint32_t timer, int64_t at_ns)
{
    ASSERT(timer < CLOCK_TIMERS);
    c->timer_ns[timer] = at_ns;
    struct event *e = agenda_add(c->agenda, world_time(c, at_ns), EVENT_TIMER);
    e->node = c->node;
    e->number = timer;
    e->serial = ++c->timer_serial[timer];
}

void clock_timer_put_off(struct clock *c, uint32_t timer, int64_t until_ns)
{
    clock_timer_set(c, timer, own_time(c, until_ns));
}

void clock_timer_stop(struct clock *c, uint32_t timer)
{
    ASSERT(timer < CLOCK_TIMERS);
    c->timer_ns[timer] = CLOCK_TIMER_STOPPED;
}

void clock_timers_stop(struct clock *c)
{
    for (uint32_t i = 0; i < CLOCK_TIMERS; i++)
        clock_timer_stop(c, i);
}

bool clock_timer_rings(const struct clock *c, const struct event *event)
{
    return event->serial == c->timer_serial[event->number] && c->timer_ns[event->number] != CLOCK_TIMER_STOPPED;
}

void clock_change(struct clock *c, int64_t jump_ns, int64_t rate_ppm)
{
    int64_t now_ns = c->agenda->now_ns;

    ASSERT(rate_ppm > -PPM);
    c->ahead_ns = clock_now(c) - now_ns + jump_ns;
    c->since_ns = now_ns;
    c->rate_ppm = rate_ppm;
    for (uint32_t i = 0; i < CLOCK_TIMERS; i++) {
        if (c->timer_ns[i] != CLOCK_TIMER_STOPPED)
            clock_timer_set(c, i, c->timer_ns[i]);
    }
}
